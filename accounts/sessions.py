"""Sessions end at once when a person's rights change, after their absolute age, and when nobody is there.

That a change of rights ends sessions is not done here: ``User.session_epoch`` is part of the session's hash
(accounts.models), so Django itself no longer accepts the old ones.
"""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import guessing
from accounts.audit import record
from accounts.models import User
from feedforward.requests import client_address

BEGAN, SEEN = "began_at", "seen_at"
# How often being there is written down; a poll every few seconds must not write every few seconds.
TOUCH_S = 300
# What an administrator without a second step can still reach: setting one up, and leaving.
WITHOUT_SECOND_STEP = ("mfa_", "account_reauthenticate", "account_logout", "healthz")


def begin(request: HttpRequest, *, now: float) -> None:
    """Start the clock of a new session."""
    request.session[BEGAN] = now
    request.session[SEEN] = now


def _somebody_is_there(request: HttpRequest) -> bool:
    """Whether a person did this; a page that polls by itself keeps nobody signed in."""
    return request.method not in {"GET", "HEAD"} or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def to_login(request: HttpRequest) -> HttpResponse:
    """Send somebody to the login page and back afterwards; htmx is told to leave the page, not to swap it in."""
    login = reverse(settings.LOGIN_URL)
    if request.headers.get("HX-Request") == "true":
        # Back to the page that asked, not to the fragment.
        try:
            back = urlsplit(request.headers.get("HX-Current-URL", "")).path
        except ValueError:  # what htmx sends can be read; this did not come from it
            back = ""
        back = back if back.startswith("/") else "/"
        return HttpResponse(status=401, headers={"HX-Redirect": f"{login}?{urlencode({'next': back})}"})
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{login}?{urlencode({'next': back})}")


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page is behind the login unless its view says otherwise."""

    def handle_no_permission(  # type: ignore[override]  # the parent always redirects; htmx needs a 401
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        return to_login(request)


class SessionGuardMiddleware:
    """Sign out sessions that are too old or idle, ask administrators for a second step, clear up at logout."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        if isinstance(request.user, User):
            over = self._over(request, request.user)
            if over:
                return over
            if request.user.time_zone:
                timezone.activate(zoneinfo.ZoneInfo(request.user.time_zone))
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if request.method == "GET" and request.resolver_match and request.resolver_match.url_name == settings.LOGIN_URL:
            guessing.greet(request, response, address=client_address.get())
        if was_signed_in and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Administrators set up a second step before anything else."""
        user = request.user
        if not settings.MFA_REQUIRED_FOR_ADMINISTRATORS or not isinstance(user, User) or not user.is_administrator:
            return None
        name = (request.resolver_match.url_name if request.resolver_match else "") or ""
        if name.startswith(WITHOUT_SECOND_STEP) or is_mfa_enabled(user):
            return None
        messages.info(request, _("Administrators sign in with a second step. Please set one up first."))
        return redirect("mfa_index")

    def _over(self, request: HttpRequest, user: User) -> HttpResponse | None:
        now = time.time()
        session = request.session
        if BEGAN not in session:
            begin(request, now=now)
        age_s, idle_s = now - session[BEGAN], now - session.get(SEEN, now)
        idle_limit_s = float(settings.SESSION_COOKIE_AGE)
        if user.is_administrator:
            idle_limit_s = min(idle_limit_s, settings.SESSION_ADMIN_IDLE.total_seconds())
        if age_s > settings.SESSION_ABSOLUTE_AGE.total_seconds() or idle_s > idle_limit_s:
            record(actor=user, code="account.session_ended", obj=user)
            logout(request)
            messages.info(request, _("You were signed out because nothing happened for a while."))
            return to_login(request)
        if idle_s > TOUCH_S and _somebody_is_there(request):
            session[SEEN] = now
        return None
