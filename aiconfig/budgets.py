"""Budgets: the most that may be spent by the site, a course or an assignment, each month or in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Sum, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from aiconfig.models import Budget, BudgetPeriod, Charge
from aiconfig.models.money import MICROS_PER_USD
from aiconfig.prices import site_day
from courses.models import Assignment, Course
from feedforward.errors import DomainError
from feedforward.money import money

# The day on which the one period of a budget for all time "starts".
ALL_TIME = date(2000, 1, 1)
HIGHEST_LIMIT_USD = Decimal(10_000_000)


class BudgetInvalid(DomainError):
    """A budget cannot be taken."""

    code = "budget_invalid"


@dataclass(frozen=True)
class BudgetState:
    """A budget with what its current period holds. Amounts in US dollars."""

    budget: Budget
    limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal

    @property
    def left_usd(self) -> Decimal:
        return max(Decimal(0), self.limit_usd - self.spent_usd)

    @property
    def share(self) -> float:
        """How much of it is spent, from 0 to 1; a limit of 0 is used up."""
        return min(1.0, float(self.spent_usd / self.limit_usd)) if self.limit_usd else 1.0

    @property
    def is_used_up(self) -> bool:
        return self.spent_usd >= self.limit_usd

    @property
    def words(self) -> str:
        """What the budget is for, above its meter."""
        names = {
            (Budget.Scope.SITE, Budget.Period.MONTH): _("The site, this month"),
            (Budget.Scope.SITE, Budget.Period.TOTAL): _("The site, in all"),
            (Budget.Scope.COURSE, Budget.Period.MONTH): _("The course, this month"),
            (Budget.Scope.COURSE, Budget.Period.TOTAL): _("The course, in all"),
            (Budget.Scope.ASSIGNMENT, Budget.Period.MONTH): _("This assignment, this month"),
            (Budget.Scope.ASSIGNMENT, Budget.Period.TOTAL): _("This assignment, in all"),
        }
        return names[(Budget.Scope(self.budget.scope), Budget.Period(self.budget.period))]

    @property
    def amounts(self) -> str:
        return _("%(spent)s of %(limit)s") % {"spent": money(self.spent_usd), "limit": money(self.limit_usd)}

    @property
    def tone(self) -> str:
        return "danger" if self.share >= 1 else "warn" if self.share >= 0.8 else "ok"


def usd(micros: int) -> Decimal:
    """Return millionths of a US dollar as dollars."""
    return Decimal(micros) / MICROS_PER_USD


def starts_on(period: str, now: datetime) -> date:
    """Return the day that names the period ``now`` lies in."""
    return site_day(now).replace(day=1) if period == Budget.Period.MONTH else ALL_TIME


def budgets_over(*, course_id: int | None, assignment_id: int | None) -> QuerySet[Budget]:
    """Return the budgets in force over a call: the site's, its course's, its assignment's, in the order of locking."""
    about = Q(scope=Budget.Scope.SITE)
    if course_id is not None:
        about |= Q(scope=Budget.Scope.COURSE, course_id=course_id)
    if assignment_id is not None:
        about |= Q(scope=Budget.Scope.ASSIGNMENT, assignment_id=assignment_id)
    return Budget.objects.filter(about, is_active=True).order_by("pk")


def period_of(budget: Budget, now: datetime) -> BudgetPeriod:
    """Return the budget's current period, made when it is first looked at; it begins with what was spent already."""
    start = starts_on(budget.period, now)
    found = BudgetPeriod.objects.filter(budget=budget, starts_on=start).first()
    if found is not None:
        return found
    with transaction.atomic():
        # Locked, so that a limit that is changed in this moment is not missed.
        limit = Budget.objects.select_for_update(no_key=True).values_list("limit_micros", flat=True).get(pk=budget.pk)
        made, _new = BudgetPeriod.objects.get_or_create(
            budget=budget,
            starts_on=start,
            defaults={"limit_micros": limit, "spent_micros": _spent_before(budget, start)},
        )
    return made


def _spent_before(budget: Budget, start: date) -> int:
    """Sum what calls of the period cost before the budget was set; those still under way count at their most."""
    midnight = timezone.make_aware(datetime(start.year, start.month, start.day), timezone.get_default_timezone())
    calls = Charge.objects.filter(created_at__gte=midnight)
    if budget.scope == Budget.Scope.COURSE:
        calls = calls.filter(course=budget.course)
    elif budget.scope == Budget.Scope.ASSIGNMENT:
        calls = calls.filter(assignment=budget.assignment)
    counted = Case(When(status=Charge.Status.RESERVED, then=F("reserved_micros")), default=F("counted_micros"))
    return calls.aggregate(sum=Sum(counted))["sum"] or 0


def state_of(budget: Budget, now: datetime) -> BudgetState:
    """Return what the current period of one budget holds."""
    period = period_of(budget, now)
    return BudgetState(budget, usd(period.limit_micros), usd(period.spent_micros), usd(period.reserved_micros))


def states_of(budgets: Iterable[Budget], now: datetime) -> list[BudgetState]:
    """Return the states of many budgets; one query when their periods exist, whatever the number."""
    rows = list(budgets)
    wanted = {budget.pk: starts_on(budget.period, now) for budget in rows}
    periods = {
        period.budget_id: period
        for period in BudgetPeriod.objects.filter(budget__in=rows, starts_on__in=set(wanted.values()))
        if wanted[period.budget_id] == period.starts_on
    }
    states = []
    for budget in rows:
        period = periods.get(budget.pk)
        if period is None:
            states.append(state_of(budget, now))
        else:
            states.append(
                BudgetState(budget, usd(period.limit_micros), usd(period.spent_micros), usd(period.reserved_micros))
            )
    return states


def set_budget(
    *,
    limit_usd: Decimal,
    period: str,
    actor: User,
    now: datetime,
    course: Course | None = None,
    assignment: Assignment | None = None,
) -> Budget:
    """Set the limit of the site (neither given), a course or an assignment; an existing one is changed.

    What was spent in the period before counts. Raises :class:`BudgetInvalid`.
    """
    if not limit_usd.is_finite() or not 0 <= limit_usd <= HIGHEST_LIMIT_USD:
        raise BudgetInvalid(_("A limit is from 0 to 10,000,000 dollars."), field="limit_usd")
    if period not in Budget.Period.values:
        raise BudgetInvalid(_("Choose each month or in all."), field="period")
    micros = int(limit_usd * MICROS_PER_USD)
    scope = Budget.Scope.ASSIGNMENT if assignment else Budget.Scope.COURSE if course else Budget.Scope.SITE
    target: dict[str, Any] = {
        "scope": scope,
        "course": course if scope == Budget.Scope.COURSE else None,
        "assignment": assignment,
    }
    with transaction.atomic():
        budget = Budget.objects.filter(is_active=True, period=period, **target).first()
        if budget is None:
            try:
                with transaction.atomic():
                    budget = Budget.objects.create(period=period, limit_micros=micros, **target)
            except IntegrityError:
                # Somebody else set the first one in this moment: theirs is there now, and is changed.
                budget = Budget.objects.get(is_active=True, period=period, **target)
        Budget.objects.filter(pk=budget.pk).update(limit_micros=micros)
        period_of(budget, now)
        BudgetPeriod.objects.filter(budget=budget, starts_on=starts_on(period, now)).update(limit_micros=micros)
        audit.record(
            actor=actor,
            code="budget.set",
            obj=budget,
            course_id=assignment.course_id if assignment else course.pk if course else None,
            fields=["limit", "period"],
            counts={"limit_cents": int(limit_usd * 100)},
        )
    budget.refresh_from_db()
    return budget


def remove_budget(*, budget: Budget, actor: User) -> None:
    """Take a budget out of force; what it held is kept."""
    with transaction.atomic():
        if Budget.objects.filter(pk=budget.pk, is_active=True).update(is_active=False):
            course_id = budget.assignment.course_id if budget.assignment else budget.course_id
            audit.record(actor=actor, code="budget.removed", obj=budget, course_id=course_id)
