"""Error pages that help, and the style guide."""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from feedforward import styleguide as guide
from feedforward.requests import request_id


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state; only where people develop or try the site."""
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    return render(request, "styleguide.html", guide.context(request))


logger = logging.getLogger(__name__)


def _page(request: HttpRequest, template: str, status: int, sentence: str, **context: object) -> HttpResponse:
    """An error page; for htmx the bare sentence, which the page then shows as a notice."""
    if getattr(request, "htmx", False):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    return render(request, template, {"sentence": sentence, "request_id": request_id.get(), **context}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request itself was broken."""
    return _page(request, "400.html", 400, _("The site could not make sense of this request."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, but not in a role that may do this. Who tried what is in the log."""
    person = getattr(request, "user", None)  # what refuses before the session is read knows no person
    logger.warning("refused: person %s, %s %s", getattr(person, "pk", None), request.method, request.path)
    reason = str(exception) if exception and exception.args and isinstance(exception.args[0], str) else ""
    return _page(request, "403.html", 403, reason or _("Your role does not include this page."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was too old, or cookies are blocked. Nothing was changed."""
    sentence = _("This form was open for too long or cookies are blocked, so nothing was changed.")
    return _page(request, "403.html", 403, sentence, reason="csrf")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not yours; the page does not tell which."""
    return _page(request, "404.html", 404, _("There is nothing here for you."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 when it is the database that does not answer.

    Renders without database, session or context processors, which may be what broke.
    """
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    try:
        page: str = render_to_string("500.html", {"request_id": request_id.get()})
    except Exception:  # Whatever broke the page may break this one too; a plain sentence always works.
        page = "Something went wrong on our side. Please try again in a minute."
    return HttpResponse(page, status=500)


def unavailable(request: HttpRequest, *, retry_after_s: int = 30) -> HttpResponse:
    """503: the database or another part is away for a moment."""
    try:
        page: str = render_to_string("503.html", {"request_id": request_id.get()})
    except Exception:  # As above: an error page must not fail.
        page = "FeedForward is not available for a moment. Please try again soon."
    return HttpResponse(page, status=503, headers={"Retry-After": str(retry_after_s)})
