"""What a course and an assignment cost, the budgets over them, and the limit their people may set."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import actor_of, get_or_404
from aiconfig.budgets import budgets_over, remove_budget, set_budget, states_of
from aiconfig.estimates import estimate_of
from aiconfig.forms import BudgetForm
from aiconfig.models import Budget
from aiconfig.plans import plan_of
from courses.access import open_assignment, open_course
from courses.forms import show_error
from courses.models import Assignment
from courses.views.tabs import course_tabs
from feedback.costs import costs_by_assignment, costs_by_model, held_back
from feedforward.errors import DomainError


def _changed(request: HttpRequest, form: BudgetForm, **target: Any) -> bool:
    """Set or remove the budget of ``target`` as the form says; False when there is something to correct."""
    user, now = actor_of(request), timezone.now()
    if request.POST.get("action") == "remove":
        scope = next(iter(target))
        rows = Budget.objects.filter(is_active=True, scope=scope, period=request.POST.get("period", ""), **target)
        remove_budget(budget=get_or_404(rows.select_related("assignment")), actor=user)
        messages.success(request, _("The budget is removed."))
        return True
    if not form.is_valid():
        return False
    try:
        set_budget(
            limit_usd=form.cleaned_data["limit_usd"],
            period=form.cleaned_data["period"],
            actor=user,
            now=now,
            **target,
        )
    except DomainError as error:
        show_error(form, error)
        return False
    messages.success(request, _("The budget is set. Readings that found no money can be repeated from the queue."))
    return True


@require_http_methods(["GET", "POST"])
def course_costs(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """What the course's assignments cost; an administrator sets its budget here."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_edit")
    course, now = standing.course, timezone.now()
    form = BudgetForm(request.POST or None)
    if request.method == "POST":
        if not user.is_administrator:
            raise PermissionDenied
        if _changed(request, form, course=course):
            return redirect("course_costs", course.public_id)
    assignments = Assignment.objects.alive().filter(course=course).order_by("title", "pk")
    costs, waiting = costs_by_assignment(assignments, now), held_back(assignments)
    rows = [
        {"public_id": public_id, "title": title, "costs": costs.get(pk), "held_back": waiting.get(pk, 0)}
        for pk, public_id, title in assignments.values_list("pk", "public_id", "title")
    ]
    context = {
        "course": course,
        "standing": standing,
        "tabs": course_tabs(standing, "course_costs"),
        "rows": rows,
        "month": sum((row.this_month.usd for row in costs.values()), start=0),
        "in_all": sum((row.in_all.usd for row in costs.values()), start=0),
        "unknown": sum(row.in_all.unknown for row in costs.values()),
        "budgets": states_of(budgets_over(course_id=course.pk, assignment_id=None).exclude(scope="site"), now),
        "form": form,
        "may_set": user.is_administrator,
    }
    return render(request, "feedback/course_costs.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def assignment_costs(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """What an assignment will cost and did cost, by draft, note and model, and its budget."""
    user = actor_of(request)
    assignment, standing = open_assignment(user, assignment_id, "may_edit")
    now = timezone.now()
    form = BudgetForm(request.POST or None, initial={"period": Budget.Period.TOTAL})
    if request.method == "POST" and _changed(request, form, assignment=assignment):
        return redirect("assignment_costs", assignment.public_id)
    only = Assignment.objects.filter(pk=assignment.pk)
    plan = plan_of(assignment)
    context = {
        "assignment": assignment,
        "course": assignment.course,
        "standing": standing,
        "estimate": estimate_of(assignment, plan, now=now) if plan else None,
        "costs": costs_by_assignment(only, now).get(assignment.pk),
        "models": costs_by_model(assignment),
        "held_back": held_back(only).get(assignment.pk, 0),
        "budgets": states_of(
            budgets_over(course_id=assignment.course_id, assignment_id=assignment.pk).exclude(scope="site"), now
        ),
        "form": form,
    }
    return render(request, "feedback/assignment_costs.html", context, status=422 if form.is_bound else 200)
