"""How long the student's words are held: one rule, read wherever it is stated."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from courses.models import Assignment
from submissions.models import RetentionPolicy

# Nothing waits for ever: content of a draft that is never released goes after this many days.
UNRELEASED_DAYS = 180


def content_days(assignment: Assignment) -> int:
    """Return for how many days after release content is kept: assignment, else course, else site, else settings."""
    if assignment.retention_days is not None:
        return assignment.retention_days
    policies = dict(
        RetentionPolicy.objects.filter(course_id=assignment.course_id).values_list("scope", "content_days")
    ) or dict(RetentionPolicy.objects.filter(scope=RetentionPolicy.Scope.SITE).values_list("scope", "content_days"))
    return next(iter(policies.values()), settings.RETENTION_DAYS)


def due_after_intake(assignment: Assignment, submitted_at: datetime) -> datetime:
    """Return when content goes at the latest, release or not."""
    return submitted_at + timedelta(days=max(UNRELEASED_DAYS, content_days(assignment)))


def due_after_release(assignment: Assignment, released_at: datetime) -> datetime:
    """Return when content goes once feedback was released at ``released_at``."""
    return released_at + timedelta(days=content_days(assignment))


def goals_kept_until(assignment: Assignment, last_release: datetime | None) -> datetime | None:
    """Return when the words of a student's goals go whose text is gone; None once no draft can need them.

    An assignment that closes needs them until then. One that never does gets ``GOALS_KEPT_DAYS`` from ``last_release``,
    the latest release to the student in it: each new draft starts the time again.
    """
    if assignment.closes_at is not None:
        return assignment.closes_at
    return last_release and last_release + timedelta(days=settings.GOALS_KEPT_DAYS)
