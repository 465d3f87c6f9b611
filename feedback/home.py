"""The first page: what needs me now, for each role the person has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import actor_of
from accounts.models import User
from courses.models import Assignment, Course, CourseStaff, Enrolment
from feedback.costs import course_months
from feedback.models import Feedback, FeedbackRequest
from submissions.models import Draft


@dataclass(frozen=True)
class StudentTask:
    """One line of "what needs me now"."""

    kind: str  # feedback, check, failed, waiting
    title: str
    course: str
    public_id: Any
    number: int
    at: datetime | None


def student_tasks(user: User) -> list[StudentTask]:
    """Return what waits for the student: feedback not read yet, files that failed, drafts on their way."""
    later = Draft.objects.filter(
        assignment=OuterRef("assignment"), student=user, submitted_at__gt=OuterRef("submitted_at")
    ).exclude(status=Draft.Status.WITHDRAWN)
    rows = (
        Draft.objects.of_student(user)
        .exclude(status=Draft.Status.WITHDRAWN)
        # A file that failed needs nobody any more once another one was handed in.
        .exclude(Q(status=Draft.Status.FAILED) & Exists(later))
        .filter(
            Q(feedback__status=Feedback.Status.RELEASED, feedback__first_read_at__isnull=True)
            | ~Q(feedback__status=Feedback.Status.RELEASED)
            # No feedback row yet: NOT (NULL = 'released') is not true in SQL.
            | Q(feedback__isnull=True)
        )
        .order_by("-submitted_at")
        .values_list(
            "status",
            "assignment__title",
            "assignment__course__title",
            "public_id",
            "number",
            "feedback__status",
            "feedback__released_at",
            "submitted_at",
        )[:30]
    )
    tasks = []
    for status, title, course, public_id, number, feedback_status, released_at, submitted_at in rows:
        if feedback_status == Feedback.Status.RELEASED:
            kind, at = "feedback", released_at
        elif status == Draft.Status.FAILED:
            kind, at = "failed", submitted_at
        elif status == Draft.Status.CHECKING:
            kind, at = "check", submitted_at
        else:
            kind, at = "waiting", submitted_at
        tasks.append(StudentTask(kind, title, course, public_id, number, at))
    order = {"feedback": 0, "failed": 1, "check": 2, "waiting": 3}
    return sorted(tasks, key=lambda task: order[task.kind])


def student_assignments(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """Return the open assignments of the student's courses, the next due first, with drafts used."""
    enrolled = Enrolment.objects.filter(student=user, status=Enrolment.Status.ACTIVE).values("course")
    rows = (
        Assignment.objects.active()
        .filter(course__in=enrolled, course__status=Course.Status.ACTIVE)
        .filter(Q(opens_at__isnull=True) | Q(opens_at__lte=now), Q(closes_at__isnull=True) | Q(closes_at__gt=now))
        .annotate(
            used=Count(
                "drafts",
                filter=Q(drafts__student=user) & ~Q(drafts__status__in=[Draft.Status.FAILED, Draft.Status.WITHDRAWN]),
            ),
            last=Max("drafts__submitted_at", filter=Q(drafts__student=user)),
        )
        .order_by("due_at", "title")
        .values("public_id", "title", "course__title", "due_at", "used", "max_drafts", "last")[:50]
    )
    return list(rows)


def teaching_queues(user: User) -> list[dict[str, Any]]:
    """Return one row per assignment with drafts to review: counts, the oldest, the failed ones."""
    taught = CourseStaff.objects.filter(user=user).values("course")
    waiting = [FeedbackRequest.Status.IN_REVIEW, FeedbackRequest.Status.NEEDS_HUMAN]
    rows = (
        Assignment.objects.alive()
        .filter(course__in=taught, course__deleted_at__isnull=True)
        .annotate(
            waiting=Count("drafts", filter=Q(drafts__feedback_request__status__in=waiting)),
            needs_person=Count("drafts", filter=Q(drafts__feedback_request__status=FeedbackRequest.Status.NEEDS_HUMAN)),
            under_way=Count(
                "drafts",
                filter=Q(drafts__feedback_request__status__in=["open", "aggregating"])
                | Q(drafts__status__in=["received", "reading"]),
            ),
            flagged=Count(
                "drafts", filter=Q(drafts__feedback__must_count__gt=0, drafts__feedback_request__status__in=waiting)
            ),
            oldest=Min("drafts__submitted_at", filter=Q(drafts__feedback_request__status__in=waiting)),
        )
        .filter(Q(waiting__gt=0) | Q(under_way__gt=0) | Q(status="active"))
        .order_by(F("oldest").asc(nulls_last=True), "due_at", "title")
        .values(
            "public_id",
            "title",
            "course__title",
            "course__public_id",
            "waiting",
            "needs_person",
            "under_way",
            "flagged",
            "oldest",
            "due_at",
            "status",
        )[:50]
    )
    return list(rows)


def site_numbers() -> dict[str, int]:
    """Return the administrator's counts: metadata only."""
    return {
        "people": User.objects.filter(is_active=True).count(),
        "courses": Course.objects.alive().active().count(),
        "drafts": Draft.objects.count(),
        "needs_person": FeedbackRequest.objects.filter(status=FeedbackRequest.Status.NEEDS_HUMAN).count(),
    }


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs me now; then courses."""
    user = actor_of(request)
    now = timezone.now()
    context: dict[str, Any] = {"now": now}
    if user.is_student:
        context["tasks"] = student_tasks(user)
        context["assignments"] = student_assignments(user, now=now)
    if user.is_instructor or user.is_assistant:
        context["queues"] = teaching_queues(user)
        context["costs"] = course_months(user, now)
    if user.is_administrator:
        context["numbers"] = site_numbers()
    return render(request, "feedback/home.html", context)
