"""Telling people: reviewers that work waits, students that feedback is there."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from courses.models import CourseStaff
from feedback.models import Feedback, FeedbackRequest
from feedforward.outbox import queue_mail
from submissions.models import Draft


def link(name: str, *args: object) -> str:
    """Return an absolute link from the configured site address, never from a request's Host."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def tell_reviewers(*, request: FeedbackRequest) -> None:
    """One mail per person, assignment and hour, however many drafts arrive; a draft without an answer is named."""
    assignment = request.assignment
    hour = f"{timezone.now():%Y%m%d%H}"
    needs_person = request.status == FeedbackRequest.Status.NEEDS_HUMAN
    staff = CourseStaff.objects.filter(course_id=assignment.course_id, user__is_active=True).select_related("user")
    for member in staff:
        queue_mail(
            kind="needs_person" if needs_person else "review_waits",
            to=member.user.email,
            user=member.user,
            subject=(
                f"A draft needs you: {assignment.title}"
                if needs_person
                else f"Drafts wait for review: {assignment.title}"
            ),
            template="review_waits",
            context={
                "assignment": assignment,
                "needs_person": needs_person,
                "url": link("review_queue", assignment.public_id),
            },
            dedupe_key=f"{'needs' if needs_person else 'review'}-{assignment.pk}-{hour}",
        )


def tell_student(*, feedback: Feedback, draft: Draft) -> None:
    """Tell the author that feedback was released; the mail quotes nothing of it."""
    queue_mail(
        kind="feedback_released",
        to=draft.student.email,
        user=draft.student,
        subject=f"Feedback on your draft: {draft.assignment.title}",
        template="feedback_released",
        context={"draft": draft, "url": link("feedback_read", draft.public_id)},
        dedupe_key=f"released-{feedback.pk}-{feedback.released_at:%Y%m%d%H%M%S}",
    )


def tell_looked_again(*, feedback: Feedback, draft: Draft) -> None:
    """Tell the author that a person looked again and the feedback stands."""
    queue_mail(
        kind="looked_again",
        to=draft.student.email,
        user=draft.student,
        subject=f"Your instructor looked again: {draft.assignment.title}",
        template="looked_again",
        context={"draft": draft, "url": link("feedback_read", draft.public_id)},
    )
