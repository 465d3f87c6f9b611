"""What calls cost: by course, by assignment, by draft and by released note. Query counts do not grow with rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from aiconfig.budgets import usd
from aiconfig.models import Charge
from aiconfig.prices import site_day
from courses.models import Assignment, Course, CourseStaff
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun

# Runs that were not made because no money was left for them, or no price known.
NO_MONEY = ("budget_used_up", "no_price")


@dataclass(frozen=True)
class Cost:
    """A sum of costs in US dollars. ``unknown`` calls are not in it: with any, it is "at least"."""

    usd: Decimal = Decimal(0)
    unknown: int = 0
    calls: int = 0

    @property
    def known(self) -> Decimal | None:
        """The sum, None when nothing of it is known: never 0 for what was not counted."""
        return None if self.unknown and not self.usd else self.usd


def month_start(now: datetime) -> datetime:
    """Return the first moment of the month where the site is."""
    first = site_day(now).replace(day=1)
    return timezone.make_aware(datetime.combine(first, time.min), timezone.get_default_timezone())


_SUMS: dict[str, Any] = {
    "micros": Sum("cost_micros", default=0),
    "calls": Count("pk"),
    "unknown": Count("pk", filter=Q(cost_micros__isnull=True)),
}


def _paid(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    """Calls that cost something or may have."""
    return charges.filter(status=Charge.Status.SETTLED)


def _cost(row: dict[str, Any]) -> Cost:
    return Cost(usd(row["micros"]), row["unknown"], row["calls"])


@dataclass(frozen=True)
class AssignmentCosts:
    """What one assignment cost. Per draft and per note: None where there is none yet, or nothing is known."""

    assignment_id: int
    this_month: Cost
    in_all: Cost
    drafts: int
    per_draft_usd: Decimal | None
    notes: int
    per_note_usd: Decimal | None


def costs_by_assignment(assignments: QuerySet[Assignment], now: datetime) -> dict[int, AssignmentCosts]:
    """Return the costs of many assignments in four queries."""
    charges = _paid(Charge.objects.filter(assignment__in=assignments.values("pk")))
    in_all = _by_assignment(charges)
    month = _by_assignment(charges.filter(created_at__gte=month_start(now)))
    released = Q(request__draft__feedback__status=Feedback.Status.RELEASED)
    runs = ModelRun.objects.filter(request__draft__assignment__in=assignments.values("pk"))
    drafts: dict[int, Any] = {
        row["on"]: row
        for row in runs.values(on=F("request__draft__assignment")).annotate(
            drafts=Count("request", distinct=True, filter=Q(calls__gt=0)),
            cost=Sum("cost_usd"),
            released_cost=Sum("cost_usd", filter=released),
        )
    }
    notes = dict(
        FeedbackItem.objects.filter(
            feedback__draft__assignment__in=assignments.values("pk"),
            feedback__status=Feedback.Status.RELEASED,
            status=FeedbackItem.Status.SHOWN,
        )
        .values_list("feedback__draft__assignment")
        .annotate(n=Count("pk"))
    )
    found = {}
    for pk in {*in_all, *drafts, *notes}:
        row = drafts.get(pk, {"drafts": 0, "cost": None, "released_cost": None})
        found[pk] = AssignmentCosts(
            assignment_id=pk,
            this_month=month.get(pk, Cost()),
            in_all=in_all.get(pk, Cost()),
            drafts=row["drafts"],
            per_draft_usd=_per(row["cost"], row["drafts"]),
            notes=notes.get(pk, 0),
            per_note_usd=_per(row["released_cost"], notes.get(pk, 0)),
        )
    return found


def _by_assignment(charges: QuerySet[Charge]) -> dict[int, Cost]:
    rows: Iterable[Any] = charges.values("assignment").annotate(**_SUMS)
    return {row["assignment"]: _cost(row) for row in rows}


def _per(cost: Decimal | None, number: int) -> Decimal | None:
    return None if cost is None or not number else cost / number


def costs_by_model(assignment: Assignment) -> list[dict[str, Any]]:
    """Return calls, tokens and cost of each model an assignment used, the dearest first."""
    rows: Iterable[Any] = (
        _paid(Charge.objects.filter(assignment=assignment))
        .values("ai_model__display_name", "ai_model__provider__name")
        .annotate(**_SUMS, given=Sum("input_tokens"), answered=Sum("output_tokens"))
    )
    found = [{**row, "cost": _cost(row)} for row in rows]
    return sorted(found, key=lambda row: (-row["micros"], row["ai_model__display_name"]))


def course_months(user: User, now: datetime) -> list[dict[str, Any]]:
    """Return this month's cost of each course the person runs that cost anything, the dearest first (one query)."""
    courses = Course.objects.alive().filter(
        pk__in=CourseStaff.objects.filter(user=user, role__in=CourseStaff.EDITORS).values("course")
    )
    rows: Iterable[Any] = (
        _paid(Charge.objects.filter(course__in=courses, created_at__gte=month_start(now)))
        .values("course__public_id", "course__title")
        .annotate(**_SUMS)
    )
    found = [{**row, "cost": _cost(row)} for row in rows]
    return sorted(found, key=lambda row: (-row["micros"], row["course__title"]))[:8]


def held_back(assignments: QuerySet[Assignment]) -> dict[int, int]:
    """Return how many drafts of each assignment wait with a reading that no budget paid for."""
    rows = (
        FeedbackRequest.objects.filter(
            draft__assignment__in=assignments.values("pk"),
            status__in=[FeedbackRequest.Status.IN_REVIEW, FeedbackRequest.Status.NEEDS_HUMAN],
            runs__status=ModelRun.Status.FAILED,
            runs__error_code__in=NO_MONEY,
            runs__round=F("round"),
        )
        .values_list("draft__assignment")
        .annotate(n=Count("pk", distinct=True))
    )
    return dict(rows)


def cost_of_runs(runs: list[ModelRun]) -> Cost:
    """Return what all runs of one draft cost together, rounds before this one included."""
    return Cost(
        sum((run.cost_usd for run in runs if run.cost_usd is not None), Decimal(0)),
        sum(run.unpriced_calls for run in runs),
        sum(run.calls for run in runs),
    )
