"""Pages of assignments: what students and staff see of one, opening it, its life. The editor is in aiconfig."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor_of
from courses.access import open_assignment
from courses.assignments import FORMATS, change_assignment, publish
from courses.catalogue import possible_actions
from courses.lives import life_of_assignment, state_tone
from courses.models import Assignment, Enrolment
from courses.rubrics import spec_of
from courses.views.tabs import course_tabs
from feedforward.errors import DomainError

PHASES = {
    "draft": (gettext_lazy("Draft"), "outline"),
    "upcoming": (gettext_lazy("Opens later"), "info"),
    "open": (gettext_lazy("Open"), "ok"),
    "closed": (gettext_lazy("Closed"), "neutral"),
    "archived": (gettext_lazy("Archived"), "neutral"),
}


@require_GET
def assignment_detail(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Instructions, dates and the rubric with its descriptors; drafts come in a panel of their own app."""
    user = actor_of(request)
    assignment, standing = open_assignment(user, assignment_id)
    now = timezone.now()
    enrolled = (
        standing.is_student
        and Enrolment.objects.filter(course=assignment.course, student=user, status=Enrolment.Status.ACTIVE).exists()
    )
    phase = assignment.phase(now)
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing,
        "enrolled": enrolled,
        "phase": phase,
        "phase_words": PHASES[phase][0],
        "phase_tone": PHASES[phase][1],
        "spec": spec_of(assignment.rubric) if assignment.rubric else None,
        "formats": [FORMATS[name] for name in (assignment.formats or FORMATS) if name in FORMATS],
        "tabs": course_tabs(standing, "course_detail"),
        "may_change": standing.may_teach and not assignment.is_read_only and not assignment.course.is_read_only,
        "course_not_active": assignment.course.status != assignment.course.Status.ACTIVE,
    }
    page = "courses/assignment_student.html" if standing.is_student else "courses/assignment_staff.html"
    return render(request, page, context)


@require_POST
def assignment_publish(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Open the assignment to students; opening an open one again is no error."""
    user = actor_of(request)
    assignment, _standing = open_assignment(user, assignment_id, "may_teach")
    if assignment.status != Assignment.Status.ACTIVE:
        try:
            publish(assignment=assignment, actor=user)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("assignment_detail", assignment.public_id)
        messages.success(request, _("The assignment is open."))
    return redirect("assignment_detail", assignment.public_id)


@require_http_methods(["GET", "POST"])
def assignment_lifecycle(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Every step the assignment can take now, with what it means; POST takes one."""
    user = actor_of(request)
    assignment, standing = open_assignment(user, assignment_id, "may_edit")
    # An administrator may take an assignment out of use, but opens none.
    actions = possible_actions(assignment.status)
    if not standing.may_teach:
        actions = [action for action in actions if action in {"archive", "delete", "deactivate"}]
    error = ""
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action not in actions:
                raise DomainError(_("This step is not possible now. Reload the page to see the present state."))
            change_assignment(assignment=assignment, action=action, actor=user)
        except DomainError as refused:
            error = str(refused)
        else:
            messages.success(request, _("“%(title)s” is changed.") % {"title": assignment.title})
            if action == "delete":
                return redirect("course_detail", assignment.course.public_id)
            return redirect("assignment_detail", assignment.public_id)
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing,
        "tabs": course_tabs(standing, "course_detail"),
        "steps": life_of_assignment(actions),
        "tone": state_tone(assignment.status),
        "error": error,
    }
    return render(request, "courses/assignment_lifecycle.html", context, status=409 if error else 200)
