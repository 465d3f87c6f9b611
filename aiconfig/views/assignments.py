"""The assignment editor and copying a course: pages that put courses and models together in one save."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor_of
from accounts.models import User
from aiconfig.assignment_form import AssignmentForm, initial_of_assignment, initial_of_new
from aiconfig.estimates import Estimate, estimate_for, estimate_of
from aiconfig.forms import ReviewersTable, reviewers_for
from aiconfig.models import AssignmentModel
from aiconfig.plans import MAX_RUNS_PER_DRAFT, ModelChoice, PlanInvalid, copy_plans, default_models, plan_of
from aiconfig.plans import set_assignment_models as set_models
from courses.access import Standing, open_assignment, open_course
from courses.assignments import NotReadyToPublish, create_assignment, publish, require_ready, update_assignment
from courses.catalogue import copy_course
from courses.forms import CopyForm, show_error
from courses.models import Assignment, Course, Rubric
from courses.views.tabs import course_tabs
from feedforward.errors import DomainError


@require_http_methods(["GET", "POST"])
def assignment_create(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Make an assignment; the reviewers are chosen already, so a title and a rubric are enough."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_teach")
    table = reviewers_for(user, default_models())
    initial = initial_of_new(standing.course, request.GET.get("rubric"))
    form = AssignmentForm(request.POST or None, course=standing.course, initial=initial)
    if request.method == "POST":
        return _save(request, user, standing, form, table, None)
    return _page(request, standing, form, table, None)


@require_http_methods(["GET", "POST"])
def assignment_edit(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Change an assignment and its reviewers."""
    user = actor_of(request)
    assignment, standing = open_assignment(user, assignment_id, "may_teach")
    table = reviewers_for(user, plan_of(assignment))
    form = AssignmentForm(request.POST or None, course=standing.course, initial=initial_of_assignment(assignment))
    if request.method == "POST":
        return _save(request, user, standing, form, table, assignment)
    if "opening" in request.GET:
        return _page(request, standing, form, table, assignment, missing=_missing(assignment))
    return _page(request, standing, form, table, assignment)


def _missing(assignment: Assignment) -> NotReadyToPublish | None:
    """Return why the assignment cannot be opened as it is saved."""
    try:
        require_ready(assignment, now=timezone.now())
    except NotReadyToPublish as error:
        return error
    return None


def _save(
    request: HttpRequest,
    user: User,
    standing: Standing,
    form: AssignmentForm,
    table: ReviewersTable,
    assignment: Assignment | None,
) -> HttpResponse:
    """Save assignment and reviewers together or not at all; opening it is a further step that may fail alone."""
    # A page made without the table (a script, an old tab) leaves the reviewers as they are.
    plan = table.read(request.POST) if "reviewers" in request.POST else None
    if not form.is_valid() or not table.is_valid:
        return _page(request, standing, form, table, assignment, status=422)
    try:
        saved = _written(user, standing.course, form, plan, assignment)
    except IntegrityError:
        # Sent twice: the assignment the first one made is the answer.
        made = Assignment.objects.editable_by(user).filter(public_id=form.cleaned_data["key"]).first()
        if made is None:
            form.renew()
            return _page(request, standing, form, table, assignment, status=422)
        return redirect("assignment_detail", made.public_id)
    except PlanInvalid as error:
        table.refuse(error, plan or ())
        return _page(request, standing, form, table, assignment, status=422)
    except DomainError as error:
        show_error(form, error)
        return _page(request, standing, form, table, assignment, status=422)
    if request.POST.get("then") == "publish" and saved.status != Assignment.Status.ACTIVE:
        try:
            publish(assignment=saved, actor=user)
        except NotReadyToPublish:
            # The page says what is missing, as long as it is: a message would be gone before it is mended.
            return redirect(f"{reverse('assignment_edit', args=[saved.public_id])}?opening=1")
        except DomainError as error:
            messages.warning(request, _("Saved, but not opened: %(why)s") % {"why": error})
            return redirect("assignment_edit", saved.public_id)
        messages.success(request, _("The assignment is open."))
    else:
        messages.success(request, _("Saved."))
    return redirect("assignment_detail", saved.public_id)


def _written(
    user: User,
    course: Course,
    form: AssignmentForm,
    plan: Sequence[ModelChoice] | None,
    assignment: Assignment | None,
) -> Assignment:
    with transaction.atomic():
        if assignment is None:
            key = form.cleaned_data["key"]
            saved = create_assignment(course=course, actor=user, public_id=key, **form.values())
            plan = default_models() if plan is None else plan
        else:
            saved = update_assignment(assignment=assignment, actor=user, **form.values())
        if plan is not None:
            set_models(assignment=saved, choices=plan, actor=user)
    return saved


def _page(
    request: HttpRequest,
    standing: Standing,
    form: AssignmentForm,
    table: ReviewersTable,
    assignment: Assignment | None,
    status: int = 200,
    missing: NotReadyToPublish | None = None,
) -> HttpResponse:
    context = {
        "missing": missing,
        "course": standing.course,
        "assignment": assignment,
        "standing": standing,
        "tabs": course_tabs(standing, "course_detail"),
        "form": form,
        "table": table,
        "has_rubrics": form.fields["rubric"].queryset.exists(),  # type: ignore[attr-defined]
        "most_runs": MAX_RUNS_PER_DRAFT,
        # As saved; as typed it is asked for by plan_estimate.
        "estimate": _first_estimate(assignment, table.opened_with),
    }
    return render(request, "aiconfig/assignment_form.html", context, status=status)


def _first_estimate(assignment: Assignment | None, plan: Sequence[ModelChoice]) -> Estimate | None:
    """Return the estimate of the plan the editor opens with."""
    now = timezone.now()
    if not plan:
        return None
    if assignment is not None:
        return estimate_of(assignment, plan, now=now)
    return estimate_for(plan, rubric=None, instructions="", min_words=None, max_words=None, now=now)


@require_POST
def plan_estimate(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """What one draft costs under the choice of models as typed; a panel of the editor, nothing is saved."""
    user = actor_of(request)
    course = open_course(user, course_id, "may_teach").course
    asked = _uuid(request.POST.get("assignment", ""))
    mine = Assignment.objects.editable_by(user).filter(course=course)
    assignment = mine.filter(public_id=asked).first() if asked else None
    table = reviewers_for(user, plan_of(assignment) if assignment else ())
    plan = table.read(request.POST)
    chosen = _uuid(request.POST.get("rubric", ""))
    rubric = Rubric.objects.filter(course=course, public_id=chosen).first() if chosen else None
    estimate = estimate_for(
        plan,
        rubric=rubric,
        instructions=request.POST.get("instructions", "") + request.POST.get("custom_instructions", ""),
        min_words=_number(request.POST.get("min_words", "")),
        max_words=_number(request.POST.get("max_words", "")),
        now=timezone.now(),
        assignment=assignment,
        course_id=course.pk,
        # A trial's form has no such field: it is about the assignment as it is saved.
        max_drafts=assignment.max_drafts
        if assignment and "max_drafts" not in request.POST
        else min(20, _number(request.POST.get("max_drafts", "")) or 1),
    )
    return render(request, "aiconfig/estimate.html", {"estimate": estimate if plan else None})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    """Return a number of words or drafts as typed; what is none counts as empty here, saving says so."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


@require_GET
def assignment_reviewers(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Which models read an assignment, in words: a panel of its page, and a page without scripts. For staff."""
    assignment, standing = open_assignment(actor_of(request), assignment_id, "may_see_people")
    rows = (
        AssignmentModel.objects.filter(assignment=assignment)
        .order_by("position", "pk")
        .values(
            "runs",
            "is_fallback",
            "ai_model__display_name",
            "ai_model__status",
            "ai_model__provider__name",
            "ai_model__provider__status",
            "ai_model__provider__is_demo",
            "ai_model__provider__region_note",
        )
    )
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing,
        "rows": [
            {**row, "usable": row["ai_model__status"] == "active" and row["ai_model__provider__status"] == "active"}
            for row in rows
        ],
    }
    plan = plan_of(assignment)
    if plan:
        context["estimate"] = estimate_of(assignment, plan, now=timezone.now())
    whole = not getattr(request, "htmx", False)
    page = "aiconfig/assignment_reviewers_page.html" if whole else "aiconfig/assignment_reviewers.html"
    return render(request, page, context)


@require_http_methods(["GET", "POST"])
def course_copy(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Copy a course with its rubrics, assignments and their reviewers for the next term."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course = standing.course
    # An administrator copies for the instructor; everybody else gets a course of their own.
    owner = user if user.is_instructor else course.instructor
    form = CopyForm(request.POST or None, initial={"title": course.title, "code": course.code})
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        key = data.pop("key")
        try:
            with transaction.atomic():
                copied = copy_course(course=course, actor=user, instructor=owner, public_id=key, **data)
                copy_plans(pairs=copied.assignment_ids)
        except IntegrityError:
            made = Course.objects.visible_to(user).filter(public_id=key).first()
            if made is not None:
                return redirect("course_detail", made.public_id)
            form.renew()
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The copy is there, as a draft. Set the dates, then activate it."))
            return redirect("course_detail", copied.course.public_id)
    context = {"form": form, "course": course, "standing": standing}
    return render(request, "courses/course_copy.html", context, status=422 if form.is_bound else 200)
