"""Pages of courses: the list, one course, making and changing it, its life."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import actor_of
from accounts.models import User
from courses.access import open_course
from courses.catalogue import change_lifecycle, create_course, possible_actions, update_course
from courses.forms import CourseForm, CourseForOthersForm, initial_of, show_error, zone_names
from courses.lives import life_of_course, state_tone
from courses.models import Assignment, Course, CourseStaff, Enrolment
from courses.views.tabs import course_tabs
from feedforward.errors import DomainError

PAGE = 25
STATES = ("current", "archived", "all")
SORTS = {"title": ("title", "pk"), "term": ("term", "title", "pk"), "newest": ("-created_at", "-pk")}


@require_GET
def course_list(request: HttpRequest) -> HttpResponse:
    """The courses a person teaches or takes; all of them for administrators."""
    user = actor_of(request)
    state = request.GET.get("state", "current")
    state = state if state in STATES else "current"
    sort = request.GET.get("sort", "title")
    found = _narrowed(_course_rows(user), request.GET.get("q", ""), state)
    page = Paginator(found.order_by(*SORTS.get(sort, SORTS["title"]), "pk"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [{**row, "tone": state_tone(row["status"])} for row in page.object_list],
        "state": state,
        "sort": sort if sort in SORTS else "title",
        "may_create": user.is_instructor or user.is_administrator,
        "labels": dict(Course.Status.choices),
        "roles": dict(CourseStaff.Role.choices),
        "filtered": bool(request.GET.get("q")) or state != "current",
    }
    return render(request, "courses/course_list.html", context)


def _course_rows(user: User) -> QuerySet[Any]:
    """Everything a row of the list shows, in one query."""
    staff = CourseStaff.objects.filter(course=OuterRef("pk"), user=user).values("role")[:1]
    students = (
        Enrolment.objects.filter(course=OuterRef("pk"), status=Enrolment.Status.ACTIVE)
        .values("course")
        .annotate(n=Count("pk"))
        .values("n")
    )
    open_now = Assignment.objects.filter(course=OuterRef("pk"), status=Assignment.Status.ACTIVE)
    next_due = open_now.filter(due_at__gt=timezone.now()).order_by("due_at").values("due_at")[:1]
    return (
        Course.objects.visible_to(user)
        .annotate(
            role=Subquery(staff),
            students=Coalesce(Subquery(students, output_field=IntegerField()), 0),
            open_assignments=Coalesce(
                Subquery(open_now.values("course").annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0
            ),
            next_due=Subquery(next_due),
        )
        .values("public_id", "title", "code", "term", "status", "role", "students", "open_assignments", "next_due")
    )


def _narrowed(rows: QuerySet[Any], words: str, state: str) -> QuerySet[Any]:
    if state == "current":
        rows = rows.exclude(status=Course.Status.ARCHIVED)
    elif state == "archived":
        rows = rows.filter(status=Course.Status.ARCHIVED)
    for word in words.replace("\x00", "").split()[:6]:
        rows = rows.filter(Q(title__icontains=word) | Q(code__icontains=word) | Q(term__icontains=word))
    return rows


@require_GET
def course_detail(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """One course: its assignments, as staff or as a student sees them."""
    standing = open_course(actor_of(request), course_id)
    course = standing.course
    rows = Assignment.objects.alive().filter(course=course)
    if standing.is_student:
        rows = rows.exclude(status=Assignment.Status.DRAFT)
    now = timezone.now()
    # A course has tens of assignments, not thousands: the objects are needed for their phase.
    assignments = [
        {
            "public_id": row.public_id,
            "title": row.title,
            "phase": row.phase(now),
            "opens_at": row.opens_at,
            "due_at": row.due_at,
            "closes_at": row.closes_at,
            "practice": row.practice,
        }
        for row in rows.only(
            "public_id", "title", "status", "opens_at", "due_at", "closes_at", "practice", "course_id"
        ).order_by("due_at", "pk")
    ]
    assignments.sort(key=lambda row: (PHASE_ORDER.index(row["phase"]), row["due_at"] is None))
    enrolled = (
        standing.is_student
        and Enrolment.objects.filter(course=course, student=actor_of(request), status=Enrolment.Status.ACTIVE).exists()
    )
    context = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "course_detail"),
        "assignments": assignments,
        "enrolled": enrolled,
        "tone": state_tone(course.status),
    }
    return render(request, "courses/course_detail.html", context)


PHASE_ORDER = ("open", "upcoming", "draft", "closed", "archived")


@require_http_methods(["GET", "POST"])
def course_create(request: HttpRequest) -> HttpResponse:
    """Found a course; an administrator does it for an instructor."""
    user = actor_of(request)
    if not (user.is_instructor or user.is_administrator):
        raise PermissionDenied
    form_class = CourseForm if user.is_instructor else CourseForOthersForm
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        key = data.pop("key")
        try:
            course = create_course(actor=user, public_id=key, **data)
        except IntegrityError:
            # The form was sent twice; the course it made the first time is the answer.
            made = Course.objects.visible_to(user).filter(public_id=key).first()
            if made is not None:
                return redirect("course_detail", made.public_id)
            form.renew()
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The course is there, as a draft. Students see it once you activate it."))
            return redirect("course_detail", course.public_id)
    context = {"form": form, "zones": zone_names()}
    return render(request, "courses/course_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def course_edit(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Change title, code, term, description and settings."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course = standing.course
    form = CourseForm(request.POST or None, initial=initial_of(course))
    if request.method == "POST" and form.is_valid():
        changes = {name: value for name, value in form.cleaned_data.items() if name != "key"}
        try:
            update_course(course=course, actor=user, **changes)
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("course_edit", course.public_id)
    context = {
        "form": form,
        "zones": zone_names(),
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "course_edit"),
        "tone": state_tone(course.status),
    }
    return render(request, "courses/course_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def course_lifecycle(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Every step the course can take now, with what it means; POST takes one."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_own")
    course = standing.course
    error = ""
    if request.method == "POST":
        try:
            change_lifecycle(obj=course, action=request.POST.get("action", ""), actor=user)
        except DomainError as refused:
            error = str(refused)
            course.refresh_from_db()
        else:
            if course.status == Course.Status.DELETED:
                messages.success(request, _("“%(title)s” is deleted.") % {"title": course.title})
                return redirect("course_list")
            messages.success(
                request, _("The course is now: %(state)s.") % {"state": course.get_status_display().lower()}
            )
            return redirect("course_detail", course.public_id)
    context = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "course_edit"),
        "steps": life_of_course(possible_actions(course.status)),
        "tone": state_tone(course.status),
        "error": error,
    }
    return render(request, "courses/course_lifecycle.html", context, status=409 if error else 200)
