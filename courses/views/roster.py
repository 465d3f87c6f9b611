"""Pages of the roster: who takes the course, who is invited, coming in by a code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.access import actor_of, get_or_404
from accounts.invitations import resend, waiting, withdraw
from accounts.models import Invitation, User
from courses.access import Standing, open_course
from courses.catalogue import set_join_code
from courses.forms import InviteForm, JoinCodeForm, JoinForm, RosterImportForm, show_error
from courses.invitations import invite_to_course, refuse_if_closed
from courses.models import Course, Enrolment
from courses.roster import enrol, join_by_code, leave, remove_student
from courses.roster_import import judge_rows, read_rows
from courses.views.tabs import course_tabs
from feedforward import ratelimit
from feedforward.csv_export import csv_response
from feedforward.errors import DomainError

PAGE = 50
SORTS = {
    "name": ("student__name", "student__email"),
    "-name": ("-student__name", "-student__email"),
    "joined": ("joined_at", "pk"),
    "-joined": ("-joined_at", "-pk"),
}


@require_GET
def roster(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Who takes the course, who is invited, and the ways to bring people in."""
    standing = open_course(actor_of(request), course_id, "may_see_people")
    return _roster_page(request, standing, InviteForm())


def _roster_page(request: HttpRequest, standing: Standing, form: InviteForm, status: int = 200) -> HttpResponse:
    course = standing.course
    state = request.GET.get("state", Enrolment.Status.ACTIVE)
    if state not in Enrolment.Status.values:
        state = Enrolment.Status.ACTIVE
    sort = request.GET.get("sort", "name")
    rows = Enrolment.objects.filter(course=course, status=state)
    for word in request.GET.get("q", "").replace("\x00", "").split()[:6]:
        rows = rows.filter(
            Q(student__name__icontains=word)
            | Q(student__email__icontains=word)
            | Q(student__student_number__icontains=word)
        )
    listed = rows.order_by(*SORTS.get(sort, SORTS["name"]), "pk").values(
        "student__public_id",
        "student__name",
        "student__email",
        "student__student_number",
        "student__is_active",
        "joined_at",
        "ended_at",
    )
    counts = dict(Enrolment.objects.filter(course=course).order_by().values_list("status").annotate(n=Count("pk")))
    now = timezone.now()
    invited = [
        {**row, "ran_out": row["expires_at"] <= now}
        for row in waiting(course=course)
        .filter(role=Invitation.Role.STUDENT)
        .values("public_id", "email", "name", "expires_at", "sent_count")[:200]
    ]
    context = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "roster"),
        "page_obj": Paginator(listed, PAGE).get_page(request.GET.get("page")),
        "state": state,
        "states": [
            {"value": value, "label": label, "count": counts.get(value, 0)} for value, label in Enrolment.Status.choices
        ],
        "invited": invited,
        "form": form,
        "code_form": JoinCodeForm(initial={"places": course.join_places}),
        "join_is_over": bool(course.join_until and course.join_until <= now),
        "may_change": standing.may_edit and not course.is_read_only,
        "may_invite": standing.may_edit and course.status in {Course.Status.DRAFT, Course.Status.ACTIVE},
        "join_url": f"{settings.SITE_URL}{reverse('join_by_code')}?code={course.join_code}" if course.join_code else "",
    }
    return render(request, "courses/roster.html", context, status=status)


@require_POST
@ratelimit.limited("invitation")
def roster_invite(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Invite one address as a student; whatever role is sent along changes nothing."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invite_to_course(course=standing.course, role=Invitation.Role.STUDENT, actor=user, **form.cleaned_data)
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("%(email)s is invited.") % {"email": form.cleaned_data["email"]})
            return redirect("roster", standing.course.public_id)
    return _roster_page(request, standing, form, status=422)


@require_http_methods(["GET", "POST"])
@ratelimit.limited("invitation")
def roster_import(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Invite from a list: first a dry run with a verdict on every row, then the sending."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course = standing.course
    form = RosterImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "roster"),
        "form": form,
    }
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            refuse_if_closed(course)
            rows = judge_rows(read_rows(text), course=course)
        except DomainError as error:
            show_error(form, error)
        else:
            ready = [row for row in rows if row.is_ready]
            if request.POST.get("step") == "send" and ready:
                return _send(request, course, user, ready)
            context |= {
                "rows": rows,
                "text": text,
                "ready": len(ready),
                "already": sum(row.already for row in rows),
                "wrong": sum(bool(row.problem) for row in rows),
            }
            return render(request, "courses/roster_import.html", context)
    return render(request, "courses/roster_import.html", context, status=422 if form.is_bound else 200)


def _send(request: HttpRequest, course: Course, user: User, ready: list[Any]) -> HttpResponse:
    """Invite row by row, each in its own short transaction; a refused row does not stop the others."""
    sent, refused = 0, []
    for row in ready:
        try:
            invite_to_course(course=course, email=row.email, name=row.name, role=Invitation.Role.STUDENT, actor=user)
            sent += 1
        except DomainError as error:
            refused.append(str(error))
    messages.success(request, ngettext("%(n)s invitation sent.", "%(n)s invitations sent.", sent) % {"n": sent})
    for words in refused[:5]:
        messages.warning(request, words)
    return redirect("roster", course.public_id)


@require_POST
def invitation_change(request: HttpRequest, course_id: UUID, invitation_id: UUID) -> HttpResponse:
    """Send an invitation of this course again, or take it back."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    invitation = get_or_404(Invitation.objects.filter(course=standing.course), public_id=invitation_id)
    if invitation.role != Invitation.Role.STUDENT:
        standing = open_course(user, course_id, "may_own")
    try:
        if request.POST.get("action") == "withdraw":
            withdraw(invitation=invitation, actor=user)
            messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
        else:
            refuse_if_closed(standing.course)
            resend(invitation=invitation, actor=user)
            messages.success(
                request, _("The invitation is on its way to %(email)s again.") % {"email": invitation.email}
            )
    except DomainError as error:
        messages.error(request, str(error))
    page = "roster" if invitation.role == Invitation.Role.STUDENT else "staff"
    return redirect(page, standing.course.public_id)


@require_http_methods(["GET", "POST"])
def roster_remove(request: HttpRequest, course_id: UUID, person_id: UUID) -> HttpResponse:
    """Take a student off the course, or give the place back; GET says what that means."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course = standing.course
    place = get_or_404(Enrolment.objects.filter(course=course).select_related("student"), student__public_id=person_id)
    student, error = place.student, ""
    if request.method == "POST":
        try:
            if request.POST.get("action") == "restore":
                enrol(course=course, student=student, actor=user)
                messages.success(request, _("%(name)s is back in the course.") % {"name": student.display_name})
            else:
                remove_student(course=course, student=student, actor=user)
                messages.success(request, _("%(name)s is off the course.") % {"name": student.display_name})
        except DomainError as refused:
            error = str(refused)
        else:
            return redirect("roster", course.public_id)
    context = {
        "course": course,
        "standing": standing,
        "student": student,
        "place": place,
        "is_active": place.status == Enrolment.Status.ACTIVE,
        "error": error,
        "tabs": course_tabs(standing, "roster"),
    }
    return render(request, "courses/roster_remove.html", context, status=409 if error else 200)


@require_POST
def roster_code(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Switch joining by code on (always with a fresh code) or off."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    on = request.POST.get("on") == "1"
    form = JoinCodeForm({"days": "30", **request.POST.dict()})
    if on and not form.is_valid():
        messages.error(request, _("Give a number of students between 1 and 5000, or leave it empty."))
        return redirect("roster", standing.course.public_id)
    until = timezone.now() + timedelta(days=form.cleaned_data["days"]) if on else None
    places = form.cleaned_data["places"] if on else None
    try:
        set_join_code(course=standing.course, on=on, actor=user, until=until, places=places)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("There is a new join code.") if on else _("Nobody can join by code now."))
    return redirect("roster", standing.course.public_id)


@require_GET
@ratelimit.limited("export", methods=("GET",))
def roster_export(request: HttpRequest, course_id: UUID) -> HttpResponseBase:
    """The roster as CSV; cells that a spreadsheet would run as formulas are guarded."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course = standing.course
    rows = list(
        Enrolment.objects.filter(course=course)
        .order_by("student__name", "student__email")
        .values_list("student__name", "student__email", "student__student_number", "status", "joined_at")
    )
    audit.record(actor=user, code="roster.exported", obj=course, course_id=course.pk, counts={"rows": len(rows)})
    head = ["name", "email", "student number", "state", "joined"]
    return csv_response("roster", head, ((*row[:4], row[4].date().isoformat()) for row in rows))


@require_http_methods(["GET", "POST"])
def join_course(request: HttpRequest) -> HttpResponse:
    """Come into a course by its code. A link only fills the field: joining is a POST."""
    user = actor_of(request)
    form = JoinForm(request.POST or None, initial={"code": request.GET.get("code", "")[:20]})
    if request.method == "POST" and form.is_valid():
        try:
            ratelimit.hit(ratelimit.CODE_PERSON, str(user.pk))
            place = join_by_code(code=form.cleaned_data["code"], actor=user)
        except ratelimit.TooMany as error:
            return ratelimit.too_many(request, error)
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("You are in “%(course)s”.") % {"course": place.course.title})
            return redirect("course_detail", place.course.public_id)
    return render(request, "courses/join.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def course_leave(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Give up one's own place; GET says what that means."""
    user = actor_of(request)
    standing = open_course(user, course_id)
    get_or_404(Enrolment.objects.filter(course=standing.course, status=Enrolment.Status.ACTIVE), student=user)
    error = ""
    if request.method == "POST":
        try:
            leave(course=standing.course, actor=user)
        except DomainError as refused:
            error = str(refused)
        else:
            messages.success(request, _("You left “%(course)s”.") % {"course": standing.course.title})
            return redirect("course_list")
    context = {"course": standing.course, "error": error}
    return render(request, "courses/course_leave.html", context, status=409 if error else 200)
