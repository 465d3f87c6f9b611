"""The record of one course: who did what in it, for its owner."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import actor_of
from accounts.views.audit_log import audit_file, audit_page
from courses.access import Standing, open_course
from courses.models import Enrolment
from courses.views.tabs import course_tabs
from feedforward.ratelimit import limited


def _veiled(standing: Standing) -> frozenset[int]:
    """Whose names the owner does not read here: students, where drafts are reviewed blind.

    The time of a hand-in next to a name would undo it.
    """
    course = standing.course
    if standing.staff_role == "" or not course.assignments.alive().filter(blind_review=True).exists():
        return frozenset()
    return frozenset(Enrolment.objects.filter(course=course).values_list("student_id", flat=True))


@require_GET
def course_record(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """All events of the course, newest first."""
    standing = open_course(actor_of(request), course_id, "may_own")
    course = standing.course
    query = request.GET.urlencode()
    return audit_page(
        request,
        course_id=course.pk,
        veiled=_veiled(standing),
        export_url=reverse("course_record_export", args=[course.public_id]) + (f"?{query}" if query else ""),
        heading=_("Record"),
        back_url=reverse("course_detail", args=[course.public_id]),
        back_label=course.title,
        tabs=course_tabs(standing, "course_record"),
    )


@require_GET
@limited("export", methods=("GET",))
def course_record_export(request: HttpRequest, course_id: UUID) -> HttpResponseBase:
    """The same as CSV; that it was taken is recorded."""
    standing = open_course(actor_of(request), course_id, "may_own")
    return audit_file(request, course_id=standing.course.pk, veiled=_veiled(standing))
