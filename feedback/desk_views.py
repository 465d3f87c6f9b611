"""The review desk: one draft, what the readings say, and the instructor's decision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import actor_of, get_or_404, staff_required
from submissions.models import Draft


@staff_required
@require_GET
def desk(request: HttpRequest, public_id: str) -> HttpResponse:
    """The desk with one draft on it."""
    user = actor_of(request)
    draft = get_or_404(Draft.objects.reviewable_by(user).select_related("assignment", "feedback"), public_id=public_id)
    return render(request, "feedback/desk.html", {"draft": draft})
