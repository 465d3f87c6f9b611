"""No budget is overspent when many workers take from it at once; meaningful on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from aiconfig import charges, circuit
from aiconfig.charges import BudgetRefusal
from aiconfig.models import AIModel, Budget, BudgetPeriod, Charge, Provider
from aiconfig.prices import Price
from aiconfig.tests.test_charges import NOW, budget, make_model, take
from courses.tests.cast import Cast
from courses.tests.cast import cast as make_cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races, pytest.mark.thorough]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def model(cast: Cast) -> AIModel:
    return make_model(cast, Price(Decimal(1), Decimal(2)))


def test_calls_at_once_never_overspend_and_never_wait_for_each_other(cast: Cast, model: AIModel) -> None:
    """40 callers, room for 10 in one budget and 15 in another."""
    budgets = [budget(cast, "0.03", "site"), budget(cast, "1", "course"), budget(cast, "0.02")]
    refused: list[str] = []
    taken: list[Charge] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        try:
            barrier.wait(timeout=20)
            for _ in range(5):
                try:
                    charge = take(cast, model)
                except BudgetRefusal as error:
                    refused.append(error.code)
                    continue
                taken.append(charge)
                if len(taken) % 2:
                    charges.settle(charge, input_tokens=1000, output_tokens=500)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(taken) == 10 and len(refused) == 30
    for limit in budgets:
        period = BudgetPeriod.objects.get(budget=limit)
        assert period.spent_micros + period.reserved_micros == 20_000
    assert Charge.objects.filter(created_at=NOW).count() == 10


def test_a_budget_set_by_two_at_once_is_one(cast: Cast, model: AIModel) -> None:
    results: list[object] = []

    def work(limit: str) -> None:
        try:
            results.append(budget(cast, limit, now=timezone.now()))
        except Exception as error:  # the test looks at whatever was raised
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(limit,)) for limit in ("1", "2", "3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len({result.pk for result in results if isinstance(result, Budget)}) == 1, results
    assert all(isinstance(result, Budget) for result in results), results
    assert BudgetPeriod.objects.get().limit_micros == Budget.objects.get().limit_micros


def test_exactly_one_caller_gets_the_probe(model: AIModel) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Provider.objects.filter(pk=model.provider_id).update(failures_in_row=5, paused_until=past)
    found: list[object] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        try:
            provider = Provider.objects.get(pk=model.provider_id)
            barrier.wait(timeout=20)
            found.append(circuit.admit(provider, now=timezone.now(), call_s=60))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sum(isinstance(one, circuit.Probe) for one in found) == 1 and len(found) == 8
