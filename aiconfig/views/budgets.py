"""Budgets of the whole site, for administrators; courses and assignments have theirs on their Costs pages."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import actor_of, admin_required, get_or_404
from aiconfig.budgets import remove_budget, set_budget, states_of
from aiconfig.forms import BudgetForm
from aiconfig.models import AIModel, Budget
from aiconfig.prices import prices_on, site_day
from courses.forms import show_error
from feedforward.errors import DomainError

PAGE = 50


@require_http_methods(["GET", "POST"])
@admin_required
def budgets(request: HttpRequest) -> HttpResponse:
    """All budgets in force with what is spent and set aside; the site's is set here, any can be removed."""
    user, now = actor_of(request), timezone.now()
    form = BudgetForm(request.POST or None)
    if request.method == "POST":
        if request.POST.get("action") == "remove":
            rows = Budget.objects.filter(is_active=True).select_related("assignment")
            remove_budget(budget=get_or_404(rows, public_id=_uuid(request.POST.get("budget", ""))), actor=user)
            messages.success(request, _("The budget is removed."))
            return redirect("budgets")
        if form.is_valid():
            try:
                set_budget(
                    limit_usd=form.cleaned_data["limit_usd"], period=form.cleaned_data["period"], actor=user, now=now
                )
            except DomainError as error:
                show_error(form, error)
            else:
                messages.success(request, _("The site’s budget is set."))
                return redirect("budgets")
    site = Budget.objects.filter(is_active=True, scope=Budget.Scope.SITE).order_by("period")
    others = (
        Budget.objects.filter(is_active=True)
        .exclude(scope=Budget.Scope.SITE)
        .exclude(course__deleted_at__isnull=False)
        .exclude(assignment__deleted_at__isnull=False)
        .select_related("course", "assignment__course")
        .order_by("-scope", "course__title", "assignment__title", "period", "pk")
    )
    page = Paginator(others, PAGE).get_page(request.GET.get("page"))
    usable = AIModel.objects.usable().values_list("pk", "public_id", "display_name")
    priced = prices_on([pk for pk, _public_id, _name in usable], site_day(now))
    context = {
        "site_budgets": states_of(site, now),
        "others": states_of(page.object_list, now),
        "page_obj": page,
        "unpriced": [(public_id, name) for pk, public_id, name in usable if pk not in priced],
        "form": form,
    }
    return render(request, "aiconfig/budgets.html", context, status=422 if form.is_bound else 200)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
