"""The forms of signing up, joining, one's own account and the people pages."""

from __future__ import annotations

import time
import zoneinfo
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import resets, second_step
from accounts.adapter import allowed_domain, trusted_for_teaching
from accounts.audit import record
from accounts.models import Invitation, User
from feedforward import ratelimit
from feedforward.requests import client_address

PASSWORD_HINT = _("At least 12 characters; a few words in a row are easy to remember. Pasting is fine.")


class _EvenAnswer:
    """Take as long for an unknown address as for a known one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._began_s = time.monotonic()
        super().__init__(*args, **kwargs)

    def wait_evenly(self) -> None:
        left_s = settings.EVEN_ANSWER_S - (time.monotonic() - self._began_s)
        if left_s > 0:
            time.sleep(left_s)


def _hit(request: HttpRequest, *limits: tuple[ratelimit.Limit, str]) -> None:
    try:
        for limit, key in limits:
            ratelimit.hit(limit, key)
    except ratelimit.TooMany as error:
        raise ImmediateHttpResponse(ratelimit.too_many(request, error)) from None


class LoginForm(allauth_forms.LoginForm):
    """Sign in by address and password."""

    @property
    def signup_open(self) -> bool:
        """Whether the page offers signing up."""
        return bool(settings.SIGNUP_DOMAINS)


class ResetPasswordForm(_EvenAnswer, allauth_forms.ResetPasswordForm):
    """Ask for a link to set a new password: the same answer for every address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email address")

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = self.cleaned_data["email"].lower()
        _hit(
            request,
            (ratelimit.RESET_PERSON, email),
            (ratelimit.RESET_ADDRESS, client_address.get()),
        )
        for user in self.users:
            resets.request_reset(user=user)
        self.wait_evenly()
        return email


class _OneHint:
    """One line about passwords, as where an account is made, instead of a sentence for each rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = PASSWORD_HINT  # type: ignore[attr-defined]  # stands before allauth's forms


class ChangePasswordForm(_OneHint, allauth_forms.ChangePasswordForm):
    """Change the password; asks for the current one."""


class SetPasswordForm(_OneHint, allauth_forms.SetPasswordForm):
    """Set a first password, for people who sign in by their institution."""


class ResetPasswordKeyForm(_OneHint, allauth_forms.ResetPasswordKeyForm):
    """Set a new password by a mailed link."""


class SignupForm(_EvenAnswer, allauth_forms.SignupForm):
    """Sign up with an address of an allowed domain."""

    field_order = ["name", "email", "password1", "teaches"]
    name = forms.CharField(label=_("Name"), max_length=150)
    teaches = forms.BooleanField(
        label=_("I teach and need to set up courses"),
        required=False,
        help_text=_("An administrator looks at this first, unless your address is known for it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email address")
        self.fields["password1"].help_text = PASSWORD_HINT

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if not allowed_domain(email):
            raise ValidationError(
                _("Only addresses of %(domains)s can sign up here. With another address you need an invitation."),
                params={"domains": ", ".join(settings.SIGNUP_DOMAINS)},
            )
        return super().clean_email()

    def try_save(self, request: HttpRequest) -> tuple[Any, Any]:
        _hit(request, (ratelimit.SIGNUP_ADDRESS, client_address.get()))
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])  # the same work as for a new account
        result = super().try_save(request)
        self.wait_evenly()
        return result

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        teaches = self.cleaned_data["teaches"]
        trusted = trusted_for_teaching(user.email)
        values = {
            "name": self.cleaned_data["name"].strip(),
            "is_instructor": teaches and trusted,
            "instructor_requested": teaches and not trusted,
            "is_student": not teaches,
        }
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(**values)
            record(actor=user, code="person.signed_up", obj=user)
        user.refresh_from_db()
        return user


class _EachCodeOnce:
    """An authenticator app's code opens one door once: not two sign-ins, nor one after it has set the app up."""

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]  # stands before allauth's forms
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if authenticator.type == Authenticator.Type.TOTP and not second_step.spend_code(authenticator):
            self._emit_authentication_failed(authenticator)  # type: ignore[attr-defined]
            raise mfa_adapter().validation_error("used_code")
        return code


class AuthenticateForm(_EachCodeOnce, mfa_forms.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(_EachCodeOnce, mfa_forms.ReauthenticateForm):
    """The second step, asked again before something sensitive."""


class AddKeyForm(AddWebAuthnForm):
    """Add a passkey or security key, for the second step or instead of the password."""

    field_order = ["name", "passwordless", "credential"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].help_text = _("To tell your keys apart, such as “phone” or “blue key”.")
        self.fields["passwordless"].label = _("Sign in with this key alone, without my password")
        self.fields["passwordless"].help_text = _("The key then asks for your fingerprint, face or PIN each time.")


class JoinForm(forms.Form):
    """Accept an invitation as somebody new."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        help_text=PASSWORD_HINT,
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            person = User(email=self.email, name=cleaned.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


def zone_names() -> list[str]:
    """Time zones people know by a city."""
    return sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))


class ProfileForm(forms.ModelForm):
    """What people change about themselves. Nothing else of the posted data is looked at."""

    # Not a select: six hundred options take longer to draw than the rest of the page.
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"list": "time-zones", "placeholder": "Europe/Paris"}),
    )

    class Meta:
        model = User
        fields = ("name", "time_zone", "shortcuts")
        help_texts = {"shortcuts": _("Single keys on the review desk, such as j and k.")}

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone != "UTC" and zone not in zone_names():
            raise ValidationError(_("Choose a time zone from the list, such as Europe/Paris."))
        return zone


class InviteForm(forms.Form):
    """Invite somebody to a role of the site."""

    email = forms.EmailField(label=_("Email address"))
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Invitation.Role.INSTRUCTOR, Invitation.Role.INSTRUCTOR.label),
            (Invitation.Role.ADMINISTRATOR, Invitation.Role.ADMINISTRATOR.label),
        ],
    )


class RolesForm(forms.Form):
    """Which roles somebody has."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[
            ("student", _("Student")),
            ("assistant", _("Teaching assistant")),
            ("instructor", _("Instructor")),
            ("administrator", _("Administrator")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
