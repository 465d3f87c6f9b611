"""Secrets that open something once and travel by mail: how they are made, what is kept of them, how they are spent.

Invitations and links for a new password are rows of this kind; there is no other (docs/adr/0025).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from feedforward.transitions import StatefulModel


def new_token() -> str:
    """256 random bits, as 43 characters that stand in an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 (hex) of a token. It has 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(token.encode()).hexdigest()


class OneTimeLink(StatefulModel):
    """A row that a token opens once. Only the token's hash is kept; the token itself is in the mail."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("runs out at"))

    class Meta:
        abstract = True

    def spend(self, target: str, *, token: str, now: datetime, **fields: Any) -> None:
        """Move the row to ``target`` by one conditional UPDATE: in time, with this token, and once.

        Raises :class:`feedforward.transitions.TransitionError` for everybody but one.
        """
        self.move(target, where={"expires_at__gt": now, "token_hash": token_hash(token)}, **fields)
