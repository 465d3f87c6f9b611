"""How allauth behaves here: mail through the outbox, sign-up by rule."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Our rules on top of allauth's flows."""
