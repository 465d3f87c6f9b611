"""Setting a new password by the mailed link. Opening the link changes nothing: mail scanners open links too."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset import finalize_password_reset
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import resets
from accounts.forms import ResetPasswordKeyForm
from feedforward import ratelimit
from feedforward.requests import client_address

TEMPLATE = "account/password_reset_from_key.html"


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the new password; POST sets it and spends the link."""
    try:
        ratelimit.hit(ratelimit.JOIN_ADDRESS, client_address.get())
        found = resets.find(token)
        form = ResetPasswordKeyForm(request.POST if request.method == "POST" else None, user=found.user)
        if request.method == "GET" or not form.is_valid():
            context = {"form": form, "action_url": request.path}
            return render(request, TEMPLATE, context, status=422 if form.is_bound else 200)
        person = resets.set_new_password(token=token, password=form.cleaned_data["password1"])
    except ratelimit.TooMany as error:
        return ratelimit.too_many(request, error)
    except resets.ResetRefused as error:
        return render(request, TEMPLATE, {"token_fail": True, "error": error}, status=403)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    finalize_password_reset(request, person)
    return redirect("account_reset_password_from_key_done")
