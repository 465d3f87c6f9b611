"""The pages of trials: for the owner and co-instructors of the course. Whose trial it is not: 404; a wrong role: 403."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.access import actor_of, get_or_404, instructor_required
from accounts.models import User
from aiconfig.forms import ReviewersTable, reviewers_for
from aiconfig.plans import MAX_RUNS_PER_DRAFT, PlanInvalid
from courses.access import open_assignment
from courses.forms import show_error
from courses.models import Assignment
from feedback.models import ModelRun, Trial
from feedback.planning import saved_setting
from feedback.trials.forms import TrialForm, initial_of
from feedback.trials.making import make_trial, remove_trial, run_trial
from feedback.trials.page import compare, setting_of, view_of
from feedforward.errors import DomainError
from feedforward.ratelimit import limited
from submissions.room import limit_words, limits_for

PER_PAGE = 20


def _trial(user: User, public_id: UUID) -> Trial:
    rows = Trial.objects.visible_to(user).select_related("assignment__course", "created_by")
    return get_or_404(rows, public_id=public_id)


def _before(user: User, assignment: Assignment, raw: str) -> Trial | None:
    """The earlier trial whose text and setting the form begins with, while its text is there."""
    try:
        public_id = UUID(raw)
    except ValueError:
        return None
    rows = Trial.objects.visible_to(user).filter(assignment=assignment, content_removed_at=None, status="ready")
    return rows.filter(public_id=public_id).first()


@instructor_required
@require_http_methods(["GET", "POST"])
@limited("test_run")
def trials(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Try the assignment's setting, or another one, on a text; and the trials made so far."""
    user = actor_of(request)
    assignment, _standing = open_assignment(user, assignment_id, "may_teach")
    before = _before(user, assignment, (request.POST or request.GET).get("again", ""))
    setting = setting_of(before) if before else saved_setting(assignment)
    table = reviewers_for(user, setting.choices)
    if request.method == "GET":
        form = TrialForm(before=before, initial=initial_of(setting))
        return _page(request, assignment, form, table, before)
    form = TrialForm(request.POST, request.FILES, before=before)
    choices = table.read(request.POST)
    if not form.is_valid() or not table.is_valid:
        return _page(request, assignment, form, table, before, status=422)
    try:
        trial = make_trial(
            assignment=assignment,
            text=form.chosen_text(),
            setting=form.chosen_setting(choices),
            dry=request.POST.get("then") == "prompt",
            actor=user,
            key=form.cleaned_data["key"],
        )
    except PlanInvalid as error:
        table.refuse(error, choices)
    except DomainError as error:
        show_error(form, error)
    else:
        return redirect("trial", trial.public_id)
    return _page(request, assignment, form, table, before, status=422)


def _page(
    request: HttpRequest,
    assignment: Assignment,
    form: TrialForm,
    table: ReviewersTable,
    before: Trial | None,
    status: int = 200,
) -> HttpResponse:
    made = Trial.objects.filter(assignment=assignment).select_related("created_by", "request")
    page = Paginator(made.defer("text", "result"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "form": form,
        "table": table,
        "before": before,
        "page_obj": page,
        "most_runs": MAX_RUNS_PER_DRAFT,
        "max_mb": limit_words(limits_for(assignment))["max_mb"],
        "read_only": assignment.is_read_only or assignment.course.is_read_only,
    }
    return render(request, "feedback/trials.html", context, status=status)


def _context(trial: Trial) -> dict[str, object]:
    others = (
        Trial.objects.filter(assignment=trial.assignment, text_id=trial.text_id, request__status="tried")
        .exclude(pk=trial.pk)
        .only("public_id", "created_at", "title", "plan")[:10]
    )
    return {
        "trial": trial,
        "assignment": trial.assignment,
        "view": view_of(trial),
        "others": list(others),
        "read_only": trial.assignment.is_read_only or trial.assignment.course.is_read_only,
    }


@instructor_required
@require_GET
def trial(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One trial: how far it is, and what came of it."""
    return render(request, "feedback/trial.html", _context(_trial(actor_of(request), public_id)))


@instructor_required
@require_GET
@limited("poll", methods=("GET",))
def trial_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The moving part of a trial's page."""
    return render(request, "feedback/_trial.html", _context(_trial(actor_of(request), public_id)))


@instructor_required
@require_POST
@limited("test_run")
def trial_run(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Call the models after a look at the prompt."""
    user = actor_of(request)
    found = _trial(user, public_id)
    try:
        run_trial(trial=found, actor=user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("trial", found.public_id)


@instructor_required
@require_POST
def trial_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Remove the text now instead of later."""
    user = actor_of(request)
    found = _trial(user, public_id)
    remove_trial(trial=found, actor=user)
    messages.success(request, _("The text is removed, and with it prompts, answers and notes."))
    return redirect("trials", found.assignment.public_id)


@instructor_required
@require_GET
def trial_transcript(request: HttpRequest, public_id: UUID, run_id: int) -> HttpResponse:
    """The exact prompt of one run and the exact answer, while they are kept."""
    user = actor_of(request)
    found = _trial(user, public_id)
    run = get_or_404(ModelRun.objects.filter(request__trial=found).select_related("transcript"), pk=run_id)
    audit.record(actor=user, code="run.transcript_opened", obj=run, course_id=found.assignment.course_id)
    context = {
        "assignment": found.assignment,
        "run": run,
        "transcript": getattr(run, "transcript", None),
        "back_words": found.title,
        "back_url": reverse("trial", args=[found.public_id]),
    }
    return render(request, "feedback/transcript.html", context)


@instructor_required
@require_GET
def trial_compare(request: HttpRequest, public_id: UUID, other_id: UUID) -> HttpResponse:
    """Two trials of one text side by side; trials of different texts are not compared."""
    user = actor_of(request)
    first, second = _trial(user, public_id), _trial(user, other_id)
    if first.pk == second.pk or (first.assignment_id, first.text_id) != (second.assignment_id, second.text_id):
        raise Http404
    # The earlier one first, whichever page one comes from.
    first, second = sorted((first, second), key=lambda one: one.pk)
    context = {"assignment": first.assignment, "comparison": compare(first, second)}
    return render(request, "feedback/trial_compare.html", context)
