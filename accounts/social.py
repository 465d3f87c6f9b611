"""Signing in through an institution (OpenID Connect, SAML): who may come in that way, and as what."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from accounts.adapter import allowed_domain, trusted_for_teaching
from accounts.audit import record
from accounts.models import User


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """New people by allowed domain only; known people by the address the institution has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return allowed_domain(str(sociallogin.user.email or ""))

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Take the name as the institution writes it; there are no first and last names here."""
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name") or "", data.get("last_name") or "")
        user.name = (data.get("name") or " ".join(part for part in parts if part))[:150]
        user.email = (user.email or "").lower()
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """New people are students; teaching is allowed by trusted domain, or by an administrator later."""
        user = sociallogin.user
        user.is_student = not trusted_for_teaching(user.email)
        user.is_instructor = trusted_for_teaching(user.email)
        user = super().save_user(request, sociallogin, form)
        record(actor=user, code="person.signed_up", obj=user, fields=["sociallogin"])
        return user
