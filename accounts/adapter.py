"""How allauth behaves here: mail through the outbox, links from SITE_URL, sign-up by rule, our limits."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import guessing, sessions
from accounts.audit import record
from accounts.mails import LETTERS, send_letter, site_link
from accounts.models import User
from feedforward import ratelimit
from feedforward.requests import client_address


def allowed_domain(email: str) -> bool:
    """Whether anybody with this address may sign up: the exact domain is listed, subdomains are other domains."""
    domain = email.strip().lower().rpartition("@")[2]
    return bool(domain) and domain in {entry.lower() for entry in settings.SIGNUP_DOMAINS}


def trusted_for_teaching(email: str) -> bool:
    """Whether somebody who asks to be an instructor need not wait: the exact domain is listed."""
    domain = email.strip().lower().rpartition("@")[2]
    return bool(domain) and domain in {entry.lower() for entry in settings.INSTRUCTOR_DOMAINS}


def _email(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", "")).strip().lower()


class AccountAdapter(DefaultAccountAdapter):
    """Our rules on top of allauth's flows."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # One sentence for unknown, wrong and closed.
        "email_password_mismatch": _(
            "This address and password do not go together. Check both, or set a new password."
        ),
        "account_inactive": _("This address and password do not go together. Check both, or set a new password."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your current password."),
    }

    # --- mail ---------------------------------------------------------------------------------------
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter; ours are listed in accounts.mails, and one allauth adds later fails loudly there."""
        user = context.get("user") or User.objects.filter(email=email.lower()).first()
        kind = template_prefix.rpartition("/")[2][:40]
        letter = LETTERS[template_prefix]({**context, "email": email})
        send_letter(kind=kind, to=email, letter=letter, name=user.name if user else "", user=user)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return site_link("account_confirm_email", key=emailconfirmation.key)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address.get() or request.META.get("REMOTE_ADDR", "") or "0.0.0.0"  # nosec B104

    # --- who may come in ------------------------------------------------------------------------------
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Without allowed domains the only way in is an invitation, which has its own page."""
        return bool(settings.SIGNUP_DOMAINS)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse(settings.LOGIN_REDIRECT_URL)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Stop before the password is hashed."""
        try:
            guessing.reserve(request, email=_email(credentials), address=self.get_client_ip(request))
        except ratelimit.TooMany as error:
            raise ImmediateHttpResponse(ratelimit.too_many(request, error)) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Like allauth's, but a closed account is an unknown one."""
        user = super().authenticate(request, **credentials)
        if user is None:
            return None
        if not user.is_active:
            self.authentication_failed(request, **credentials)
            return None
        guessing.release(request, email=_email(credentials), address=self.get_client_ip(request))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure, for known and unknown alike: the same work, and the record shows the guessing."""
        record(
            actor=None,
            code="account.sign_in_failed",
            obj=User.objects.filter(email=_email(credentials)).first(),
        )

    def _rollback_login_failed_rl_usage(self) -> None:
        """Ours counts failures only, so there is nothing to take back."""

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a password reset the person is not held to earlier failures."""
        guessing.forgive(request, email=_email(credentials), address=self.get_client_ip(request))

    # --- sessions -------------------------------------------------------------------------------------
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        sessions.begin(request, now=time.time())
        record(actor=user, code="account.signed_in", obj=user)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        guessing.remember_device(response, user.email)
        return response

    def logout(self, request: HttpRequest) -> None:
        user = request.user if isinstance(request.user, User) else None
        super().logout(request)
        if user is not None:
            record(actor=user, code="account.signed_out", obj=user)

    def set_password(self, user: User, password: str) -> None:
        """Set the password and end every other session; the page's own session is renewed by allauth."""
        user.set_password(password)
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(password=user.password, session_epoch=user.session_epoch + 1)
            user.refresh_from_db()
            record(actor=user, code="account.password_changed", obj=user)
