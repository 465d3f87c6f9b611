"""Asking a site that is starting whether it answers."""

from __future__ import annotations

from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from deploy.run.programs import EVERY_INTERFACE, Site


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def health(site: Site, *, timeout_s: float = 2.0) -> str:
    """Return the HTTP status of ``/healthz`` as text, or what kept it from answering."""
    host = "127.0.0.1" if site.host in EVERY_INTERFACE else site.host
    shown = f"[{host}]" if ":" in host else host
    name = urlsplit(site.environ.get("SITE_URL", "")).netloc or f"localhost:{site.port}"
    request = Request(f"http://{shown}:{site.port}/healthz", headers={"Host": name})
    try:
        with build_opener(ProxyHandler({}), _NoRedirect()).open(request, timeout=timeout_s) as answer:
            return str(answer.status)
    except HTTPError as error:
        return str(error.code)
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))
