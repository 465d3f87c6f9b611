"""Handing feedback to the student: approve, release, take back. Nothing else makes it visible."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Course, CourseStaff
from feedback.insight.report import mark_due
from feedback.models import Feedback, FeedbackItem, FeedbackRequest
from feedback.telling import tell_looked_again, tell_student
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError
from submissions.models import Draft
from submissions.retention import due_after_intake, due_after_release


class ReleaseRefused(DomainError):
    """The feedback cannot be approved, released or taken back now."""

    code = "release_refused"


def may_release(*, course: Course, user: User) -> bool:
    """Owner and co-instructors release; assistants where the course allows it."""
    role = CourseStaff.objects.filter(course=course, user=user).values_list("role", flat=True).first()
    if role is None or not user.is_active:
        return False
    return role in CourseStaff.EDITORS or course.assistants_may_release


def _refuse_unless(course: Course, actor: User) -> None:
    if course.is_read_only:
        raise ReleaseRefused(_("This course is archived; its feedback can be read but not changed."), code="archived")
    if not may_release(course=course, user=actor):
        raise ReleaseRefused(
            _("You may review here, but an instructor of the course has to release."), code="not_allowed"
        )


def approve(*, feedback: Feedback, actor: User, version: int | None = None, now: datetime | None = None) -> Feedback:
    """IN_REVIEW -> APPROVED: a person has looked. ``version`` refuses an approval of what somebody else changed."""
    now = now or timezone.now()
    where = {} if version is None else {"version": version}
    with transaction.atomic():
        try:
            feedback.move(Feedback.Status.APPROVED, where=where, approved_at=now, approved_by=actor)
        except TransitionError as error:
            raise ReleaseRefused(str(error)) from None
        audit.record(actor=actor, code="feedback.approved", obj=feedback, course_id=feedback.draft.assignment.course_id)
    return feedback


def release(*, feedback: Feedback, actor: User, now: datetime | None = None) -> Feedback:
    """Show the feedback to the student, tell them, and set the day the content goes.

    Raises :class:`ReleaseRefused` for whoever may not, for empty feedback, a withdrawn draft, or where models
    are still reading. Releasing twice releases once.
    """
    now = now or timezone.now()
    draft = Draft.objects.select_related("assignment__course", "student").get(pk=feedback.draft_id)
    _refuse_unless(draft.assignment.course, actor)
    if draft.student_id == actor.pk:
        raise ReleaseRefused(_("Nobody releases feedback on their own draft."), code="own_draft")
    request = FeedbackRequest.objects.filter(draft=draft).first()
    if feedback.status == Feedback.Status.RELEASED:
        return feedback
    shown = feedback.items.filter(status=FeedbackItem.Status.SHOWN).exists()
    if not shown and not feedback.summary.strip() and not feedback.criteria.exclude(comment="").exists():
        raise ReleaseRefused(
            _("There is nothing to release yet: show a note, add one, or write a word to the student."), code="empty"
        )
    with transaction.atomic():
        publish(feedback=feedback, request=request, actor=actor, now=now)
    return feedback


def publish(*, feedback: Feedback, request: FeedbackRequest | None, actor: User | None, now: datetime) -> None:
    """The release itself, inside the caller's transaction. ``actor`` None: a practice assignment."""
    draft = Draft.objects.select_related("assignment__course", "student").get(pk=feedback.draft_id)
    if draft.status != Draft.Status.READY:
        raise ReleaseRefused(_("This draft was taken back by its author."), code="withdrawn")
    try:
        if request is not None:
            request.move(FeedbackRequest.Status.RELEASED)
        # Released again after another look: the student's wish for one is answered.
        feedback.move(Feedback.Status.RELEASED, released_at=now, released_by=actor, contested_at=None, contest_words="")
    except TransitionError as error:
        raise ReleaseRefused(str(error)) from None
    if draft.content_removed_at is None:
        due = due_after_release(draft.assignment, now)
        Draft.objects.filter(pk=draft.pk).update(content_due_at=due)
    audit.record(
        actor=actor,
        code="feedback.released",
        obj=feedback,
        course_id=draft.assignment.course_id,
        fields=["practice"] if actor is None else [],
    )
    tell_student(feedback=feedback, draft=draft)
    if actor is not None:
        mark_due(assignment_id=draft.assignment_id, now=now)


def settle(*, feedback: Feedback, actor: User) -> Feedback:
    """Close the student's wish for another look: a person looked, and the feedback stands as it is now."""
    draft = Draft.objects.select_related("assignment__course", "student").get(pk=feedback.draft_id)
    _refuse_unless(draft.assignment.course, actor)
    with transaction.atomic():
        changed = Feedback.objects.filter(pk=feedback.pk, contested_at__isnull=False).update(
            contested_at=None, contest_words=""
        )
        if changed:
            audit.record(actor=actor, code="feedback.settled", obj=feedback, course_id=draft.assignment.course_id)
            if feedback.status == Feedback.Status.RELEASED:
                tell_looked_again(feedback=feedback, draft=draft)
    feedback.refresh_from_db()
    return feedback


def retract(*, feedback: Feedback, actor: User) -> Feedback:
    """Take released feedback back onto the desk; the student no longer sees it."""
    draft = Draft.objects.select_related("assignment__course").get(pk=feedback.draft_id)
    _refuse_unless(draft.assignment.course, actor)
    with transaction.atomic():
        try:
            feedback.move(Feedback.Status.IN_REVIEW, released_at=None, released_by=None)
        except TransitionError as error:
            raise ReleaseRefused(str(error)) from None
        request = FeedbackRequest.objects.filter(draft=draft).first()
        if request is not None:
            request.try_move(FeedbackRequest.Status.IN_REVIEW)
        if draft.content_removed_at is None:
            Draft.objects.filter(pk=draft.pk).update(
                content_due_at=due_after_intake(draft.assignment, draft.submitted_at)
            )
        audit.record(actor=actor, code="feedback.retracted", obj=feedback, course_id=draft.assignment.course_id)
        mark_due(assignment_id=draft.assignment_id, now=timezone.now())
    return feedback
