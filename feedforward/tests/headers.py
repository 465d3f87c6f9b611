"""What every answer of the site carries, whatever it answers."""

from __future__ import annotations

import re
from typing import Any

ALWAYS = {
    "X-Content-Type-Options": r"nosniff",
    "X-Frame-Options": r"DENY",
    "Referrer-Policy": r"same-origin",
    "Cross-Origin-Opener-Policy": r"same-origin",
    "Cross-Origin-Resource-Policy": r"same-origin",
    "Permissions-Policy": r".*camera=\(\).*geolocation=\(\).*microphone=\(\).*",
    "X-Request-Id": r"[0-9a-f]{12}",
    "Content-Security-Policy": r".*",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": None,  # left to default-src
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "connect-src": "'self'",
    "form-action": "'self'",
}


def faults(answer: Any, *, public: bool = False) -> list[str]:
    """Return what is wrong with the headers of an answer; ``public``: a static file, which anybody may keep."""
    found = [
        f"{name}: {answer.headers.get(name)}"
        for name, shape in ALWAYS.items()
        if not re.fullmatch(shape, answer.headers.get(name, ""))
    ]
    said = dict(
        part.strip().split(" ", 1) for part in answer.headers.get("Content-Security-Policy", "").split(";") if part
    )
    found += [f"CSP {name} {said.get(name)}" for name, value in POLICY.items() if said.get(name) != value]
    if "unsafe" in str(said) or "*" in str(said):
        found.append(f"CSP {said}")
    kept = answer.headers.get("Cache-Control", "")
    if public != ("public" in kept) or (not public and not ("private" in kept and "no-store" in kept)):
        found.append(f"Cache-Control: {kept}")
    vary = answer.headers.get("Vary", "").lower()
    if not public and not ("cookie" in vary and "hx-request" in vary):
        found.append(f"Vary: {vary}")
    return found
