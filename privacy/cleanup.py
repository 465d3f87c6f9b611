"""Removing the student's words when their time is over: hourly, idempotent, resumable, one draft at a time.

Removed: the file, its text, prompts, answers, the models' comments and every quotation. Kept: metadata, levels,
counts, and the words of released notes. Quotations of released priorities are kept until the assignment closes,
because the next draft is compared with them, and not a day longer; where it never closes, so many days after the last
release to the student.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import audit
from feedback.forgetting import forget_runs
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun, Trial
from feedback.requests import cancel
from feedback.trials.making import remove_trial
from feedforward.models import OutgoingMail
from privacy.models import CleanupPass
from submissions.files import remove_stored
from submissions.models import Draft, DraftContent
from submissions.retention import goals_kept_until

logger = logging.getLogger(__name__)

BATCH = 200
CLOCK_JUMP = timedelta(hours=6)
MAIL_KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Removed:
    """What one pass did, or (``dry_run``) would do. ``refused`` says why nothing was touched."""

    drafts: int = 0
    files: int = 0
    errors: int = 0
    refused: str = ""
    dry_run: bool = False


def due_drafts(now: datetime) -> QuerySet[Draft]:
    """Return drafts whose content is due and not held back."""
    return Draft.objects.filter(content_due_at__lte=now, content_removed_at__isnull=True, legal_hold=False)


def clock_refusal(now: datetime) -> str:
    """Return why the clock is not to be trusted, "" when it is.

    A clock that runs ahead would remove everything at once. After a jump one pass is skipped; when the next one
    finds time going on from there, the clock was right (the machine had been off) and the removal catches up.
    """
    last = CleanupPass.objects.filter(dry_run=False).order_by("-pk").values_list("started_at", flat=True).first()
    if last is None:
        return ""
    if now < last - timedelta(minutes=5):
        return "The clock went back since the last pass."
    if now - last > CLOCK_JUMP:
        return "More than six hours passed since the last pass; the next one goes ahead if the clock is right."
    return ""


def remove_due(*, now: datetime | None = None, dry_run: bool = False) -> Removed:
    """Remove what is due. Each draft is its own transaction: a pass that dies is taken up by the next one."""
    now = now or timezone.now()
    refused = clock_refusal(now)
    if dry_run:
        return Removed(drafts=due_drafts(now).count(), refused=refused, dry_run=True)
    record = CleanupPass.objects.create(started_at=now, refused=refused)
    if refused:
        logger.warning("removal refused: %s", refused)
        return Removed(refused=refused)
    drafts = files = errors = 0
    for draft_id in due_drafts(now).order_by("content_due_at").values_list("pk", flat=True).iterator(chunk_size=BATCH):
        try:
            files += remove_content(draft_id, now=now)
            drafts += 1
        except (DatabaseError, OSError) as error:
            errors += 1
            logger.error("content of draft %s not removed: %s", draft_id, type(error).__name__)
    trials, failed = _remove_due_trials(now)
    errors += failed
    _remove_closed_goals(now)
    _remove_old_mail(now)
    if drafts or trials:
        _forget_deleted_pages()
    CleanupPass.objects.filter(pk=record.pk).update(
        finished_at=timezone.now(), drafts=drafts, files=files, errors=errors
    )
    return Removed(drafts=drafts, files=files, errors=errors)


def remove_content(draft_id: int, *, now: datetime) -> int:
    """Remove one draft's words; returns how many files went. Safe to repeat."""
    # The files first: a row that still names a missing file is found again, a file without a row is not.
    files = remove_stored(draft_id)
    with transaction.atomic():
        draft = Draft.objects.select_for_update().select_related("assignment").get(pk=draft_id)
        runs = ModelRun.objects.filter(request__draft=draft)
        request = FeedbackRequest.objects.filter(draft=draft).first()
        if request is not None and request.status in ("open", "aggregating"):
            cancel(request=request, reason="content removed")
        forget_runs(runs)
        items = FeedbackItem.objects.filter(feedback__draft=draft)
        items.exclude(status=FeedbackItem.Status.SHOWN).exclude(origin=FeedbackItem.Origin.INSTRUCTOR).delete()
        items.update(sources=[])
        needed_later = Q(group=FeedbackItem.Group.PRIORITY, feedback__status=Feedback.Status.RELEASED)
        if _next_draft_may_come(draft, now):
            items.exclude(pk__in=items.filter(needed_later).values("pk")).update(quotes=[])
        else:
            items.update(quotes=[])
        _clean_flags(draft)
        DraftContent.objects.filter(draft=draft).delete()
        Draft.objects.filter(pk=draft.pk).update(content_removed_at=now, sha256="", original_name="")
        audit.record(
            actor=None,
            code="content.removed",
            obj=draft,
            course_id=draft.assignment.course_id,
            counts={"files": files},
        )
    return files


def _clean_flags(draft: Draft) -> None:
    """Flags of decoded text quote it: keep the code, drop the sentence."""
    for feedback in Feedback.objects.filter(draft=draft).exclude(flags=[]):
        flags = [
            {**flag, "detail": "The text this was about has been removed." if "“" in flag["detail"] else flag["detail"]}
            for flag in feedback.flags
        ]
        Feedback.objects.filter(pk=feedback.pk).update(flags=flags)


def _remove_due_trials(now: datetime) -> tuple[int, int]:
    """Texts that settings were tried on, and what was said of them; returns (removed, failed)."""
    done = failed = 0
    for trial in Trial.objects.filter(content_due_at__lte=now, content_removed_at__isnull=True).iterator(BATCH):
        try:
            remove_trial(trial=trial, actor=None, now=now)
            done += 1
        except (DatabaseError, OSError) as error:
            failed += 1
            logger.error("text of trial %s not removed: %s", trial.pk, type(error).__name__)
    return done, failed


def _remove_closed_goals(now: datetime) -> None:
    """Quotations kept for the next draft go once the assignment takes no more drafts, or none came for long."""
    kept = FeedbackItem.objects.exclude(quotes=[]).filter(feedback__draft=OuterRef("pk"))
    drafts = Draft.objects.filter(Exists(kept), content_removed_at__isnull=False).select_related("assignment")
    for draft in drafts.order_by("pk").iterator(chunk_size=BATCH):
        if not _next_draft_may_come(draft, now):
            FeedbackItem.objects.filter(feedback__draft=draft).update(quotes=[])


def _next_draft_may_come(draft: Draft, now: datetime) -> bool:
    """Whether its student may still hand in a draft that the goals of this one are to be compared with."""
    if draft.assignment.phase(now) != "open":
        return False
    released = Feedback.objects.filter(
        draft__assignment=draft.assignment_id, draft__student=draft.student_id, status=Feedback.Status.RELEASED
    )
    until = goals_kept_until(draft.assignment, released.aggregate(last=Max("released_at"))["last"])
    return until is not None and now < until


def _remove_old_mail(now: datetime) -> None:
    OutgoingMail.objects.filter(
        status__in=[OutgoingMail.Status.SENT, OutgoingMail.Status.FAILED], created_at__lt=now - MAIL_KEPT
    ).delete()


def _forget_deleted_pages() -> None:
    """SQLite keeps deleted pages in its write-ahead log until a checkpoint; ``secure_delete`` has zeroed the rest."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
