"""Dates as people write them. Pure apart from the active time zone and language."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def in_words(value: datetime | date, *, now: datetime) -> str:
    """The moment relative to now: "12 minutes ago", "tomorrow 18:00", "12 March 2025"."""
    if not isinstance(value, datetime):
        return _day_in_words(value, today=timezone.localtime(now).date(), clock="")
    distance = value - now
    if abs(distance) < MINUTE:
        return _("just now") if distance <= timedelta(0) else _("in a moment")
    if abs(distance) < HOUR:
        minutes = int(abs(distance) / MINUTE)
        if distance < timedelta(0):
            return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
        return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
    local = timezone.localtime(value)
    return _day_in_words(local.date(), today=timezone.localtime(now).date(), clock=f" {local:%H:%M}")


def _day_in_words(day: date, *, today: date, clock: str) -> str:
    days = (day - today).days
    if days == 0:
        return _("today") + clock
    if days == 1:
        return _("tomorrow") + clock
    if days == -1:
        return _("yesterday") + clock
    if -7 < days < 0:
        return ngettext("%(n)d day ago", "%(n)d days ago", -days) % {"n": -days}
    if 0 < days < 7:
        return date_format(day, "l") + clock
    if day.year == today.year:
        return date_format(day, "j F") + clock
    return date_format(day, "j F Y")


def lasted(milliseconds: int) -> str:
    """A length of time that was measured: "under 0.1 s", "2.1 s", "48 s", "3 min 5 s"."""
    if 0 < milliseconds < 50:
        return _("under 0.1 s")
    if milliseconds < 9950:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def remaining(distance: timedelta) -> str:
    """How long from now, in the largest unit that still says something: "in 26 hours", "in 3 days"."""
    minutes = max(0, int(distance / MINUTE))
    if minutes < 90:
        return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


def exact(value: datetime | date) -> str:
    """The full moment with its zone: "Thursday 26 November 2026, 18:04 CET"."""
    if not isinstance(value, datetime):
        return date_format(value, "l j F Y")
    return date_format(timezone.localtime(value), "l j F Y, H:i T")


def written(value: datetime | date, *, time: bool = True) -> str:
    """The moment itself, short: "Thu 26 Nov 2026, 18:00"."""
    if not isinstance(value, datetime):
        return date_format(value, "D j M Y")
    return date_format(timezone.localtime(value), "D j M Y, H:i" if time else "D j M Y")
