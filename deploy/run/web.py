"""gunicorn's hooks: load all pages' code once, before the web processes are forked, so that they share it.

Without this every process loads the pages at its first request: 30 MB each, and a slow first page.
"""

from __future__ import annotations

import copy
import gc
from typing import Any

from django.conf import settings
from django.db import connections
from django.urls import get_resolver

# gunicorn's own lines go the site's way: they name addresses, and those of invitations and resets open doors.
logconfig_dict: dict[str, Any] = copy.deepcopy(settings.LOGGING)
logconfig_dict["loggers"]["gunicorn.error"] = {"level": "WARNING", "handlers": [], "propagate": True}
logconfig_dict["loggers"]["gunicorn.access"] = {"level": "CRITICAL", "handlers": [], "propagate": False}


def when_ready(server: Any) -> None:
    """Called in the master after the application was loaded and before the first fork."""
    _load(get_resolver())
    connections.close_all()
    gc.collect()
    # What is frozen is never touched by the collector again, so its pages stay shared after the fork.
    gc.freeze()


def _load(resolver: Any) -> None:
    """Import every URL module below ``resolver``."""
    for pattern in getattr(resolver, "url_patterns", []):
        _load(pattern)
