"""Accepting an invitation. Opening the link changes nothing: mail scanners open links too."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import EmailAddress, Login
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.audit import record
from accounts.forms import JoinForm
from accounts.models import Invitation, User
from feedforward import ratelimit
from feedforward.errors import DomainError
from feedforward.requests import client_address


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; POST accepts."""
    try:
        ratelimit.hit(ratelimit.JOIN_ADDRESS, client_address.get())
        invitation = invitations.find(token)
        invitations.refuse_if_spent(invitation, now=timezone.now())
    except ratelimit.TooMany as error:
        return ratelimit.too_many(request, error)
    except invitations.InvitationUnknown as error:
        return _refused(request, error, status=404)
    except invitations.InvitationRefused as error:
        return _refused(request, error, status=403)
    if isinstance(request.user, User):
        return _join_signed_in(request, invitation, token, request.user)
    if User.objects.filter(email=invitation.email).exists():
        # The person signs in as ever and comes back here.
        login = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
        if request.method == "POST":
            return redirect(login)
        return render(request, "accounts/join.html", {"invitation": invitation, "login_url": login})
    return _join_as_new(request, invitation, token)


def _refused(request: HttpRequest, error: Exception, *, status: int) -> HttpResponse:
    return render(request, "accounts/join_refused.html", {"error": error}, status=status)


def _join_signed_in(request: HttpRequest, invitation: Invitation, token: str, user: User) -> HttpResponse:
    if user.email.lower() != invitation.email.lower():
        error = invitations.InvitationForSomebodyElse(
            _("This invitation was sent to another address than the one you are signed in with (%(email)s).")
            % {"email": user.email}
        )
        return render(
            request, "accounts/join_refused.html", {"error": error, "signed_in": True, "here": request.path}, status=403
        )
    if request.method == "GET":
        return render(request, "accounts/join.html", {"invitation": invitation, "signed_in": True})
    try:
        invitations.redeem(token=token, user=user)
    except DomainError as error:  # ours, or the course's: somebody who teaches there is no student of it
        return _refused(request, error, status=403)
    user.refresh_from_db()
    update_session_auth_hash(request, user)  # a new key for the session that now has more rights
    messages.success(request, _("Welcome. You are in."))
    return redirect("home")


def _join_as_new(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    form = JoinForm(
        request.POST if request.method == "POST" else None, email=invitation.email, initial={"name": invitation.name}
    )
    if request.method == "GET" or not form.is_valid():
        context = {"invitation": invitation, "form": form}
        return render(request, "accounts/join.html", context, status=422 if form.is_bound else 200)
    # Hashing takes its time, so it happens before the transaction.
    user = User(
        email=invitation.email,
        name=form.cleaned_data["name"].strip(),
        password=make_password(form.cleaned_data["password"]),
    )
    try:
        with transaction.atomic():
            user.save()
            # The link came by mail to this address, so the address is the person's.
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
            record(actor=user, code="person.joined", obj=user)
            invitations.redeem(token=token, user=user)
    except IntegrityError:
        return redirect(request.path)  # the account was made in this moment, by the same person's other click
    except DomainError as error:
        return _refused(request, error, status=403)
    user.refresh_from_db()
    record_authentication(request, user, method="password", email=user.email)
    return perform_login(request, Login(user=user, email=user.email, redirect_url=reverse("home")))
