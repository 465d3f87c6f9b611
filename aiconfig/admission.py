"""Whether a call to a provider may go out now: the breaker first, then the limits. One ticket per call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from aiconfig import circuit, limits
from aiconfig.models import Provider

# The worker stores an answer within this time after the call's own limit.
HOLD_MARGIN_S = 15


@dataclass(frozen=True)
class Ticket:
    """The right to call a provider once; to be handed back with :func:`dismiss` when the call is over."""

    probe: circuit.Probe | None = None
    place: limits.Place | None = None


@dataclass(frozen=True)
class NotNow:
    """The call has to wait until then; ``words`` say why."""

    until: datetime
    words: str


def admit(provider: Provider, *, tokens: int, call_s: float, now: datetime) -> Ticket | NotNow:
    """Return a ticket for a call of about ``tokens`` tokens that takes at most ``call_s`` seconds, or when to ask again.

    ``provider`` was read just now.
    """
    probe = circuit.admit(provider, now=now, call_s=call_s)
    if isinstance(probe, datetime):
        return NotNow(probe, _("The provider is being given a pause."))
    limit = limits_of(provider)
    if limit.none:
        return Ticket(probe)
    place = limits.take(provider.pk, limit, tokens=tokens, hold_s=call_s + HOLD_MARGIN_S, now=now.timestamp())
    if isinstance(place, limits.Place):
        return Ticket(probe, place)
    if probe is not None:
        circuit.drop_probe(probe)
    return NotNow(now + timedelta(seconds=place), _("The provider is asked no more than its limits allow."))


def dismiss(ticket: Ticket) -> None:
    """The call is over, or was not made."""
    if ticket.place is not None:
        limits.give_back(ticket.place)
    if ticket.probe is not None:
        circuit.drop_probe(ticket.probe)


def follow_up(provider: Provider, *, tokens: int, now: datetime) -> None:
    """Count a call that follows at once on one that has a ticket; the ticket goes on to hold."""
    limits.count(provider.pk, limits_of(provider), tokens=tokens, now=now.timestamp())


def limits_of(provider: Provider) -> limits.Limits:
    """Return the provider's limits as its page sets them."""
    return limits.Limits(provider.max_concurrent, provider.requests_per_minute, provider.tokens_per_minute)
