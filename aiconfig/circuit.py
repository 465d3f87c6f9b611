"""A provider that fails again and again is left alone for a while, then tried again: one table, all workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from aiconfig.models import Provider

TRIP_AFTER = 5
FIRST_PAUSE_S = 15
LONGEST_PAUSE_S = 120


def paused_until(provider_ids: set[int], *, now: datetime) -> dict[int, datetime]:
    """Return the providers that are paused now, and until when."""
    rows = Provider.objects.filter(pk__in=provider_ids, paused_until__gt=now)
    return {pk: until for pk, until in rows.values_list("pk", "paused_until") if until is not None}


def report_success(provider_id: int) -> None:
    """A call was answered: the count of failures starts again."""
    Provider.objects.filter(pk=provider_id).exclude(failures_in_row=0, paused_until=None).update(
        failures_in_row=0, paused_until=None
    )


def report_failure(provider_id: int, *, now: datetime, pause_s: float | None = None) -> None:
    """A call failed for a reason that lies with the provider. ``pause_s``: it asked for that long a pause."""
    Provider.objects.filter(pk=provider_id).update(failures_in_row=F("failures_in_row") + 1)
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
