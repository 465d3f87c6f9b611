"""Setting a forgotten password by a mailed link: once, within the hour, for the account as it was when it was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.mails import Letter, send_letter, site_link
from accounts.models import PasswordReset, User
from accounts.tokens import new_token, token_hash
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError

LIFETIME = timedelta(hours=1)


class ResetRefused(DomainError):
    """The link no longer works, whatever the reason: one sentence for used, old, unknown and overtaken."""

    code = "reset_refused"

    def __init__(self) -> None:
        super().__init__(_("This link was used already, or it is older than an hour."))


def issue(*, user: User, actor: User | None, now: datetime | None = None) -> str:
    """Make a link for the person and return its address; whoever has it sets the password. Inside or outside a transaction.

    Bound to the person, their address and their present session epoch: a new password, role or address in the
    meantime makes it void.
    """
    now = now or timezone.now()
    token = new_token()
    with transaction.atomic():
        reset = PasswordReset.objects.create(
            user=user,
            email=user.email,
            session_epoch=user.session_epoch,
            token_hash=token_hash(token),
            expires_at=now + LIFETIME,
        )
        record(actor=actor, code="account.reset_requested", obj=reset)
    return site_link("account_reset_password_from_key", token=token)


def request_reset(*, user: User, now: datetime | None = None) -> None:
    """Mail the person a link; anybody may ask for that. Earlier links go on working until one of them is used."""
    with transaction.atomic():
        link = issue(user=user, actor=None, now=now)
        send_letter(kind="password_reset_key", to=user.email, letter=_letter(link), name=user.name, user=user)


def _letter(link: str) -> Letter:
    return Letter(
        subject=_("Set a new password"),
        paragraphs=(
            _("Somebody, probably you, asked to set a new password for %(site)s.") % {"site": settings.SITE_NAME},
        ),
        link=link,
        link_words=_("Set a new password"),
        closing=_("The link works once and for one hour. If you did not ask for it, you need do nothing."),
    )


def find(token: str, *, now: datetime | None = None) -> PasswordReset:
    """Return what the token opens; raises :class:`ResetRefused` when it opens nothing (any more)."""
    reset = (
        PasswordReset.objects.select_related("user")
        .filter(
            token_hash=token_hash(token),
            status=PasswordReset.Status.OPEN,
            expires_at__gt=now or timezone.now(),
            user__is_active=True,
            user__email=models.F("email"),
            user__session_epoch=models.F("session_epoch"),
        )
        .first()
    )
    if reset is None:
        raise ResetRefused
    return reset


def set_new_password(*, token: str, password: str, now: datetime | None = None) -> User:
    """Set the password that was checked before, end all sessions and all other links of the person.

    Two conditional UPDATEs decide: one spends the link, one changes the account only as the link knew it, so that
    of two links, or of one link twice, at the same instant one wins. Raises :class:`ResetRefused`.
    """
    now = now or timezone.now()
    reset = find(token, now=now)
    hashed = make_password(password)  # takes its time, so before the transaction
    with transaction.atomic():
        try:
            reset.spend(PasswordReset.Status.USED, token=token, now=now, used_at=now)
        except TransitionError:
            raise ResetRefused from None
        changed = User.objects.filter(
            pk=reset.user_id, is_active=True, email=reset.email, session_epoch=reset.session_epoch
        ).update(password=hashed, session_epoch=models.F("session_epoch") + 1)
        if not changed:
            raise ResetRefused  # and the link stays as it was: the transaction is undone
        record(actor=reset.user, code="account.password_changed", obj=reset.user, fields=["reset"])
    reset.user.refresh_from_db()
    return reset.user
