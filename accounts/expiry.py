"""What accounts keep for a while only: links that ran out or were used, invitations of long ago, sessions that ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone

from accounts.models import Invitation, PasswordReset

RESETS_KEPT = timedelta(days=1)
INVITATIONS_KEPT = timedelta(days=90)


def forget_expired(*, now: datetime | None = None) -> int:
    """Remove what its ``Kept:`` line says is over; returns how many rows. Safe to run twice."""
    now = now or timezone.now()
    removed, _by_model = PasswordReset.objects.filter(expires_at__lt=now - RESETS_KEPT).delete()
    # An open one that ran out was asked about for as long as one that was accepted.
    over = models.Q(accepted_at__lt=now - INVITATIONS_KEPT) | models.Q(
        accepted_at__isnull=True, expires_at__lt=now - INVITATIONS_KEPT
    )
    removed += Invitation.objects.filter(over).delete()[0]
    removed += Session.objects.filter(expire_date__lt=now).delete()[0]
    removed += UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()[0]
    return removed
