"""The circuit breaker of a provider: when it trips, how long it pauses, what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiconfig import circuit
from aiconfig.models import Provider

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALL_S = 120.0


@pytest.fixture
def provider() -> Provider:
    return Provider.objects.create(name="One", kind="ollama", base_url="http://127.0.0.1:1")


def pause_of(provider: Provider) -> float | None:
    """Return the pause in seconds from NOW, None without one."""
    provider.refresh_from_db()
    found = circuit.admit(provider, now=NOW, call_s=CALL_S)
    return (found - NOW).total_seconds() if isinstance(found, datetime) else None


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


def ask(provider: Provider, after_s: float) -> circuit.Probe | datetime | None:
    provider.refresh_from_db()
    return circuit.admit(provider, now=NOW + timedelta(seconds=after_s), call_s=CALL_S)


def test_after_a_pause_one_call_goes_out_and_the_others_wait_for_it(provider: Provider) -> None:
    other = Provider.objects.create(name="Two", kind="ollama", base_url="http://127.0.0.1:2")
    circuit.report_failure(provider.pk, now=NOW, pause_s=10)
    assert ask(other, 0) is None
    assert ask(provider, 9) == NOW + timedelta(seconds=10)
    probe = ask(provider, 10)
    assert isinstance(probe, circuit.Probe)
    waiting = ask(provider, 11)
    assert isinstance(waiting, datetime) and 2 <= (waiting - NOW).total_seconds() - 11 <= 4
    # Somebody who read the row before the probe was taken does not get a second one.
    stale = Provider(pk=provider.pk, paused_until=NOW)
    assert isinstance(circuit.admit(stale, now=NOW + timedelta(seconds=11), call_s=CALL_S), datetime)
    circuit.report_success(provider.pk)
    assert ask(provider, 12) is None


def test_a_probe_that_fails_pauses_again_and_the_next_pause_ends_with_another_probe(provider: Provider) -> None:
    for _ in range(circuit.TRIP_AFTER):
        circuit.report_failure(provider.pk, now=NOW)
    assert isinstance(ask(provider, 15), circuit.Probe)
    circuit.report_failure(provider.pk, now=NOW + timedelta(seconds=20))
    assert ask(provider, 21) == NOW + timedelta(seconds=20 + 30)
    assert isinstance(ask(provider, 50), circuit.Probe)


def test_a_probe_that_was_not_made_or_whose_worker_died_makes_room_for_another(provider: Provider) -> None:
    circuit.report_failure(provider.pk, now=NOW, pause_s=5)
    dropped = ask(provider, 5)
    assert isinstance(dropped, circuit.Probe)
    circuit.drop_probe(dropped)
    died = ask(provider, 6)
    assert isinstance(died, circuit.Probe)
    # Handing the first one back once more does not take the place of the second.
    circuit.drop_probe(dropped)
    assert isinstance(ask(provider, 7), datetime)
    assert isinstance(ask(provider, 6 + CALL_S + circuit.PROBE_MARGIN_S), circuit.Probe)


def test_a_success_of_a_healthy_provider_writes_nothing(provider: Provider, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1) as caught:  # type: ignore[operator]
        circuit.report_success(provider.pk)
    assert "failures_in_row" in caught[0]["sql"] and "NOT" in caught[0]["sql"]
