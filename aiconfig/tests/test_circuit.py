"""The circuit breaker of a provider: when it trips, how long it pauses, what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiconfig import circuit
from aiconfig.models import Provider

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def provider() -> Provider:
    return Provider.objects.create(name="One", kind="ollama", base_url="http://127.0.0.1:1")


def pause_of(provider: Provider) -> float | None:
    """Return the pause in seconds from NOW, None without one."""
    until = circuit.paused_until({provider.pk}, now=NOW).get(provider.pk)
    return None if until is None else (until - NOW).total_seconds()


def test_it_trips_at_the_fifth_failure_and_doubles_to_the_cap(provider: Provider) -> None:
    pauses = []
    for _ in range(10):
        circuit.report_failure(provider.pk, now=NOW)
        pauses.append(pause_of(provider))
    assert pauses == [None, None, None, None, 15, 30, 60, 120, 120, 120]


def test_a_success_starts_the_count_again(provider: Provider) -> None:
    for _ in range(6):
        circuit.report_failure(provider.pk, now=NOW)
    circuit.report_success(provider.pk)
    assert pause_of(provider) is None
    for _ in range(4):
        circuit.report_failure(provider.pk, now=NOW)
    assert pause_of(provider) is None
    circuit.report_failure(provider.pk, now=NOW)
    assert pause_of(provider) == 15


@pytest.mark.parametrize(("asked_s", "pause_s"), [(7.0, 7), (0.0, None), (None, None), (86_400.0, 120)])
def test_a_wait_that_was_asked_for_is_kept_up_to_the_cap(
    provider: Provider, asked_s: float | None, pause_s: float | None
) -> None:
    circuit.report_failure(provider.pk, now=NOW, pause_s=asked_s)
    assert pause_of(provider) == pause_s


def test_a_short_wait_does_not_end_a_longer_one(provider: Provider) -> None:
    circuit.report_failure(provider.pk, now=NOW, pause_s=60)
    circuit.report_failure(provider.pk, now=NOW, pause_s=2)
    assert pause_of(provider) == 60


def test_a_pause_ends_by_itself_and_touches_no_other_provider(provider: Provider) -> None:
    other = Provider.objects.create(name="Two", kind="ollama", base_url="http://127.0.0.1:2")
    circuit.report_failure(provider.pk, now=NOW, pause_s=10)
    both = {provider.pk, other.pk}
    assert set(circuit.paused_until(both, now=NOW + timedelta(seconds=9))) == {provider.pk}
    assert circuit.paused_until(both, now=NOW + timedelta(seconds=10)) == {}
    circuit.report_failure(provider.pk, now=NOW + timedelta(seconds=11), pause_s=5)
    assert set(circuit.paused_until(both, now=NOW + timedelta(seconds=12))) == {provider.pk}


def test_a_success_of_a_healthy_provider_writes_nothing(provider: Provider, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1) as caught:  # type: ignore[operator]
        circuit.report_success(provider.pk)
    assert "failures_in_row" in caught[0]["sql"] and "NOT" in caught[0]["sql"]
