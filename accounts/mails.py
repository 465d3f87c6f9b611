"""The letters about accounts: what each says. They leave through the outbox like every other mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from feedforward.models import OutgoingMail
from feedforward.outbox import queue_mail


@dataclass(frozen=True)
class Letter:
    """A short letter: paragraphs, at most one link, and what to do if it was a mistake."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    link_words: str = ""
    closing: str = ""


def site_link(name: str, **kwargs: Any) -> str:
    """An address made from SITE_URL, never from a request's Host header."""
    return settings.SITE_URL + reverse(name, kwargs=kwargs or None)


def _confirm(context: Mapping[str, Any]) -> Letter:
    return Letter(
        subject=_("Confirm your email address"),
        paragraphs=(_("Please confirm that this address is yours. Until then nothing is sent to it."),),
        link=context["activate_url"],
        link_words=_("Confirm the address"),
        closing=_("If you do not know %(site)s, somebody mistyped their address and you need do nothing.")
        % {"site": settings.SITE_NAME},
    )


def _exists(context: Mapping[str, Any]) -> Letter:
    return Letter(
        subject=_("You already have an account"),
        paragraphs=(
            _("Somebody, probably you, tried to sign up at %(site)s with this address, which has an account already.")
            % {"site": settings.SITE_NAME},
        ),
        link=site_link("account_reset_password"),
        link_words=_("Set a new password"),
        closing=_("If it was not you, you need do nothing."),
    )


def _told(subject: str, sentence: str) -> Callable[[Mapping[str, Any]], Letter]:
    """A letter that only tells that something about the account changed."""

    def letter(context: Mapping[str, Any]) -> Letter:
        return Letter(
            subject=_(subject),
            paragraphs=(_(sentence) % context,),
            link=site_link("account_reset_password"),
            link_words=_("It was not me: set a new password"),
            closing=_("If it was you, you need do nothing."),
        )

    return letter


# What allauth calls its letters -> what we write.
LETTERS: dict[str, Callable[[Mapping[str, Any]], Letter]] = {
    "account/email/email_confirmation": _confirm,
    "account/email/email_confirmation_signup": _confirm,
    "account/email/account_already_exists": _exists,
    "account/email/password_changed": _told("Your password was changed", "The password of your account was changed."),
    "account/email/password_reset": _told("Your password was changed", "A new password was set for your account."),
    "account/email/password_set": _told("Your password was set", "A password was set for your account."),
    "account/email/email_changed": _told(
        "Your email address was changed", "The address of your account is now %(to_email)s."
    ),
    "account/email/email_confirm": _told(
        "Your address is confirmed", "An email address of your account was confirmed."
    ),
    "account/email/email_deleted": _told("An address was removed", "The address %(deleted_email)s was removed."),
    "mfa/email/totp_activated": _told("Second step switched on", "An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": _told("Second step switched off", "The authenticator app was removed."),
    "mfa/email/webauthn_added": _told("Passkey added", "A passkey or security key was added to your account."),
    "mfa/email/webauthn_removed": _told("Passkey removed", "A passkey or security key was removed."),
    "mfa/email/recovery_codes_generated": _told("New recovery codes", "New recovery codes were made for your account."),
    "socialaccount/email/account_connected": _told(
        "Sign-in added", "Another way to sign in was added to your account."
    ),
    "socialaccount/email/account_disconnected": _told("Sign-in removed", "A way to sign in was removed."),
}


def send_letter(*, kind: str, to: str, letter: Letter, name: str = "", user: User | None = None) -> OutgoingMail | None:
    """Queue one letter."""
    return queue_mail(
        kind=kind,
        to=to,
        subject=letter.subject,
        template="account",
        context={"letter": letter, "name": name},
        user=user,
    )
