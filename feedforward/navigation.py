"""What every page needs to know about the site: its name, and the menu of the roles the person has."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Entry = tuple[str, str | Promise, str, str]

# Name of the address, words, icon, and the flag of the user that opens it ("" for everybody who is signed in).
# The ground knows the names only; an address that this site does not have is left out.
ENTRIES: tuple[Entry, ...] = (
    ("home", _("Home"), "house", ""),
    ("course_list", _("Courses"), "book-open", ""),
    ("queue", _("Review"), "clipboard-check", "teaches"),
    ("rubric_templates", _("Rubrics"), "list-checks", "is_instructor"),
)
ADMINISTRATION: tuple[Entry, ...] = (
    ("people", _("People"), "users", "is_administrator"),
    ("providers", _("Models"), "cpu", "is_administrator"),
    ("budgets", _("Budgets"), "coins", "is_administrator"),
    ("usage", _("Usage"), "chart-column", "is_administrator"),
    ("retention", _("Retention"), "hourglass", "is_administrator"),
    ("jobs", _("Jobs"), "calendar-clock", "is_administrator"),
    ("outbox", _("Outgoing mail"), "mail", "is_administrator"),
    ("audit", _("Audit"), "scroll-text", "is_administrator"),
    ("status", _("System"), "gauge", "is_administrator"),
)
PERSONAL: tuple[Entry, ...] = (
    ("profile", _("Account"), "user", ""),
    ("my_data", _("My data"), "hard-drive", ""),
)


@dataclass(frozen=True)
class NavItem:
    """One entry of a menu."""

    label: str | Promise
    url: str
    icon: str
    current: bool


def menu(user: object, path: str, entries: tuple[Entry, ...]) -> tuple[NavItem, ...]:
    """Entries the user's roles open, the one the path belongs to marked; addresses this site lacks are left out."""
    found: list[tuple[str | Promise, str, str]] = []
    for name, label, icon, role in entries:
        if role and not getattr(user, role, False):
            continue
        try:
            found.append((label, reverse(name), icon))
        except NoReverseMatch:
            continue
    # The longest address that begins the path is the place where the person is.
    here = max((url for _label, url, _icon in found if _covers(url, path)), key=len, default="")
    return tuple(NavItem(label=label, url=url, icon=icon, current=url == here) for label, url, icon in found)


def _covers(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))


def site(request: HttpRequest) -> dict[str, object]:
    """Template context of every page: site_name, is_demo, nav, admin_nav, personal_nav."""
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    return {
        "site_name": settings.SITE_NAME,
        "is_demo": settings.DEMO,
        "csrf_cookie_name": settings.CSRF_COOKIE_NAME,
        "nav": menu(user, request.path, ENTRIES) if signed_in else (),
        "admin_nav": menu(user, request.path, ADMINISTRATION) if signed_in else (),
        "personal_nav": menu(user, request.path, PERSONAL) if signed_in else (),
    }
