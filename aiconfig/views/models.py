"""Pages of models: what instructors may use, and for administrators what each can do and costs."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor_of, admin_required, get_or_404
from aiconfig.catalogue import MODEL_FIELDS, change_lifecycle, create_model, update_model
from aiconfig.forms import ModelForm, NewModelForm, PriceForm
from aiconfig.models import AIModel, ModelPrice, Provider
from aiconfig.prices import prices_on, remove_price, set_price, site_day
from aiconfig.views.providers import life_actions
from courses.forms import show_error
from courses.lives import state_tone
from feedforward.errors import DomainError

PAGE = 50


@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """All models for administrators; instructors see those they may use, by name and where the data goes."""
    user = actor_of(request)
    if not (user.is_instructor or user.is_administrator):
        raise PermissionDenied
    rows = AIModel.objects.alive() if user.is_administrator else AIModel.objects.offered_to(user)
    words = request.GET.get("q", "").replace("\x00", "").split()[:6]
    for word in words:
        rows = rows.filter(
            Q(display_name__icontains=word) | Q(name__icontains=word) | Q(provider__name__icontains=word)
        )
    found = (
        rows.annotate(used=Count("assignment_models"))
        .order_by("provider__name", "display_name", "pk")
        .values(
            "public_id",
            "name",
            "display_name",
            "status",
            "provider__name",
            "provider__status",
            "provider__is_demo",
            "provider__region_note",
            "pk",
            "context_tokens",
            "offered_to_instructors",
            "used",
        )
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    states = dict(AIModel.Status.choices)
    prices = prices_on([row["pk"] for row in page.object_list], site_day(timezone.now()))
    context = {
        "page_obj": page,
        "rows": [
            {
                **row,
                "tone": state_tone(row["status"]),
                "state_words": states[row["status"]],
                "price": prices.get(row["pk"]),
            }
            for row in page.object_list
        ],
        "filtered": bool(words),
    }
    return render(request, "aiconfig/models.html", context)


@require_http_methods(["GET", "POST"])
@admin_required
def model_create(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Add a model to a provider."""
    provider = get_or_404(Provider.objects.alive(), public_id=provider_id)
    form = NewModelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"]
        try:
            create_model(provider=provider, actor=actor_of(request), public_id=key, price=form.price(), **form.values())
        except IntegrityError:
            get_or_404(AIModel.objects.filter(provider=provider), public_id=key)
            return redirect("provider_edit", provider.public_id)
        except DomainError as error:
            if AIModel.objects.filter(provider=provider, public_id=key).exists():  # the form was sent twice
                return redirect("provider_edit", provider.public_id)
            show_error(form, error)
        else:
            messages.success(request, _("The model is there. Activate it to put it to use."))
            return redirect("provider_edit", provider.public_id)
    context = {"form": form, "provider": provider}
    return render(request, "aiconfig/model_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@admin_required
def model_edit(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Change what a model can do and who may use it; its prices stand in a table of their own beside it."""
    model = get_or_404(AIModel.objects.alive().select_related("provider"), public_id=model_id)
    form = ModelForm(request.POST or None, initial={name: getattr(model, name) for name in MODEL_FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            update_model(model=model, actor=actor_of(request), **form.values())
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("model_edit", model.public_id)
    return _edit_page(request, model, form, PriceForm())


def _edit_page(request: HttpRequest, model: AIModel, form: ModelForm, price_form: PriceForm) -> HttpResponse:
    today = site_day(timezone.now())
    prices = list(ModelPrice.objects.filter(ai_model=model).order_by("-valid_from"))
    in_force = next((price for price in prices if price.valid_from <= today), None)
    context = {
        "form": form,
        "price_form": price_form,
        "prices": prices,
        "in_force": in_force,
        "today": today,
        "model": model,
        "provider": model.provider,
        "tone": state_tone(model.status),
        "actions": life_actions(model.status),
    }
    invalid = form.is_bound or price_form.is_bound
    return render(request, "aiconfig/model_form.html", context, status=422 if invalid else 200)


@require_POST
@admin_required
def model_price(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Enter what a model costs from a day on, or take a line out of its price table."""
    model = get_or_404(AIModel.objects.alive().select_related("provider"), public_id=model_id)
    if request.POST.get("action") == "remove":
        number = request.POST.get("price", "")
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
        remove_price(price=get_or_404(ModelPrice.objects.filter(ai_model=model), pk=wanted), actor=actor_of(request))
        messages.success(request, _("The line is removed."))
        return redirect("model_edit", model.public_id)
    form = PriceForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            set_price(
                model=model,
                valid_from=data["valid_from"] or site_day(timezone.now()),
                input_usd_per_million=data["input_usd_per_million"],
                output_usd_per_million=data["output_usd_per_million"],
                actor=actor_of(request),
            )
        except DomainError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The price is in the table. Calls that were made keep what they cost."))
            return redirect("model_edit", model.public_id)
    unchanged = ModelForm(initial={name: getattr(model, name) for name in MODEL_FIELDS})
    return _edit_page(request, model, unchanged, form)


@require_POST
@admin_required
def model_lifecycle(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """One step of a model's life; plans that name it use their fallbacks meanwhile."""
    model = get_or_404(AIModel.objects.alive().select_related("provider"), public_id=model_id)
    action = request.POST.get("action", "")
    try:
        change_lifecycle(obj=model, action=action, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is changed.") % {"name": model.display_name})
        if action == "delete":
            return redirect("provider_edit", model.provider.public_id)
    return redirect("model_edit", model.public_id)
