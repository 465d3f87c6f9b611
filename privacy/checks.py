"""Whether the audit is kept as long as what it has to answer for: who opened a text, who held it back, that it went."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone

from accounts.append_only import MIN_AGE_DAYS
from courses.models import Assignment
from submissions.models import Draft, RetentionPolicy
from submissions.retention import UNRELEASED_DAYS

HINT = "Raise AUDIT_KEPT_DAYS, or keep texts for a shorter time."


def longest_held_days(content_days: int) -> int:
    """For how many days a text may be held under a rule: it waits as long as may be, is released, and then kept."""
    return max(UNRELEASED_DAYS, content_days) + content_days


@register(Tags.security)
def audit_outlives_texts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings alone: an event must not go while the text it is about is there, nor before the database lets it."""
    found: list[CheckMessage] = []
    kept, held = settings.AUDIT_KEPT_DAYS, longest_held_days(settings.RETENTION_DAYS)
    if kept <= MIN_AGE_DAYS:
        found.append(
            Error(
                f"AUDIT_KEPT_DAYS is {kept}, but the database lets no event go within {MIN_AGE_DAYS} days.",
                hint="Set AUDIT_KEPT_DAYS to 366 or more.",
                id="privacy.E001",
            )
        )
    if kept < held:
        found.append(
            Error(
                f"AUDIT_KEPT_DAYS is {kept}, but RETENTION_DAYS lets a text be held for {held} days:"
                " who opened it would no longer be on record.",
                hint=HINT,
                id="privacy.E002",
            )
        )
    goals = UNRELEASED_DAYS + settings.GOALS_KEPT_DAYS
    if kept < goals:
        found.append(
            Error(
                f"AUDIT_KEPT_DAYS is {kept}, but GOALS_KEPT_DAYS lets the words of goals be held for {goals} days.",
                hint="Raise AUDIT_KEPT_DAYS, or lower GOALS_KEPT_DAYS.",
                id="privacy.E003",
            )
        )
    return found


@register(Tags.database)
def audit_outlives_exceptions(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The same for what courses and assignments say otherwise and for texts on hold: asked by ``migrate``."""
    if not databases:
        return []
    try:
        return _exceptions(settings.AUDIT_KEPT_DAYS)
    except DatabaseError:
        return []  # before the first migration there is nothing to ask


def _exceptions(kept: int) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    longest = max(
        RetentionPolicy.objects.aggregate(days=Max("content_days"))["days"] or 0,
        Assignment.objects.aggregate(days=Max("retention_days"))["days"] or 0,
    )
    if kept < longest_held_days(longest):
        found.append(
            Warning(
                f"A course or assignment lets a text be held for {longest_held_days(longest)} days, the audit is kept"
                f" for {kept}.",
                hint=HINT,
                id="privacy.W001",
            )
        )
    old = timezone.now() - timedelta(days=kept)
    held = Draft.objects.filter(legal_hold=True, content_removed_at=None, submitted_at__lt=old).count()
    if held:
        found.append(
            Warning(
                f"{held} texts under legal hold are older than the audit: who opened them early is no longer on record.",
                hint="Raise AUDIT_KEPT_DAYS while the hold stands.",
                id="privacy.W002",
            )
        )
    return found
