"""The plan of a request: rubric, instructions and models as they are now, frozen as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiconfig.models import AIModel
from aiconfig.plans import ModelChoice, plan_of
from courses.models import Assignment
from courses.snapshot import freeze
from feedback.agreement.calibration import calibrate
from feedback.insight.report import records_of

# What "weighted by calibration" means until there is a calibration: the default, which needs no weights.
UNCALIBRATED = "clamped_mean"


@dataclass(frozen=True)
class Setting:
    """How texts are read: what an instructor may try out before saving it. ``method``: see agreement.aggregation."""

    choices: tuple[ModelChoice, ...]
    method: str
    adaptive: bool
    model_wording: bool
    custom_instructions: str


def saved_setting(assignment: Assignment) -> Setting:
    """Return the assignment's setting as it is saved now."""
    return Setting(
        choices=plan_of(assignment),
        method=assignment.aggregation,
        adaptive=assignment.adaptive_runs,
        model_wording=assignment.model_wording,
        custom_instructions=assignment.custom_instructions,
    )


def freeze_plan(assignment: Assignment, setting: Setting | None = None) -> dict[str, Any]:
    """Return everything a request needs that a later edit must not change. Names no student, quotes none.

    ``setting`` is tried instead of the saved one; models that cannot be called now are left out of either.
    """
    setting = setting or saved_setting(assignment)
    usable = {
        model.pk: model
        for model in AIModel.objects.usable()
        .filter(pk__in=[choice.ai_model_id for choice in setting.choices])
        .select_related("provider")
    }
    models: list[dict[str, Any]] = []
    fallbacks: list[dict[str, Any]] = []
    weights: dict[str, float] = {}
    for choice in setting.choices:
        model = usable.get(choice.ai_model_id)
        if model is None:
            continue
        entry = {
            "ai_model": model.pk,
            "name": model.name,
            "display_name": model.display_name,
            "provider": model.provider.name,
            "is_demo": model.provider.is_demo,
            "runs": choice.runs,
            "temperature": choice.temperature,
            "max_output_tokens": choice.max_output_tokens,
            # The window decides where a long draft is cut, so it is frozen too.
            "context_tokens": model.context_tokens,
            "longest_answer_tokens": choice.max_output_tokens or model.max_output_tokens,
        }
        (fallbacks if choice.is_fallback else models).append(entry)
        weights[model.display_name] = float(choice.weight)
    method = setting.method
    if method == "weighted":
        names = [entry["display_name"] for entry in models]
        calibration = calibrate(records_of(assignment.pk), names, own=weights)
        if calibration.weights is None:
            method = UNCALIBRATED
        weights = dict(calibration.weights or {})
    return {
        "version": 1,
        "assignment": {
            "title": assignment.title,
            "instructions": assignment.instructions,
            "custom_instructions": setting.custom_instructions,
            "language": assignment.feedback_language,
            "min_words": assignment.min_words,
            "max_words": assignment.max_words,
            "asked_sections": assignment.asked_sections,
            "key_terms": assignment.key_terms,
        },
        "rubric": freeze(assignment.rubric) if assignment.rubric else {"title": "", "criteria": []},
        "rubric_revision": assignment.rubric.revision if assignment.rubric else None,
        "method": method,
        # What was asked for; "weighted" falls back until every model has its confirmed drafts.
        "method_chosen": setting.method,
        "adaptive": setting.adaptive,
        "model_wording": setting.model_wording,
        "weights": weights,
        "models": models,
        "fallbacks": fallbacks,
        "practice": assignment.practice,
    }
