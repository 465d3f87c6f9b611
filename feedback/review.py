"""What an instructor does at the desk. Each function is one short transaction with its audit event.

Every change raises ``Feedback.version``. A change made on an older version than the stored one is refused with
:class:`EditedMeanwhile`, so two people never overwrite each other unknowingly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from feedback.highlights import whole_words
from feedback.models import CriterionResult, Feedback, FeedbackItem, FeedbackRequest
from feedback.release import ReleaseRefused, approve, release
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError
from submissions.models import Draft

LEASE = timedelta(minutes=2)
LONGEST_WORDS = 4000


class ReviewRefused(DomainError):
    """The change cannot be made."""

    code = "review_refused"


class EditedMeanwhile(ReviewRefused):
    """Somebody else changed this feedback since the page was loaded."""

    code = "edited_meanwhile"


@dataclass(frozen=True)
class NoteWords:
    """The words of a note. ``group`` is one of FeedbackItem.Group."""

    comment: str
    why: str = ""
    next_step: str = ""
    group: str = FeedbackItem.Group.PRIORITY
    criterion_key: str = ""


def take_lease(*, feedback: Feedback, actor: User, now: datetime | None = None) -> User | None:
    """Mark who works on this draft. Returns the other person whose mark still holds, or None when it is ours now.

    The mark warns; it does not lock: versions keep the work safe.
    """
    now = now or timezone.now()
    won = (
        Feedback.objects.filter(pk=feedback.pk)
        .filter(
            Q(reviewer__isnull=True) | Q(reviewer=actor) | Q(reviewer_until__isnull=True) | Q(reviewer_until__lt=now)
        )
        .update(reviewer=actor, reviewer_until=now + LEASE)
    )
    if won:
        return None
    feedback.refresh_from_db(fields=["reviewer"])
    return feedback.reviewer


def drop_lease(*, feedback: Feedback, actor: User) -> None:
    """Stop marking: the person went on to another draft."""
    Feedback.objects.filter(pk=feedback.pk, reviewer=actor).update(reviewer=None, reviewer_until=None)


def _open_for_change(feedback: Feedback, actor: User, version: int | None) -> Feedback:
    """Raise the version under the right conditions, or refuse. Call inside a transaction, before the change."""
    where: dict[str, Any] = {"pk": feedback.pk}
    if version is not None:
        where["version"] = version
    changed = Feedback.objects.filter(status__in=[Feedback.Status.IN_REVIEW, Feedback.Status.APPROVED], **where).update(
        version=F("version") + 1
    )
    if not changed:
        current = Feedback.objects.get(pk=feedback.pk)
        if current.status == Feedback.Status.RELEASED:
            raise ReviewRefused(_("This feedback has been released. Take it back to change it."), code="released")
        raise EditedMeanwhile(
            _("Somebody changed this feedback a moment ago. Nothing of yours is lost: reload, then save again.")
        )
    feedback.refresh_from_db(fields=["version", "status"])
    draft = Draft.objects.select_related("assignment__course").get(pk=feedback.draft_id)
    if draft.student_id == actor.pk:
        raise ReviewRefused(_("Nobody reviews their own draft."), code="own_draft")
    if draft.assignment.course.is_read_only:
        raise ReviewRefused(_("This course is archived; its feedback can be read but not changed."), code="archived")
    return feedback


def _record(feedback: Feedback, actor: User, code: str, fields: Sequence[str] = ()) -> None:
    course_id = Draft.objects.values_list("assignment__course_id", flat=True).get(pk=feedback.draft_id)
    audit.record(actor=actor, code=code, obj=feedback, course_id=course_id, fields=fields)


def _checked(words: str, field: str) -> str:
    words = words.replace("\x00", "").strip()
    if len(words) > LONGEST_WORDS:
        raise ReviewRefused(_("Please keep it below 4,000 characters."), field=field)
    return words


def set_level(
    *, feedback: Feedback, criterion_key: str, level: int | None, actor: User, version: int | None = None
) -> CriterionResult:
    """Give the instructor's level (0-based) for one criterion; None goes back to the suggestion."""
    with transaction.atomic():
        _open_for_change(feedback, actor, version)
        row = feedback.criteria.filter(criterion_key=criterion_key).first()
        if row is None:
            raise ReviewRefused(_("This rubric has no such criterion."), field="level")
        if level is not None and not 0 <= level < len(row.snapshot.get("levels", [])):
            raise ReviewRefused(_("This criterion has no such level."), field="level")
        CriterionResult.objects.filter(pk=row.pk).update(level=level, level_set_by=actor if level is not None else None)
        _record(feedback, actor, "review.level", [criterion_key])
    row.level = level
    return row


def set_criterion_comment(
    *, feedback: Feedback, criterion_key: str, comment: str, actor: User, version: int | None = None
) -> None:
    """Write the instructor's own words on one criterion."""
    words = _checked(comment, "comment")
    with transaction.atomic():
        _open_for_change(feedback, actor, version)
        if not feedback.criteria.filter(criterion_key=criterion_key).update(comment=words):
            raise ReviewRefused(_("This rubric has no such criterion."), field="comment")
        _record(feedback, actor, "review.criterion_comment", [criterion_key])


def set_summary(*, feedback: Feedback, summary: str, actor: User, version: int | None = None) -> None:
    """Write a word to the student."""
    words = _checked(summary, "summary")
    with transaction.atomic():
        _open_for_change(feedback, actor, version)
        Feedback.objects.filter(pk=feedback.pk).update(summary=words)
        _record(feedback, actor, "review.summary")
    feedback.summary = words


def edit_note(*, item: FeedbackItem, words: NoteWords, actor: User, version: int | None = None) -> FeedbackItem:
    """Replace the words of a note; from then on a re-run leaves it alone."""
    comment = _checked(words.comment, "comment")
    if not comment:
        raise ReviewRefused(_("A note needs words. Discard it instead."), field="comment")
    if words.group not in FeedbackItem.Group.values:
        raise ReviewRefused(_("Choose where the note belongs."), field="group")
    fields = {
        "comment": comment,
        "why": _checked(words.why, "why"),
        "next_step": _checked(words.next_step, "next_step"),
        "group": words.group,
    }
    if comment != item.comment:
        fields["worded_by"] = ""  # they are a person's or a reviewer's words now
    with transaction.atomic():
        _open_for_change(item.feedback, actor, version)
        FeedbackItem.objects.filter(pk=item.pk).update(**fields, edited_by=actor, edited_at=timezone.now())
        _record(item.feedback, actor, "review.note_edited", sorted(fields))
    item.refresh_from_db()
    return item


def swap_wording(*, item: FeedbackItem, source: int, actor: User, version: int | None = None) -> FeedbackItem:
    """Take another run's words for the same note: ``source`` indexes ``item.sources``."""
    if not 0 <= source < len(item.sources) or "comment" not in item.sources[source]:
        raise ReviewRefused(_("That wording is no longer there."), field="source")
    other = item.sources[source]
    words = NoteWords(other["comment"], other.get("why", ""), other.get("next_step", ""), item.group)
    return edit_note(item=item, words=words, actor=actor, version=version)


def move_note(*, item: FeedbackItem, status: str, actor: User, version: int | None = None) -> FeedbackItem:
    """Show, put aside or discard a note. A choice by hand survives a re-run."""
    if status not in FeedbackItem.Status.values:
        raise ReviewRefused(_("A note can be shown, put aside or discarded."), field="status")
    with transaction.atomic():
        _open_for_change(item.feedback, actor, version)
        if item.status != status:
            try:
                item.move(status, edited_by=actor, edited_at=timezone.now())
            except TransitionError as error:
                raise ReviewRefused(str(error)) from None
        _record(item.feedback, actor, f"review.note_{status}")
    return item


def add_note(
    *,
    feedback: Feedback,
    words: NoteWords,
    actor: User,
    start: int | None = None,
    end: int | None = None,
    version: int | None = None,
) -> FeedbackItem:
    """Add the instructor's own note, on a passage ``[start, end)`` of the draft's text where one was chosen."""
    comment = _checked(words.comment, "comment")
    if not comment:
        raise ReviewRefused(_("A note needs words."), field="comment")
    if words.group not in FeedbackItem.Group.values:
        raise ReviewRefused(_("Choose where the note belongs."), field="group")
    if words.criterion_key and not feedback.criteria.filter(criterion_key=words.criterion_key).exists():
        raise ReviewRefused(_("This rubric has no such criterion."), field="criterion_key")
    quotes: list[dict[str, Any]] = []
    if start is not None and end is not None:
        content = getattr(Draft.objects.select_related("content").get(pk=feedback.draft_id), "content", None)
        text = content.text if content else ""
        if not 0 <= start < end <= len(text):
            raise ReviewRefused(_("Select the passage again: it is not part of the text."), field="passage")
        start, end = whole_words(text, start, end)
        quotes = [{"start": start, "end": end, "shown": text[start:end], "sentence_id": ""}]
    with transaction.atomic():
        _open_for_change(feedback, actor, version)
        last = feedback.items.aggregate(last=Max("position"))["last"] or 0
        item = FeedbackItem.objects.create(
            feedback=feedback,
            status=FeedbackItem.Status.SHOWN,
            origin=FeedbackItem.Origin.INSTRUCTOR,
            group=words.group,
            criterion_key=words.criterion_key,
            kind={"strength": "strength", "question": "question"}.get(words.group, "issue"),
            position=last + 1,
            comment=comment,
            why=_checked(words.why, "why"),
            next_step=_checked(words.next_step, "next_step"),
            quotes=quotes,
            edited_by=actor,
            edited_at=timezone.now(),
        )
        _record(feedback, actor, "review.note_added")
    return item


def approve_draft(*, feedback: Feedback, actor: User, version: int | None = None) -> Feedback:
    """IN_REVIEW -> APPROVED, on the version the person saw."""
    return approve(feedback=feedback, actor=actor, version=version)


@dataclass(frozen=True)
class BulkResult:
    """How many drafts were done, and why others were not: (draft id, sentence)."""

    done: int
    refused: tuple[tuple[int, str], ...]


def bulk_approve(*, feedbacks: Sequence[Feedback], actor: User) -> BulkResult:
    """Approve drafts that no must or check flag names; flagged ones need a look each, one by one."""
    done, refused = 0, []
    for feedback in feedbacks:
        if feedback.must_count or feedback.check_count:
            refused.append((feedback.draft_id, _("It is flagged: please open it.")))
            continue
        if feedback.by_hand:
            refused.append((feedback.draft_id, _("No reviewer read it: please open it.")))
            continue
        try:
            approve(feedback=feedback, actor=actor)
            done += 1
        except ReleaseRefused as error:
            refused.append((feedback.draft_id, str(error)))
    return BulkResult(done, tuple(refused))


def bulk_release(*, feedbacks: Sequence[Feedback], actor: User) -> BulkResult:
    """Release approved feedback; what nobody approved stays."""
    done, refused = 0, []
    for feedback in feedbacks:
        if feedback.status != Feedback.Status.APPROVED:
            refused.append((feedback.draft_id, _("It has not been approved yet.")))
            continue
        try:
            release(feedback=feedback, actor=actor)
            done += 1
        except ReleaseRefused as error:
            refused.append((feedback.draft_id, str(error)))
    return BulkResult(done, tuple(refused))


def mark_by_hand(*, request: FeedbackRequest, actor: User) -> Feedback:
    """Take a draft whose readings are still under way onto the desk, to be marked by hand."""
    feedback = Feedback.objects.filter(draft__feedback_request=request).first()
    if feedback is None:
        raise ReviewRefused(_("The draft is still being read; it comes to your desk by itself."), code="too_early")
    with transaction.atomic():
        _open_for_change(feedback, actor, None)
        Feedback.objects.filter(pk=feedback.pk).update(by_hand=True)
        for item in feedback.items.filter(status=FeedbackItem.Status.SHOWN).exclude(
            origin=FeedbackItem.Origin.INSTRUCTOR
        ):
            item.try_move(FeedbackItem.Status.SUGGESTED, edited_by=actor, edited_at=timezone.now())
        _record(feedback, actor, "review.by_hand")
    feedback.refresh_from_db()
    return feedback
