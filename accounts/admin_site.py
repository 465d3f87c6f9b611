"""Django's own admin, branded, behind the site's one door, without the tables that would be a back door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.sites import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

# Changing these here would pass by the audit, the mails and the session rules, or show secrets.
CLOSED = frozenset(
    {
        "account.EmailAddress",
        "account.EmailConfirmation",
        "auth.Group",
        "mfa.Authenticator",
        "socialaccount.SocialAccount",
        "socialaccount.SocialApp",
        "socialaccount.SocialToken",
        "usersessions.UserSession",
    }
)


class SiteAdmin(AdminSite):
    """Administrators only; signing in happens on the site's own page."""

    site_header = _("FeedForward: tables")
    site_title = _("FeedForward")
    index_title = _("What the other pages do not cover")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register as ever, but leave out what is closed, and have every change recorded."""
        # This module is read before the models are.
        from accounts.admin_record import recorded

        models: Iterable[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        open_models = [model for model in models if model._meta.label not in CLOSED]
        super().register(open_models, recorded(admin_class), **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_administrator", False))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The same door as everybody's, with its limits, second step and record."""
        # This module is read before the models are: it names the app's configuration.
        from allauth.account.decorators import secure_admin_login

        door = secure_admin_login(super().login)
        response: HttpResponse = door(request, extra_context)
        return response


class SiteAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.SiteAdmin"
