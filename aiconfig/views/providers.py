"""Pages of providers, for administrators: where models run, with which key, and whether they answer."""

from __future__ import annotations

from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import View, actor_of, admin_required, get_or_404
from aiconfig.catalogue import change_lifecycle, create_provider, update_provider
from aiconfig.forms import KeyForm, ProviderForm
from aiconfig.keys import set_key
from aiconfig.models import AIModel, Provider
from aiconfig.tasks import test_provider
from courses.catalogue import possible_actions
from courses.forms import show_error
from courses.lives import state_tone
from feedforward import ratelimit
from feedforward.dispatch import enqueue
from feedforward.errors import DomainError

LABELS = {
    "activate": gettext_lazy("Activate"),
    "deactivate": gettext_lazy("Pause"),
    "restore": gettext_lazy("Bring back"),
    "archive": gettext_lazy("Archive"),
    "delete": gettext_lazy("Delete"),
}
MEANINGS = {
    "archive": gettext_lazy(
        "It takes no changes and is not called any more. Assignments that use it go on with their other models and "
        "their fallbacks; it can be brought back."
    ),
    "delete": gettext_lazy(
        "It vanishes from every page and is not called any more. Assignments that use it go on with their other models "
        "and their fallbacks. No page brings it back."
    ),
}


def life_actions(status: str) -> list[dict[str, Any]]:
    """Return the steps possible from ``status`` as buttons; those that cost something ask first."""
    return [
        {
            "name": name,
            "label": LABELS[name],
            "needs_confirmation": name in MEANINGS,
            "meaning": MEANINGS.get(name, ""),
            "variant": "danger" if name == "delete" else "secondary",
        }
        for name in possible_actions(status)
    ]


@require_GET
@admin_required
def providers(request: HttpRequest) -> HttpResponse:
    """All providers with their state, their models and their last test."""
    rows = (
        Provider.objects.alive()
        .annotate(
            model_count=Count("models", filter=Q(models__deleted_at__isnull=True)),
            active_count=Count("models", filter=Q(models__status=AIModel.Status.ACTIVE)),
        )
        .order_by("name", "pk")
        .defer("api_key")
        .values(
            "public_id",
            "name",
            "kind",
            "status",
            "is_demo",
            "model_count",
            "active_count",
            "last_test_at",
            "last_test_ok",
            "last_test_words",
            "paused_until",
        )
    )
    now = timezone.now()
    kinds = dict(Provider.Kind.choices)
    states = dict(Provider.Status.choices)
    context = {
        "rows": [
            {
                **row,
                "kind_words": kinds[row["kind"]],
                "state_words": states[row["status"]],
                "tone": state_tone(row["status"]),
                "is_paused": bool(row["paused_until"] and row["paused_until"] > now),
            }
            for row in rows
        ]
    }
    return render(request, "aiconfig/providers.html", context)


def _find(provider_id: UUID) -> Provider:
    return get_or_404(Provider.objects.alive(), public_id=provider_id)


@require_http_methods(["GET", "POST"])
@admin_required
def provider_create(request: HttpRequest) -> HttpResponse:
    """Add a provider; its key is entered on a page of its own."""
    user = actor_of(request)
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        key = data.pop("key")
        made = Provider.objects.filter(public_id=key).first()
        try:
            provider = made or create_provider(actor=user, public_id=key, **data)
        except IntegrityError:
            provider = get_or_404(Provider.objects.alive(), public_id=key)
        except DomainError as error:
            show_error(form, error)
            return render(request, "aiconfig/provider_form.html", {"form": form}, status=422)
        if provider.kind in Provider.NEEDS_KEY and not provider.api_key:
            messages.info(request, _("Saved. Now enter its key."))
            return redirect("provider_key", provider.public_id)
        messages.success(request, _("Saved. Add a model, test it, then activate."))
        return redirect("provider_edit", provider.public_id)
    return render(request, "aiconfig/provider_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@admin_required
def provider_edit(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """One provider: settings, key (whether there is one), models, test, life."""
    user = actor_of(request)
    provider = _find(provider_id)
    names = [name for name in ProviderForm.base_fields if name != "key"]
    form = ProviderForm(request.POST or None, initial={name: getattr(provider, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            update_provider(provider=provider, actor=user, **{name: form.cleaned_data[name] for name in names})
        except DomainError as error:
            show_error(form, error)
            provider.refresh_from_db()
        else:
            messages.success(request, _("Saved."))
            return redirect("provider_edit", provider.public_id)
    return render(
        request, "aiconfig/provider_form.html", _context(provider, form), status=422 if form.is_bound else 200
    )


def _context(provider: Provider, form: ProviderForm) -> dict[str, Any]:
    states = dict(AIModel.Status.choices)
    rows = (
        AIModel.objects.alive()
        .filter(provider=provider)
        .order_by("display_name", "pk")
        .values("public_id", "name", "display_name", "status", "offered_to_instructors")
    )
    return {
        "provider": provider,
        "form": form,
        "has_key": bool(provider.api_key),
        "needs_key": provider.kind in Provider.NEEDS_KEY,
        "tone": state_tone(provider.status),
        "models": [{**row, "tone": state_tone(row["status"]), "state_words": states[row["status"]]} for row in rows],
        "actions": life_actions(provider.status),
    }


def _asked_again(view: View) -> View:
    """Ask who is there before the page opens; good for five minutes.

    A POST that comes too late is dropped: allauth would keep it in the session until the question is answered, and
    with it the key, in plain text, in the table of sessions.
    """
    guarded = reauthentication_required(view)

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not did_recently_reauthenticate(request):
            messages.warning(request, _("Nothing was stored: confirm first that it is you, then enter the key again."))
            return redirect(request.path)
        answer: HttpResponse = guarded(request, *args, **kwargs)
        return answer

    return asked


@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
@admin_required
@_asked_again
def provider_key(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Enter, replace or remove the key. It is never shown: not here, not anywhere."""
    user = actor_of(request)
    provider = _find(provider_id)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and request.POST.get("action") == "remove":
        set_key(provider=provider, key="", actor=user)
        messages.success(request, _("The key is removed."))
        return redirect("provider_edit", provider.public_id)
    if request.method == "POST" and form.is_valid():
        set_key(provider=provider, key=form.cleaned_data["key"], actor=user)
        messages.success(request, _("The key is stored, encrypted."))
        return redirect("provider_edit", provider.public_id)
    context = {"provider": provider, "form": form, "has_key": bool(provider.api_key)}
    return render(request, "aiconfig/provider_key.html", context, status=422 if form.is_bound else 200)


@require_POST
@admin_required
def provider_lifecycle(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """One step of the provider's life; its models go along when it is paused, archived or deleted."""
    provider = _find(provider_id)
    action = request.POST.get("action", "")
    try:
        change_lifecycle(obj=provider, action=action, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is changed.") % {"name": provider.name})
        if action == "delete":
            return redirect("providers")
    return redirect("provider_edit", provider.public_id)


@require_http_methods(["GET", "POST"])
@admin_required
@ratelimit.limited("provider_test")
def provider_test(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """POST starts a test in a worker; GET answers with the last result, polling while one is under way."""
    provider = _find(provider_id)
    if request.method == "POST":
        since = timezone.now()
        sent = enqueue(test_provider, provider.pk, expires=300)
        if not getattr(request, "htmx", False):
            if sent:
                messages.info(request, _("The test is under way. Reload the page in a few seconds to see its result."))
            else:
                messages.error(request, _("The queue does not answer, so no test was started."))
            return redirect("provider_edit", provider.public_id)
        context = {"provider": provider, "pending": sent, "since": since.timestamp(), "unsent": not sent}
        return render(request, "aiconfig/provider_test.html", context)
    since_text = request.GET.get("since", "")
    try:
        asked_at = float(since_text) if since_text else 0.0
    except ValueError:
        asked_at = 0.0
    done = bool(provider.last_test_at and provider.last_test_at.timestamp() >= asked_at)
    waited_s = timezone.now().timestamp() - asked_at
    context = {
        "provider": provider,
        "pending": bool(asked_at) and not done and 0 <= waited_s < 90,
        "late": bool(asked_at) and not done and waited_s >= 90,
        "since": asked_at,
    }
    return render(request, "aiconfig/provider_test.html", context)
