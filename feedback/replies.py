"""The student's side of the conversation: plans, ratings, replies, and asking for a person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import CourseStaff, Enrolment
from feedback.models import Feedback, FeedbackItem
from feedback.telling import link
from feedforward.errors import DomainError
from feedforward.outbox import queue_mail
from submissions.models import Draft

LONGEST_WORDS = 2000


class ReplyRefused(DomainError):
    """The answer cannot be stored."""

    code = "reply_refused"


def _refuse_when_over(draft: Draft, actor: User) -> None:
    """Raise when the course can only be read any more, or is no longer the student's."""
    course = draft.assignment.course
    if course.is_read_only or course.deleted_at or draft.assignment.deleted_at:
        raise ReplyRefused(_("This is over; its feedback can be read but not answered."), code="archived")
    if not Enrolment.objects.filter(course=course, student=actor, status=Enrolment.Status.ACTIVE).exists():
        raise ReplyRefused(_("You have left this course; its feedback can be read but not answered."), code="left")


def _words(text: str) -> str:
    return text.replace("\x00", "").strip()


def mark_read(*, feedback: Feedback, actor: User) -> None:
    """Remember when the student first opened the feedback; later reads write nothing."""
    if feedback.first_read_at is None:
        Feedback.objects.filter(pk=feedback.pk, first_read_at__isnull=True).update(first_read_at=timezone.now())


def respond(
    *,
    item: FeedbackItem,
    actor: User,
    plan: str | None = None,
    plan_words: str | None = None,
    rating: str | None = None,
    reply: str | None = None,
) -> FeedbackItem:
    """Store the author's answer to a note. ``None`` leaves a part as it is, "" empties it."""
    if item.feedback.draft.student_id != actor.pk:
        raise ReplyRefused(_("Only the author of the draft can answer."), code="not_allowed")
    _refuse_when_over(item.feedback.draft, actor)
    fields: dict[str, str] = {}
    if plan is not None:
        if plan and plan not in FeedbackItem.Plan.values:
            raise ReplyRefused(_("Choose one of the plans."), field="plan")
        fields["plan"] = plan
    if rating is not None:
        if rating and rating not in FeedbackItem.Rating.values:
            raise ReplyRefused(_("Choose one of the ratings."), field="rating")
        fields["rating"] = rating
    for name, words in (("plan_words", plan_words), ("reply", reply)):
        if words is not None:
            if len(words) > LONGEST_WORDS:
                raise ReplyRefused(_("Please keep it below 2,000 characters."), field=name)
            fields[name] = _words(words)
    if fields:
        with transaction.atomic():
            FeedbackItem.objects.filter(pk=item.pk).update(**fields)
            audit.record(
                actor=actor,
                code="note.answered",
                obj=item,
                course_id=item.feedback.draft.assignment.course_id,
                fields=fields,
            )
        for name, value in fields.items():
            setattr(item, name, value)
    return item


def contest(*, feedback: Feedback, actor: User, words: str, now: datetime) -> None:
    """Ask the staff for another look; asking again while one is open changes only the words."""
    draft = feedback.draft
    if draft.student_id != actor.pk:
        raise ReplyRefused(_("Only the author of the draft can ask."), code="not_allowed")
    _refuse_when_over(draft, actor)
    if len(words) > LONGEST_WORDS:
        raise ReplyRefused(_("Please keep it below 2,000 characters."), field="words")
    with transaction.atomic():
        Feedback.objects.filter(pk=feedback.pk).update(contested_at=now, contest_words=_words(words))
        audit.record(actor=actor, code="feedback.contested", obj=feedback, course_id=draft.assignment.course_id)
        for member in CourseStaff.objects.filter(course_id=draft.assignment.course_id).select_related("user"):
            queue_mail(
                kind="contested",
                to=member.user.email,
                user=member.user,
                subject=f"A student asks you to look again: {draft.assignment.title}",
                template="contested",
                context={"assignment": draft.assignment, "url": link("desk", draft.public_id)},
                dedupe_key=f"contested-{feedback.pk}-{now:%Y%m%d}",
            )
