"""How often something may be done: per account first, generous per address, counted in the shared cache.

A lecture hall sits behind one address, so an address alone is only ever a wide limit. Counting is a sliding
window over two fixed ones (the share of the last window that still overlaps, plus this one): two cache calls per
hit, no lists, no locks. A cache that is down counts nothing and locks nobody out.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from feedforward.errors import DomainError
from feedforward.requests import client_address

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Limit:
    """At most ``amount`` hits per ``window_s`` seconds for one key."""

    name: str
    amount: int
    window_s: int


# Failed log-ins (accounts/guessing.py). Browsers that only send passwords: one person at one address, one address.
LOGIN_HERE = Limit("login-here", 10, 300)
LOGIN_ADDRESS = Limit("login-address", 60, 60)
# Browsers that were given the login page: each, one person at one address, all at one address; and how many are given.
LOGIN_VISITOR = Limit("login-visitor", 10, 300)
LOGIN_VISITORS_HERE = Limit("login-visitors-here", 30, 300)
LOGIN_VISITORS = Limit("login-visitors", 300, 60)
VISITORS_ADDRESS = Limit("visitors-address", 1200, 300)
# Browsers that signed in as this person before.
LOGIN_DEVICE = Limit("login-device", 10, 300)
# One person from anywhere; when that is reached, one person at one address.
LOGIN_PERSON = Limit("login-person", 100, 3600)
LOGIN_HUNTED = Limit("login-hunted", 3, 900)
RESET_PERSON = Limit("reset-person", 5, 3600)
RESET_ADDRESS = Limit("reset-address", 300, 3600)
SIGNUP_ADDRESS = Limit("signup-address", 600, 3600)
JOIN_ADDRESS = Limit("join-address", 900, 600)
CODE_PERSON = Limit("code-person", 20, 300)
SAML_ADDRESS = Limit("saml-address", 900, 600)

# Per signed-in person, for the decorator.
LIMITS: dict[str, Limit] = {
    "invitation": Limit("invitation", 1000, 3600),
    "submission": Limit("submission", 20, 600),
    "test_run": Limit("test-run", 30, 3600),
    "export": Limit("export", 30, 3600),
    "poll": Limit("poll", 120, 60),
    "provider_test": Limit("provider-test", 30, 600),
}


class TooMany(DomainError):
    """The limit is reached. ``retry_after_s`` says when the next try makes sense."""

    code = "too_many"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            _("That was a lot in a short time. Please try again %(when)s.") % {"when": in_words(retry_after_s)}
        )


def in_words(seconds: int) -> str:
    """ "in 40 seconds", "in 5 minutes": rounded up, so that nobody comes too early."""
    if seconds < 90:
        return ngettext("in %(n)d second", "in %(n)d seconds", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}


def _keys(limit: Limit, key: str, now: float) -> tuple[str, str, float]:
    """Cache keys of this and the last window, and the share of the last one that still counts."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    window, elapsed = divmod(now, limit.window_s)
    base = f"limit:{limit.name}:{digest}"
    return f"{base}:{int(window)}", f"{base}:{int(window) - 1}", 1 - elapsed / limit.window_s


def _count(limit: Limit, key: str, now: float) -> float:
    current, last, share = _keys(limit, key, now)
    found = cache.get_many([current, last])
    return found.get(current, 0) + share * found.get(last, 0)


def refuse_if_reached(limit: Limit, key: str, *, now: float | None = None) -> None:
    """Raise :class:`TooMany` when the limit is reached; counts nothing."""
    now = time.time() if now is None else now
    used = _count(limit, key, now)
    if used >= limit.amount:
        raise TooMany(_wait_s(limit, key, now))


def is_reached(limit: Limit, key: str, *, now: float | None = None) -> bool:
    """Whether the limit is reached; counts nothing."""
    return _count(limit, key, time.time() if now is None else now) >= limit.amount


def _wait_s(limit: Limit, key: str, now: float) -> int:
    """Seconds until one more hit would fit, at most the window."""
    current, last, _share = _keys(limit, key, now)
    found = cache.get_many([current, last])
    here, before = found.get(current, 0), found.get(last, 0)
    left = limit.window_s - now % limit.window_s
    if here < limit.amount and before:
        # The last window fades: here + before * (left - t) / window < amount.
        need = left - (limit.amount - here) * limit.window_s / before
        return max(1, min(limit.window_s, math.ceil(need) + 1))
    # This window alone is full: it has to become the last one and fade.
    fade = limit.window_s * (1 - limit.amount / here) if here > limit.amount else 0
    return max(1, min(2 * limit.window_s, math.ceil(left + fade) + 1))


def count(limit: Limit, key: str, *, now: float | None = None) -> None:
    """Count one hit without asking whether it is allowed."""
    now = time.time() if now is None else now
    current, _last, _share = _keys(limit, key, now)
    cache.add(current, 0, timeout=2 * limit.window_s + 5)
    try:
        cache.incr(current)
    except ValueError:  # forgotten between the two calls: the count starts again
        cache.set(current, 1, timeout=2 * limit.window_s + 5)


def uncount(limit: Limit, key: str, *, now: float | None = None) -> None:
    """Take one counted hit back."""
    current, _last, _share = _keys(limit, key, time.time() if now is None else now)
    with contextlib.suppress(ValueError):  # counted in the window before, or forgotten
        cache.incr(current, -1)


def hit(limit: Limit, key: str, *, now: float | None = None) -> None:
    """Count one hit, or raise :class:`TooMany`. Hits that are refused are not counted: waiting always helps."""
    now = time.time() if now is None else now
    refuse_if_reached(limit, key, now=now)
    count(limit, key, now=now)


def clear(limit: Limit, key: str) -> None:
    """Forget the hits of one key."""
    now = time.time()
    current, last, _share = _keys(limit, key, now)
    cache.delete_many([current, last])


def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    """The answer to one try too many: 429 with words and Retry-After; a toast for htmx."""
    if getattr(request, "htmx", False):
        response = HttpResponse(str(error), status=429, content_type="text/plain; charset=utf-8")
        trigger_client_event(response, "toast", {"text": str(error), "tone": "warn"})
    else:
        response = render(request, "429.html", {"error": error}, status=429)
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def limited(name: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View], View]:
    """Decorate a view with the limit ``LIMITS[name]`` per person (per address when nobody is signed in).

    ``methods`` are those that count; for exports and polls pass ``methods=("GET",)``.
    """
    limit = LIMITS[name]

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                who = str(request.user.pk) if request.user.is_authenticated else f"@{client_address.get()}"
                try:
                    hit(limit, who)
                except TooMany as error:
                    return too_many(request, error)
            return view(request, *args, **kwargs)

        guarded.limited_by = (name, methods)  # type: ignore[attr-defined]  # read by the test that walks all addresses
        return guarded

    return decorate
