"""What happens to every request and answer: an id, a second wall against CSRF, private pages kept private."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Handler = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request_id", default="-")
client_address: ContextVar[str] = ContextVar("client_address", default="")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_of(request: HttpRequest, *, proxies: int) -> str:
    """Return the client's address, believing exactly ``proxies`` entries of X-Forwarded-For.

    What is no address is not believed: it is a key of limits and goes into a column that holds nothing else.
    """
    if proxies:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= proxies and _is_address(hops[-proxies]):
            return hops[-proxies]
    return request.META.get("REMOTE_ADDR", "")


class RequestIdMiddleware:
    """Give each request an id that appears in its log lines and on error pages."""

    def __init__(self, get_response: Handler) -> None:
        from django.conf import settings

        self.get_response = get_response
        self.proxies = settings.TRUSTED_PROXY_COUNT

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(uuid.uuid4().hex[:12])
        address = client_address.set(address_of(request, proxies=self.proxies))
        try:
            response = self.get_response(request)
            response.headers["X-Request-Id"] = request_id.get()
            return response
        finally:
            request_id.reset(token)
            client_address.reset(address)


def _without_nul(query: str) -> str:
    """Return a query string that decodes to no NUL; taking one out may bring two halves of another together."""
    while "%00" in query or "\0" in query:
        query = query.replace("%00", "").replace("\0", "")
    return query


class NoNulMiddleware:
    """Take NUL out of what is searched for and of cookies: PostgreSQL holds it in no text and answers with an error.

    Fields of forms refuse it themselves, with words. A quoted cookie can hold one, whatever the server in front takes
    for a header; it is none of ours.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if (clean := _without_nul(query)) != query:
            request.META["QUERY_STRING"] = clean
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return self.get_response(request)


V = TypeVar("V", bound=Callable[..., Any])


def posted_from_other_sites(view: V) -> V:
    """Mark the rare view that other sites send people to by POST (an identity provider's answer)."""
    view.posted_from_other_sites = True  # type: ignore[attr-defined]
    return view


class FetchSiteMiddleware:
    """Refuse unsafe requests that a browser says come from another site, whatever their token."""

    SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        site = request.headers.get("Sec-Fetch-Site", "")
        if request.method in self.SAFE or site not in {"cross-site", "same-site"}:
            return None
        if getattr(view, "posted_from_other_sites", False):
            return None
        return render(request, "403.html", {"reason": "cross-site"}, status=403)


# What no page of ours uses, so that nothing that slips into one can.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen"),
        *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
        *("picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    )
)


class PageHeadersMiddleware:
    """Everything not declared public is private and not stored; htmx and pages never share a cache entry.

    Stands outside whatever may answer by itself (the refusal of a host, of another site, static files), so that no
    answer leaves without these.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "public" in response.headers.get("Cache-Control", ""):
            return response
        response.headers.setdefault("Cache-Control", "private, no-store")
        vary = response.headers.get("Vary", "")
        for name in ("HX-Request", "Cookie"):
            if name.lower() not in vary.lower():
                vary = f"{vary}, {name}" if vary else name
        response.headers["Vary"] = vary
        return response
