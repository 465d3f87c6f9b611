"""Which models read the drafts of an assignment, how often, and who stands in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from aiconfig.models import AIModel, AssignmentModel
from courses.assignments import AssignmentReadOnly
from courses.catalogue import lock_course
from courses.models import Assignment
from feedforward.errors import DomainError

MAX_RUNS_PER_MODEL = 9
MAX_MODELS = 9
# The most calls one draft may cause by plan: a slip of the keyboard must not cost a term's budget.
MAX_RUNS_PER_DRAFT = 27
DEFAULT_MODELS = 3


class PlanInvalid(DomainError):
    """The choice of models cannot be taken; ``index`` is the place of the choice, None: the whole of it."""

    code = "plan_invalid"

    def __init__(self, message: str, *, index: int | None = None, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.index = index


@dataclass(frozen=True)
class ModelChoice:
    """One model of a plan. ``ai_model_id`` is the primary key; None takes the model's own parameter."""

    ai_model_id: int
    runs: int = 1
    is_fallback: bool = False
    temperature: float | None = None
    max_output_tokens: int | None = None
    weight: Decimal = Decimal(1)


def default_models(*, count: int = DEFAULT_MODELS) -> tuple[ModelChoice, ...]:
    """Return up to ``count`` usable models of providers as different as possible, one run each.

    Demo reviewers are taken only where nothing else is configured. Empty when no model can be called: the
    instructor then marks by hand.
    """
    usable = list(
        AIModel.objects.usable()
        .filter(offered_to_instructors=True)
        .order_by("provider_id", "pk")
        .values_list("pk", "provider_id", "provider__is_demo")
    )
    if any(not is_demo for _pk, _provider, is_demo in usable):
        usable = [row for row in usable if not row[2]]
    by_provider: dict[int, list[int]] = {}
    for pk, provider_id, _is_demo in usable:
        by_provider.setdefault(provider_id, []).append(pk)
    # First one of each provider, then the second of each, and so on.
    depth = max((len(models) for models in by_provider.values()), default=0)
    ranked = [models[place] for place in range(depth) for models in by_provider.values() if place < len(models)]
    return tuple(ModelChoice(ai_model_id=pk) for pk in ranked[:count])


def plan_of(assignment: Assignment) -> tuple[ModelChoice, ...]:
    """Return the saved plan in its order (one query)."""
    return tuple(
        ModelChoice(
            ai_model_id=row.ai_model_id,
            runs=row.runs,
            is_fallback=row.is_fallback,
            temperature=row.temperature,
            max_output_tokens=row.max_output_tokens,
            weight=row.weight,
        )
        for row in AssignmentModel.objects.filter(assignment=assignment).order_by("position", "pk")
    )


def set_assignment_models(
    *, assignment: Assignment, choices: Sequence[ModelChoice], actor: User
) -> list[AssignmentModel]:
    """Replace the assignment's plan; the order of ``choices`` is the order of use, also among fallbacks.

    An empty plan means that the instructor marks by hand. Drafts under way keep the plan they were frozen with.
    Raises :class:`PlanInvalid`.
    """
    with transaction.atomic():
        lock_course(assignment.course)
        current = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
        if current.is_read_only:
            raise AssignmentReadOnly(
                _("The assignment “%(title)s” is archived, so it cannot be changed.") % {"title": current.title}
            )
        before = plan_of(assignment)
        # What is in the plan already may stay, also when it was switched off meanwhile.
        check_choices(choices=choices, actor=actor, kept=[choice.ai_model_id for choice in before])
        if tuple(choices) != before:
            AssignmentModel.objects.filter(assignment=assignment).delete()
            AssignmentModel.objects.bulk_create(_rows(assignment, choices))
            audit.record(
                actor=actor,
                code="assignment.models_changed",
                obj=assignment,
                course_id=assignment.course_id,
                fields=["models"],
                counts={
                    "models": len(choices),
                    "runs": sum(choice.runs for choice in choices if not choice.is_fallback),
                },
            )
    return list(AssignmentModel.objects.filter(assignment=assignment).select_related("ai_model").order_by("position"))


def check_choices(*, choices: Sequence[ModelChoice], actor: User, kept: Iterable[int] = ()) -> None:
    """Raise :class:`PlanInvalid` unless ``actor`` may use these models in these numbers; ``kept`` ids may stay."""
    models = AIModel.objects.in_bulk([choice.ai_model_id for choice in choices])
    usable = set(AIModel.objects.offered_to(actor).values_list("pk", flat=True)) | set(kept)
    _check(choices, models, usable)


def _rows(assignment: Assignment, choices: Iterable[ModelChoice]) -> Iterable[AssignmentModel]:
    for position, choice in enumerate(choices):
        yield AssignmentModel(
            assignment=assignment,
            ai_model_id=choice.ai_model_id,
            position=position,
            runs=choice.runs,
            is_fallback=choice.is_fallback,
            temperature=choice.temperature,
            max_output_tokens=choice.max_output_tokens,
            weight=choice.weight,
        )


def _check(choices: Sequence[ModelChoice], models: Mapping[int, AIModel], usable: set[int]) -> None:
    if len(choices) > MAX_MODELS:
        raise PlanInvalid(_("At most %(n)s models.") % {"n": MAX_MODELS})
    seen: set[int] = set()
    for index, choice in enumerate(choices):
        model = models.get(choice.ai_model_id)
        if model is None or model.pk not in usable:
            raise PlanInvalid(_("This model is not available to you."), index=index, field="ai_model")
        if model.pk in seen:
            raise PlanInvalid(
                _("%(model)s is chosen twice; raise its runs instead.") % {"model": model.display_name},
                index=index,
                field="ai_model",
            )
        seen.add(model.pk)
        _check_numbers(index, choice, model)
    reading = [choice for choice in choices if not choice.is_fallback]
    if choices and not reading:
        raise PlanInvalid(_("At least one model has to read; a fallback only stands in for one."))
    runs = sum(choice.runs for choice in reading)
    if runs > MAX_RUNS_PER_DRAFT:
        raise PlanInvalid(
            _("These are %(runs)s runs per draft; at most %(most)s are possible.")
            % {"runs": runs, "most": MAX_RUNS_PER_DRAFT}
        )


def _check_numbers(index: int, choice: ModelChoice, model: AIModel) -> None:
    if not 1 <= choice.runs <= MAX_RUNS_PER_MODEL:
        raise PlanInvalid(_("From 1 to %(n)s runs.") % {"n": MAX_RUNS_PER_MODEL}, index=index, field="runs")
    temperature = choice.temperature
    if temperature is not None and not (math.isfinite(temperature) and 0.0 <= temperature <= 2.0):
        raise PlanInvalid(_("A temperature is a number from 0 to 2."), index=index, field="temperature")
    tokens = choice.max_output_tokens
    if tokens is not None and not 1 <= tokens <= model.max_output_tokens:
        raise PlanInvalid(
            _("From 1 to %(n)s tokens: this model's longest answer.") % {"n": model.max_output_tokens},
            index=index,
            field="max_output_tokens",
        )
    if not choice.weight.is_finite() or not 0 < choice.weight <= 100:
        raise PlanInvalid(_("A weight is a number above 0, up to 100."), index=index, field="weight")


def copy_plans(*, pairs: Iterable[tuple[int, int]]) -> int:
    """Copy the plans of assignments (old id, new id); call in the transaction that copies the course."""
    rows = []
    twins = dict(pairs)
    for row in AssignmentModel.objects.filter(assignment__in=twins).order_by("position"):
        old = row.assignment_id
        row.pk, row._state.adding, row.assignment_id = None, True, twins[old]
        rows.append(row)
    AssignmentModel.objects.bulk_create(rows)
    return len(rows)
