"""The plan of a request: rubric, instructions and models as they are now, frozen as JSON."""

from __future__ import annotations

from typing import Any

from aiconfig.models import AIModel, AssignmentModel
from courses.models import Assignment
from courses.snapshot import freeze


def freeze_plan(assignment: Assignment) -> dict[str, Any]:
    """Return everything a request needs that a later edit must not change. Names no student, quotes none."""
    usable = set(AIModel.objects.usable().values_list("pk", flat=True))
    chosen = AssignmentModel.objects.filter(assignment=assignment).select_related("ai_model__provider")
    models: list[dict[str, Any]] = []
    fallbacks: list[dict[str, Any]] = []
    weights: dict[str, float] = {}
    for row in chosen.order_by("position", "pk"):
        if row.ai_model_id not in usable:
            continue
        entry = {
            "ai_model": row.ai_model_id,
            "name": row.ai_model.name,
            "display_name": row.ai_model.display_name,
            "provider": row.ai_model.provider.name,
            "is_demo": row.ai_model.provider.is_demo,
            "runs": row.runs,
            "temperature": row.temperature,
            "max_output_tokens": row.max_output_tokens,
        }
        (fallbacks if row.is_fallback else models).append(entry)
        weights[row.ai_model.display_name] = float(row.weight)
    return {
        "version": 1,
        "assignment": {
            "title": assignment.title,
            "instructions": assignment.instructions,
            "custom_instructions": assignment.custom_instructions,
            "language": assignment.feedback_language,
            "min_words": assignment.min_words,
            "max_words": assignment.max_words,
        },
        "rubric": freeze(assignment.rubric) if assignment.rubric else {"title": "", "criteria": []},
        "rubric_revision": assignment.rubric.revision if assignment.rubric else None,
        "method": assignment.aggregation,
        "adaptive": assignment.adaptive_runs,
        "weights": weights,
        "models": models,
        "fallbacks": fallbacks,
        "practice": assignment.practice,
    }
