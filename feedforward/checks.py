"""System checks: what a production start refuses, and what would fail later and less clearly."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured


@register(Tags.security)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """With FEEDFORWARD_PRODUCTION on: no DEBUG, no demo, no sample secrets, hosts and https set."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on in production.", hint="Unset DEBUG.", id="feedforward.E001"))
    if settings.DEMO:
        found.append(
            Error(
                "Demo reviewers and demo data are on in production.",
                hint="Unset FEEDFORWARD_DEMO.",
                id="feedforward.E002",
            )
        )
    if "not-secret" in settings.SECRET_KEY or len(settings.SECRET_KEY) < 50:
        found.append(
            Error(
                "SECRET_KEY is missing, a sample, or too short.",
                hint="Set 50 or more random characters.",
                id="feedforward.E003",
            )
        )
    if settings.SALT_KEY == [settings.SECRET_KEY] or any(len(key) < 16 for key in settings.SALT_KEY):
        found.append(
            Error(
                "SALT_KEY is missing or too short.",
                hint="Set 16 or more random characters.",
                id="feedforward.E004",
            )
        )
    if "*" in settings.ALLOWED_HOSTS or not set(settings.ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}:
        found.append(Error("ALLOWED_HOSTS does not name this site.", id="feedforward.E005"))
    if not settings.SECURE:
        found.append(Error("SITE_URL does not start with https://.", id="feedforward.E006"))
    return found


def refuse_unsafe_start() -> None:
    """Raise ImproperlyConfigured when a production process may not start: called by web and workers themselves.

    Django runs system checks for management commands only; a server started in any other way must refuse as well.
    """
    found = [error for error in production_is_safe(None) if error.is_serious()]
    if found:
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint or ''}".strip() for error in found))


@register()
def data_folder_is_writable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The data folder exists or can be made, and can be written to."""
    folder = Path(settings.DATA_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return [
            Error(
                f"The data folder cannot be made: {error.strerror}.",
                hint="Set FEEDFORWARD_DATA_DIR.",
                id="feedforward.E010",
            )
        ]
    if not os.access(folder, os.W_OK):
        return [
            Error(
                "The data folder cannot be written to.",
                hint="Set FEEDFORWARD_DATA_DIR.",
                id="feedforward.E011",
            )
        ]
    return []


@register()
def leases_fit(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A lease must outlive two missed heartbeats, or living workers lose their runs."""
    if settings.RUN_LEASE_S < 3 * settings.RUN_HEARTBEAT_S:
        return [
            Warning(
                "RUN_LEASE_S is shorter than three heartbeats.",
                hint="Raise RUN_LEASE_S or lower RUN_HEARTBEAT_S.",
                id="feedforward.W001",
            )
        ]
    return []
