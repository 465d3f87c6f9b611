"""Asking a site whether it answers: while it starts, and as a container's health check.

``python -m deploy.run.health`` ends with code 0 when ``/healthz`` on this machine says 200.
"""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

EVERY_INTERFACE = {"0.0.0.0", "::"}  # nosec B104


def health(host: str, port: int, *, site_url: str = "", timeout_s: float = 2.0) -> str:
    """Return the HTTP status of ``/healthz`` on ``host``:``port`` as text, or what kept it from answering.

    ``site_url`` gives the name the site knows itself by: it refuses requests under other names.
    """
    host = "127.0.0.1" if host in EVERY_INTERFACE else host
    name = urlsplit(site_url).netloc or f"localhost:{port}"
    # By hand: an HTTP library would cost the process manager 8 MB for as long as the site lives.
    request = f"GET /healthz HTTP/1.0\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            connection.sendall(request.encode("ascii", "replace"))
            words = connection.recv(64).split()
    except OSError as error:
        return error.strerror or str(error)
    return words[1].decode("ascii", "replace") if len(words) > 1 else "no answer"


if __name__ == "__main__":
    said = health("127.0.0.1", int(os.environ.get("PORT") or 8000), site_url=os.environ.get("SITE_URL", ""))
    print(said)
    sys.exit(0 if said == "200" else 1)
