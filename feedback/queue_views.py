"""The review queue: what waits for a person, the oldest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import actor_of, get_or_404, staff_required
from courses.models import Assignment
from submissions.models import Draft


@staff_required
@require_GET
def review_queue(request: HttpRequest, public_id: str) -> HttpResponse:
    """The drafts of one assignment."""
    user = actor_of(request)
    assignment = get_or_404(Assignment.objects.reviewable_by(user).select_related("course"), public_id=public_id)
    drafts = (
        Draft.objects.reviewable_by(user)
        .filter(assignment=assignment)
        .select_related("student", "feedback", "feedback_request")
        .order_by("submitted_at")
    )
    return render(request, "feedback/queue.html", {"assignment": assignment, "drafts": drafts})


@staff_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this person, over all assignments."""
    user = actor_of(request)
    drafts = (
        Draft.objects.reviewable_by(user)
        .filter(feedback_request__status__in=["in_review", "needs_human"])
        .select_related("student", "feedback", "feedback_request", "assignment")
        .order_by("submitted_at")
    )
    return render(request, "feedback/queue.html", {"drafts": drafts})
