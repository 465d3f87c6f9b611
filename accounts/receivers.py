"""What allauth does by itself and only tells by its signals: each leaves an event, as our own write functions do."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import email_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset

from accounts.audit import record
from accounts.models import User


def connect() -> None:
    """Listen; called once, when the app is ready."""
    for signal, code in (
        (authenticator_added, "account.second_step_added"),
        (authenticator_removed, "account.second_step_removed"),
        (authenticator_reset, "account.recovery_codes_made"),
        (authentication_failed, "account.second_step_failed"),
    ):
        signal.connect(_noting(code), weak=False, dispatch_uid=f"accounts.{code}")
    email_changed.connect(note_email_changed, dispatch_uid="accounts.email_changed")


def _noting(code: str) -> Any:
    def note(*, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
        """Record which kind it was: totp, webauthn or recovery_codes."""
        # A failed step belongs to nobody yet: whoever it was knew the password.
        actor = None if code == "account.second_step_failed" else user
        record(actor=actor, code=code, obj=user, fields=[authenticator.type])

    return note


def note_email_changed(*, user: User, **kwargs: Any) -> None:
    """Record that somebody signs in by another address now."""
    record(actor=user, code="account.email_changed", obj=user, fields=["email"])
