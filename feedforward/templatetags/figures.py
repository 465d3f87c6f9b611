"""Amounts, lengths of time and moments as people read them. Part of the components."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from feedforward import dates
from feedforward.markup import attributes
from feedforward.money import money

register = Library()


@register.filter(name="money")
def money_words(usd: Decimal | None) -> str:
    """US dollars as people read them; None is "not known"."""
    return money(usd)


@register.filter
def whole(number: int | None) -> str:
    """A count with its thousands apart, 12,345; a dash where there is none."""
    return "–" if number is None else f"{number:,}"


@register.filter
def duration(milliseconds: int | None) -> str:
    """How long something took: 0.4 s, 2.1 s, 48 s, 3 min 5 s; a dash where nobody knows."""
    return "–" if milliseconds is None else dates.lasted(milliseconds)


@register.simple_tag
def ago(value: datetime | date | None, *, empty: str = "–") -> SafeString | str:
    """A moment as people say it, the exact time on hover."""
    if not value:
        return empty
    return _moment(value, dates.in_words(value, now=timezone.now()))


@register.simple_tag
def day(value: datetime | date | None, *, time: bool = True, empty: str = "–") -> SafeString | str:
    """A moment written out short: Thu 26 Nov 2026, 18:00."""
    if not value:
        return empty
    return _moment(value, dates.written(value, time=time))


@register.simple_tag
def due(value: datetime | None, *, empty: str = "") -> SafeString | str:
    """A deadline: when, and how long until then; says so when it has passed."""
    if not value:
        return empty or _("no due date")
    now = timezone.now()
    words = dates.in_words(value, now=now)
    if value < now:
        return _moment(value, _("was due %(when)s") % {"when": words}, class_="is-late")
    text = _("due %(when)s") % {"when": words}
    left = dates.remaining(value - now)
    return _moment(value, text if left == words else f"{text} · {left}")


@register.simple_tag
def until(value: datetime) -> SafeString:
    """How far away a deadline is, beside the date itself: "in 10 days", or that it has passed."""
    now = timezone.now()
    if value < now:
        return _moment(value, _("has passed"), class_="is-late")
    return _moment(value, dates.remaining(value - now))


def _moment(value: datetime | date, words: str, *, class_: str = "") -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        value.isoformat(),
        dates.exact(value),
        attributes({"class": class_ or None}),
        words,
    )
