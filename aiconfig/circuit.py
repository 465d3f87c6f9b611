"""A provider that fails again and again is left alone for a while, then tried by one call: one table, all workers.

Closed: calls go out. Paused: none does. Half open, once the pause is over: exactly one call over all workers goes out
as the probe, the others wait for what becomes of it. An answer closes the breaker, a failure pauses for longer, and a
probe whose worker died makes room for the next when its time is over.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from aiconfig.models import Provider

TRIP_AFTER = 5
FIRST_PAUSE_S = 15
LONGEST_PAUSE_S = 120
# How soon those look again that wait for a probe.
PROBE_LOOK_S = 2.0
# A probe's worker stores the result within this time after the call's own limit.
PROBE_MARGIN_S = 15


@dataclass(frozen=True)
class Probe:
    """The right to make the one call after a pause; ``until`` tells this probe from a later one."""

    provider_id: int
    until: datetime


def admit(provider: Provider, *, now: datetime, call_s: float) -> Probe | datetime | None:
    """Say whether a call may go out now: None, it may; a :class:`Probe`, it may as the one; a moment, not before then.

    ``provider`` was read just now, ``call_s`` is the longest the call takes.
    """
    if provider.paused_until is None:
        return None
    if provider.paused_until > now:
        return provider.paused_until
    until = now + timedelta(seconds=call_s + PROBE_MARGIN_S)
    # Only one caller hits the row; it may also have been closed or paused again since it was read.
    won = Provider.objects.filter(
        Q(probe_until__isnull=True) | Q(probe_until__lte=now), pk=provider.pk, paused_until__lte=now
    ).update(probe_until=until)
    if won:
        return Probe(provider.pk, until)
    return now + timedelta(seconds=PROBE_LOOK_S * (1 + random.random()))


def drop_probe(probe: Probe) -> None:
    """Give the right back: the call was not made, or said nothing of the provider."""
    Provider.objects.filter(pk=probe.provider_id, probe_until=probe.until).update(probe_until=None)


def report_success(provider_id: int) -> None:
    """A call was answered, if only by a refusal: the count of failures starts again and the breaker closes."""
    Provider.objects.filter(pk=provider_id).exclude(failures_in_row=0, paused_until=None, probe_until=None).update(
        failures_in_row=0, paused_until=None, probe_until=None
    )


def report_failure(provider_id: int, *, now: datetime, pause_s: float | None = None) -> None:
    """A call failed for a reason that lies with the provider. ``pause_s``: it asked for that long a pause."""
    Provider.objects.filter(pk=provider_id).update(failures_in_row=F("failures_in_row") + 1, probe_until=None)
    failures = Provider.objects.filter(pk=provider_id).values_list("failures_in_row", flat=True).first() or 0
    wait = pause_s or 0.0
    if failures >= TRIP_AFTER:
        wait = max(wait, min(FIRST_PAUSE_S * 2 ** min(failures - TRIP_AFTER, 3), LONGEST_PAUSE_S))
    if wait > 0:
        until = now + timedelta(seconds=min(wait, LONGEST_PAUSE_S))
        # A short pause asked for by one call does not end the longer one another was asked for.
        Provider.objects.filter(Q(paused_until=None) | Q(paused_until__lt=until), pk=provider_id).update(
            paused_until=until
        )
