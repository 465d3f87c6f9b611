"""Who may try a password, decided before it is hashed: guesses cost us nothing, and lock nobody out.

A lecture hall sits behind one address, perhaps with somebody in it who guesses. So failures are counted for the person
*at* an address first. Where many fail, three kinds of browser are told apart, each with counts of its own:

* one that signed in as this person before (the device cookie): only its own failures count;
* one that was given our login page (the visitor cookie): its own failures, and those of all visitors there;
* one that only sends passwords: held to the narrow limits.

None of this depends on whether the person exists, so refusals tell nothing (docs/security.md has the table).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse_lazy

from feedforward import ratelimit
from feedforward.ratelimit import Limit
from feedforward.requests import client_address

DEVICE_SALT, VISITOR_SALT = "accounts.device", "accounts.visitor"
DEVICE_COOKIE_AGE_S, VISITOR_COOKIE_AGE_S = 180 * 86_400, 86_400


def _cookie(kind: str) -> str:
    return f"__Host-{kind}" if settings.SECURE else kind


def _signed(request: HttpRequest, kind: str, *, salt: str, age_s: int) -> str:
    """What the browser's cookie holds when we signed it and it is young enough, else ""."""
    try:
        return str(signing.loads(request.COOKIES.get(_cookie(kind), ""), salt=salt, max_age=age_s))
    except signing.BadSignature:
        return ""


def _set(response: HttpResponse, kind: str, value: str, *, salt: str, age_s: int) -> None:
    response.set_cookie(
        _cookie(kind),
        signing.dumps(value, salt=salt),
        max_age=age_s,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember_device(response: HttpResponse, email: str) -> None:
    """Mark the browser as one this person signed in from. It opens nothing; strangers' failures do not count there."""
    _set(response, "device", email.lower(), salt=DEVICE_SALT, age_s=DEVICE_COOKIE_AGE_S)


def knows_device(request: HttpRequest, email: str) -> bool:
    """Whether this browser has signed in as ``email`` before."""
    return _signed(request, "device", salt=DEVICE_SALT, age_s=DEVICE_COOKIE_AGE_S) == email.lower()


def greet(request: HttpRequest, response: HttpResponse, *, address: str) -> None:
    """Give a browser that opens the login page its visitor cookie, so many per address."""
    if _visitor(request):
        return
    try:
        ratelimit.hit(ratelimit.VISITORS_ADDRESS, address)
    except ratelimit.TooMany:
        return
    _set(response, "visitor", secrets.token_urlsafe(9), salt=VISITOR_SALT, age_s=VISITOR_COOKIE_AGE_S)


def _visitor(request: HttpRequest) -> str:
    return _signed(request, "visitor", salt=VISITOR_SALT, age_s=VISITOR_COOKIE_AGE_S)


def _counts(request: HttpRequest, email: str, address: str) -> list[tuple[Limit, str]]:
    """Limits that hold for this try, and under which key its failure counts."""
    here = f"{email} {address}"
    if knows_device(request, email):
        return [(ratelimit.LOGIN_DEVICE, request.COOKIES[_cookie("device")])]
    visitor = _visitor(request)
    if visitor:
        return [
            (ratelimit.LOGIN_VISITOR, visitor),
            (ratelimit.LOGIN_VISITORS_HERE, here),
            (ratelimit.LOGIN_VISITORS, address),
        ]
    return [(ratelimit.LOGIN_HERE, here), (ratelimit.LOGIN_ADDRESS, address)]


@lru_cache(maxsize=256)
def _door_page(words: str) -> str:
    """The page for these words; they name seconds or minutes, so there are few."""
    return str(render_to_string("429_door.html", {"error": words}))


class DoorMiddleware:
    """Turn away at the door what will be refused whoever it says it is: a page drawn in full would cost as much as a hash.

    Before sessions and users are looked up; only the limits that do not depend on the person.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.login_path = reverse_lazy(settings.LOGIN_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path == str(self.login_path):
            try:
                self._refuse(request, client_address.get())
            except ratelimit.TooMany as error:
                answer = HttpResponse(
                    _door_page(str(error)), status=429, headers={"Retry-After": str(error.retry_after_s)}
                )
                answer.headers["Cache-Control"] = "private, no-store"
                return answer
        return self.get_response(request)

    @staticmethod
    def _refuse(request: HttpRequest, address: str) -> None:
        if request.COOKIES.get(_cookie("device")):
            return  # whose device it is, is looked at with the address in the form
        visitor = _visitor(request)
        if visitor:
            ratelimit.refuse_if_reached(ratelimit.LOGIN_VISITOR, visitor)
            ratelimit.refuse_if_reached(ratelimit.LOGIN_VISITORS, address)
        else:
            ratelimit.refuse_if_reached(ratelimit.LOGIN_ADDRESS, address)


def _all_counts(request: HttpRequest, email: str, address: str) -> list[tuple[Limit, str]]:
    counts = _counts(request, email, address)
    if not knows_device(request, email):
        counts += [(ratelimit.LOGIN_PERSON, email), (ratelimit.LOGIN_HUNTED, f"{email} {address}")]
    return counts


def reserve(request: HttpRequest, *, email: str, address: str) -> None:
    """Count this try as a failure before it is known to be one, so that many at once cannot slip through together.

    Raises :class:`ratelimit.TooMany`, and counts nothing, when this browser has failed too often.
    """
    for limit, key in _counts(request, email, address):
        ratelimit.refuse_if_reached(limit, key)
    if not knows_device(request, email) and ratelimit.is_reached(ratelimit.LOGIN_PERSON, email):
        # Guessed at from many addresses: fewer tries at each, but never none for the person themselves.
        ratelimit.refuse_if_reached(ratelimit.LOGIN_HUNTED, f"{email} {address}")
    for limit, key in _all_counts(request, email, address):
        ratelimit.count(limit, key)


def release(request: HttpRequest, *, email: str, address: str) -> None:
    """Take the try back: the password was right."""
    for limit, key in _all_counts(request, email, address):
        ratelimit.uncount(limit, key)


def forgive(request: HttpRequest, *, email: str, address: str) -> None:
    """Forget the person's failures: they have set a new password."""
    ratelimit.clear(ratelimit.LOGIN_PERSON, email)
    for limit in (ratelimit.LOGIN_HERE, ratelimit.LOGIN_VISITORS_HERE, ratelimit.LOGIN_HUNTED):
        ratelimit.clear(limit, f"{email} {address}")
