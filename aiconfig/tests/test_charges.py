"""Money set aside before calls and booked after them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from aiconfig import charges
from aiconfig.budgets import remove_budget, set_budget, state_of
from aiconfig.catalogue import create_model, create_provider
from aiconfig.charges import BudgetRefusal
from aiconfig.models import AIModel, Budget, Charge
from aiconfig.prices import Price, set_price
from courses.assignments import create_assignment
from courses.tests.cast import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# A token costs a millionth of a dollar in and two out: 1,000 in and at most 500 out set aside 0.002.
MOST = Decimal("0.002")


def make_model(cast: Cast, price: Price | None = None) -> AIModel:
    provider = create_provider(name="O", kind="ollama", base_url="http://ollama:11434", actor=cast.admin)
    return create_model(provider=provider, name="m", actor=cast.admin, price=price, priced_from=date(2026, 1, 1))


@pytest.fixture
def model(cast: Cast) -> AIModel:
    return make_model(cast, Price(Decimal(1), Decimal(2)))


def take(cast: Cast, model: AIModel, *, now: datetime = NOW, output: int = 500) -> Charge:
    return charges.reserve(
        model=model,
        course_id=cast.course.pk,
        assignment_id=cast.assignment.pk,
        purpose="review",
        input_tokens=1000,
        max_output_tokens=output,
        timeout_s=60,
        now=now,
    )


def budget(cast: Cast, limit: str, scope: str = "assignment", period: str = "month", now: datetime = NOW) -> Budget:
    target = {} if scope == "site" else {scope: getattr(cast, scope)}
    return set_budget(limit_usd=Decimal(limit), period=period, actor=cast.admin, now=now, **target)


def held(budget: Budget, now: datetime = NOW) -> tuple[Decimal, Decimal]:
    """Return what the budget's current period says is spent and set aside."""
    state = state_of(budget, now)
    return state.spent_usd, state.reserved_usd


def test_a_call_is_set_aside_in_every_budget_over_it_and_settled_at_its_cost(cast: Cast, model: AIModel) -> None:
    budgets = [budget(cast, "1", scope) for scope in ("site", "course", "assignment")]
    second = create_assignment(course=cast.course, title="Second essay", actor=cast.bob)
    other = set_budget(limit_usd=Decimal(1), period="month", actor=cast.admin, now=NOW, assignment=second)
    charge = take(cast, model)
    assert [held(b) for b in budgets] == [(0, MOST)] * 3 and held(other) == (0, 0)
    assert charges.settle(charge, input_tokens=900, output_tokens=100) == Decimal("0.0011")
    assert [held(b) for b in budgets] == [(Decimal("0.0011"), 0)] * 3
    # Booked once, whoever books again.
    charges.settle(Charge.objects.get(pk=charge.pk), input_tokens=900, output_tokens=100)
    charges.release(Charge.objects.get(pk=charge.pk))
    assert held(budgets[0]) == (Decimal("0.0011"), 0)


@pytest.mark.parametrize(
    ("end", "spent", "cost"),
    [
        (charges.release, Decimal(0), 0),
        (charges.settle_unknown, MOST, None),
        (lambda c: charges.settle(c, input_tokens=None, output_tokens=100), MOST, None),
        (lambda c: charges.settle(c, input_tokens=100, output_tokens=None), MOST, None),
        # A provider that counts more tokens than were thought possible has to be paid all the same.
        (lambda c: charges.settle(c, input_tokens=5000, output_tokens=0), Decimal("0.005"), 5000),
    ],
)
def test_what_cannot_be_known_to_be_free_counts_at_its_most(
    cast: Cast, model: AIModel, end: Callable[[Charge], object], spent: Decimal, cost: int | None
) -> None:
    limit = budget(cast, "1")
    charge = take(cast, model)
    end(charge)
    assert held(limit) == (spent, 0)
    charge.refresh_from_db()
    assert charge.cost_micros == cost


def test_a_full_budget_refuses_and_says_whether_waiting_helps(cast: Cast, model: AIModel) -> None:
    limit = budget(cast, "0.005")
    first, second = take(cast, model), take(cast, model)
    with pytest.raises(BudgetRefusal) as refused:
        take(cast, model)
    assert refused.value.may_wait and refused.value.code == "budget_held"
    charges.settle(first, input_tokens=1000, output_tokens=500)
    charges.settle(second, input_tokens=1000, output_tokens=500)
    with pytest.raises(BudgetRefusal) as refused:
        take(cast, model)
    assert not refused.value.may_wait
    assert refused.value.words == (
        "This assignment’s budget has no room for a call that may cost $0.002: $0.004 of $0.005 are spent. "
        "Raise it under Costs."
    )
    budget(cast, "0.006")
    assert held(limit) == (Decimal("0.004"), 0)
    take(cast, model)


def test_the_refusal_of_one_budget_leaves_nothing_set_aside_in_the_others(cast: Cast, model: AIModel) -> None:
    site, course = budget(cast, "1", "site"), budget(cast, "0.001", "course")
    with pytest.raises(BudgetRefusal):
        take(cast, model)
    assert held(site) == held(course) == (0, 0)
    assert not Charge.objects.exists()


def test_without_a_price_nothing_is_spent_from_a_budget_and_without_a_budget_the_cost_is_not_known(cast: Cast) -> None:
    model = make_model(cast)
    charge = take(cast, model)
    assert charges.settle(charge, input_tokens=10, output_tokens=10) is None
    limit = budget(cast, "1")
    with pytest.raises(BudgetRefusal) as refused:
        take(cast, model)
    assert refused.value.code == "no_price" and not refused.value.may_wait
    assert held(limit) == (0, 0)
    remove_budget(budget=limit, actor=cast.admin)
    take(cast, model)


def test_a_month_is_followed_by_the_next_and_all_time_is_not(cast: Cast, model: AIModel) -> None:
    month, total = budget(cast, "0.002"), budget(cast, "1", period="total")
    in_flight = take(cast, model)
    april = NOW + timedelta(days=40)
    take(cast, model, now=april)
    # A call made in March is March's, whenever its answer comes.
    charges.settle(in_flight, input_tokens=1000, output_tokens=500)
    assert held(month) == (MOST, 0) and held(month, april) == (0, MOST)
    assert held(total, april) == (MOST, MOST)


def test_a_new_budget_begins_with_what_the_period_has_cost(cast: Cast, model: AIModel) -> None:
    charges.settle(take(cast, model, now=NOW - timedelta(days=20)), input_tokens=1000, output_tokens=0)
    charges.settle(take(cast, model), input_tokens=500, output_tokens=0)
    take(cast, model)
    assert held(budget(cast, "1")) == (Decimal("0.0025"), 0)
    assert held(budget(cast, "1", "course", "total")) == (Decimal("0.0035"), 0)


def test_a_price_holds_from_its_day_on_and_old_calls_keep_theirs(cast: Cast, model: AIModel) -> None:
    charge = take(cast, model)
    set_price(
        model=model,
        valid_from=date(2026, 3, 3),
        input_usd_per_million=Decimal(50),
        output_usd_per_million=Decimal(50),
        actor=cast.admin,
    )
    assert charges.settle(charge, input_tokens=1000, output_tokens=0) == Decimal("0.001")
    later = take(cast, model, now=NOW + timedelta(days=1))
    assert charges.settle(later, input_tokens=1000, output_tokens=0) == Decimal("0.05")
    set_price(
        model=model,
        valid_from=date(2026, 3, 10),
        input_usd_per_million=None,
        output_usd_per_million=None,
        actor=cast.admin,
    )
    unknown = take(cast, model, now=NOW + timedelta(days=20))
    assert charges.settle(unknown, input_tokens=1000, output_tokens=0) is None


def test_the_call_of_a_dead_worker_counts_at_its_most_once_its_time_is_over(cast: Cast, model: AIModel) -> None:
    limit = budget(cast, "1")
    charge = take(cast, model)
    assert charges.settle_expired(now=NOW + timedelta(seconds=60 + charges.SETTLE_WITHIN_S)) == 0
    assert charges.settle_expired(now=NOW + timedelta(seconds=61 + charges.SETTLE_WITHIN_S)) == 1
    assert held(limit) == (MOST, 0)
    # The worker lived after all: what it says comes too late to be booked twice.
    charges.settle(charge, input_tokens=1, output_tokens=1)
    assert held(limit) == (MOST, 0)


@pytest.mark.parametrize(
    ("messages", "least", "most"),
    [
        ([{"content": ""}], 0, 20),
        ([{"content": "word " * 1000}], 1000, 2000),
        ([{"content": "文" * 1000}], 1000, 2000),
        ([{"content": "⟦k7f2m9x4qa·P1.S1⟧ " * 100}], 1400, 2000),
    ],
)
def test_input_is_counted_high(messages: list[dict[str, str]], least: int, most: int) -> None:
    assert least <= charges.most_input_tokens(messages) <= most
