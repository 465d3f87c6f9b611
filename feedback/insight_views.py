"""What many drafts of one assignment say: for its staff, with the same numbers as a file; results for those who teach."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.access import actor_of, get_or_404, instructor_required, staff_required
from accounts.models import User
from courses.access import open_assignment, standing_in
from courses.models import Assignment
from feedback.agreement.statistics import MINIMUM_CONFIRMED_DRAFTS
from feedback.insight.export import INSIGHT_HEAD, insight_rows, results_head, results_rows
from feedback.insight.page import calibration_of, insight_of
from feedback.insight.report import records_of
from feedforward.csv_export import csv_response
from feedforward.ratelimit import limited


def _assignment(user: User, assignment_id: UUID) -> Assignment:
    rows = Assignment.objects.reviewable_by(user).select_related("course", "rubric")
    return get_or_404(rows, public_id=assignment_id)


@staff_required
@require_GET
def insight(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Levels, agreement, notes, editing, time and cost of one assignment."""
    user = actor_of(request)
    assignment = _assignment(user, assignment_id)
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing_in(user, assignment.course),
        "insight": insight_of(assignment),
        "minimum": MINIMUM_CONFIRMED_DRAFTS,
    }
    return render(request, "feedback/insight.html", context)


@staff_required
@require_GET
@limited("export", methods=("GET",))
def insight_export(request: HttpRequest, assignment_id: UUID) -> StreamingHttpResponse:
    """The page's numbers as CSV: no name, no words of anybody."""
    user = actor_of(request)
    assignment = _assignment(user, assignment_id)
    audit.record(actor=user, code="insight.exported", obj=assignment, course_id=assignment.course_id)
    return csv_response(f"insight {assignment.title}", INSIGHT_HEAD, insight_rows(insight_of(assignment)))


@instructor_required
@require_GET
@limited("export", methods=("GET",))
def results_export(request: HttpRequest, assignment_id: UUID) -> StreamingHttpResponse:
    """Levels and points, one line per draft, as CSV: for the owner and co-instructors."""
    user = actor_of(request)
    assignment, _standing = open_assignment(user, assignment_id, "may_teach")
    audit.record(actor=user, code="results.exported", obj=assignment, course_id=assignment.course_id)
    return csv_response(f"results {assignment.title}", results_head(assignment), results_rows(assignment))


@require_GET
def calibration(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """How the models are weighted, or what is missing: a panel of the assignment's page, and a page without scripts."""
    assignment, standing = open_assignment(actor_of(request), assignment_id, "may_see_people")
    records = records_of(assignment.pk)
    found = calibration_of(assignment, records)
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing,
        "calibration": found,
        "models": [
            {"name": name, "n": n, "record": records.get(name), "weight": (found.weights or {}).get(name)}
            for name, n in found.confirmed.items()
        ],
        "is_weighted": assignment.aggregation == Assignment.Aggregation.WEIGHTED,
    }
    whole = not getattr(request, "htmx", False)
    return render(request, "feedback/calibration_page.html" if whole else "feedback/_calibration.html", context)
