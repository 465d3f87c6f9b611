"""Pages of the staff: who teaches the course, inviting colleagues, handing the course over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor_of, get_or_404
from accounts.invitations import waiting
from accounts.models import Invitation
from courses.access import Standing, open_course
from courses.forms import OwnerForm, StaffForm, show_error
from courses.invitations import invite_to_course
from courses.models import CourseStaff
from courses.staffing import add_staff, remove_staff, transfer_ownership
from courses.views.tabs import course_tabs
from feedforward import ratelimit
from feedforward.errors import DomainError


@require_GET
def staff(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Who teaches the course, and who is invited to."""
    standing = open_course(actor_of(request), course_id, "may_see_people")
    return _staff_page(request, standing, StaffForm(), OwnerForm())


def _staff_page(
    request: HttpRequest, standing: Standing, form: StaffForm, owner_form: OwnerForm, status: int = 200
) -> HttpResponse:
    course = standing.course
    now = timezone.now()
    context = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "staff"),
        "members": CourseStaff.objects.filter(course=course)
        .order_by("created_at", "pk")
        .values("user__public_id", "user__name", "user__email", "user__is_active", "role", "created_at"),
        "roles": dict(CourseStaff.Role.choices),
        "invited": [
            {**row, "ran_out": row["expires_at"] <= now, "role_words": Invitation.Role(row["role"]).label}
            for row in waiting(course=course)
            .exclude(role=Invitation.Role.STUDENT)
            .values("public_id", "email", "role", "expires_at")
        ],
        "form": form,
        "owner_form": owner_form,
        "may_change": standing.may_own and not course.is_read_only,
    }
    return render(request, "courses/staff.html", context, status=status)


@require_POST
@ratelimit.limited("invitation")
def staff_invite(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Invite an address as teaching assistant or co-instructor."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_own")
    form = StaffForm(request.POST)
    if form.is_valid():
        try:
            invite_to_course(course=standing.course, actor=user, **form.cleaned_data)
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("%(email)s is invited.") % {"email": form.cleaned_data["email"]})
            return redirect("staff", standing.course.public_id)
    return _staff_page(request, standing, form, OwnerForm(), status=422)


@require_http_methods(["GET", "POST"])
def staff_change(request: HttpRequest, course_id: UUID, person_id: UUID) -> HttpResponse:
    """Change a member's role or take them off the staff; GET says what each means."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_own")
    course = standing.course
    member = get_or_404(CourseStaff.objects.filter(course=course).select_related("user"), user__public_id=person_id)
    error = ""
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action == "remove":
                remove_staff(course=course, user=member.user, actor=user)
            else:
                add_staff(course=course, user=member.user, role=action, actor=user)
        except DomainError as refused:
            error = str(refused)
        else:
            messages.success(request, _("The staff is changed."))
            return redirect("staff", course.public_id)
    context = {
        "course": course,
        "standing": standing,
        "member": member,
        "error": error,
        "tabs": course_tabs(standing, "staff"),
    }
    return render(request, "courses/staff_change.html", context, status=409 if error else 200)


@require_POST
def staff_owner(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Hand the course to another owner; for administrators."""
    user = actor_of(request)
    standing = open_course(user, course_id)
    if not standing.is_administrator:
        raise PermissionDenied
    form = OwnerForm(request.POST)
    if form.is_valid():
        owner = form.cleaned_data["instructor"]
        try:
            transfer_ownership(course=standing.course, user=owner, actor=user)
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("%(name)s owns the course now.") % {"name": owner.display_name})
            return redirect("staff", standing.course.public_id)
    return _staff_page(request, standing, StaffForm(), form, status=422)
