"""One's own account: name, time zone, where one is signed in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.internal.flows import sessions as session_flows
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import actor_of, get_or_404
from accounts.audit import record
from accounts.forms import ProfileForm, zone_names
from accounts.models import User
from accounts.people import roles_of, update_profile

# Rights are given on the people page by somebody else; a form that carries them here is refused whole.
NOT_YOURS_TO_SET = frozenset(
    {"role", "roles", "is_administrator", "is_instructor", "is_assistant", "is_student", "is_staff", "is_superuser",
     "is_active", "email", "session_epoch"}
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the account; POST changes name, time zone and shortcuts."""
    person = actor_of(request)
    if request.method == "POST" and NOT_YOURS_TO_SET & set(request.POST):
        return render(
            request, "403.html", {"sentence": _("Roles and rights are given by an administrator.")}, status=403
        )
    # A fresh copy: an invalid form must not change the person the page is drawn for.
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=User.objects.get(pk=person.pk))
    if request.method == "POST" and form.is_valid():
        update_profile(
            person=person,
            name=form.cleaned_data["name"],
            time_zone=form.cleaned_data["time_zone"],
            shortcuts=form.cleaned_data["shortcuts"],
            actor=person,
        )
        messages.success(request, _("Saved."))
        return redirect("profile")
    context = {
        "form": form,
        "zones": zone_names(),
        "roles": roles_of(person),
        "addresses": EmailAddress.objects.filter(user=person).order_by("-primary"),
        "second_step": is_mfa_enabled(person),
        "institutions": bool(settings.SOCIALACCOUNT_PROVIDERS),
        "session_count": UserSession.objects.filter(user=person).count(),
    }
    return render(request, "accounts/profile.html", context, status=422 if form.is_bound else 200)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one other device of one's own out."""
    person = actor_of(request)
    session = get_or_404(UserSession.objects.filter(user=person), pk=pk)
    session_flows.end_sessions(request, [session])
    record(actor=person, code="account.session_ended", obj=person)
    messages.success(request, _("That device is signed out."))
    return redirect("usersessions_list")
