"""Asking a site whether it answers: while it starts, and as a container's health check.

``python -m deploy.run.health`` ends with code 0 when ``/healthz`` on this machine says 200.
"""

from __future__ import annotations

import os
import sys
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

EVERY_INTERFACE = {"0.0.0.0", "::"}  # nosec B104


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def health(host: str, port: int, *, site_url: str = "", timeout_s: float = 2.0) -> str:
    """Return the HTTP status of ``/healthz`` on ``host``:``port`` as text, or what kept it from answering.

    ``site_url`` gives the name the site knows itself by: it refuses requests under other names.
    """
    host = "127.0.0.1" if host in EVERY_INTERFACE else host
    shown = f"[{host}]" if ":" in host else host
    name = urlsplit(site_url).netloc or f"localhost:{port}"
    request = Request(f"http://{shown}:{port}/healthz", headers={"Host": name})
    try:
        with build_opener(ProxyHandler({}), _NoRedirect()).open(request, timeout=timeout_s) as answer:
            return str(answer.status)
    except HTTPError as error:
        return str(error.code)
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))


if __name__ == "__main__":
    said = health("127.0.0.1", int(os.environ.get("PORT") or 8000), site_url=os.environ.get("SITE_URL", ""))
    print(said)
    sys.exit(0 if said == "200" else 1)
