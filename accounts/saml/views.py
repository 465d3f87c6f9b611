"""Where the identity provider sends people back to."""

from __future__ import annotations

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import get_app_or_404
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from feedforward import ratelimit
from feedforward.requests import client_address, posted_from_other_sites

# A signed response with attributes has some 10 kB; what is larger is kept by nobody.
RESPONSE_MAX_BYTES = 256 * 1024


@posted_from_other_sites
@csrf_exempt
@login_not_required
@require_POST
def acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Take the response and go on to a page of ours, which the visitor's own cookie reaches.

    The one address that other sites post to: it stores what came under a random name and judges nothing yet.
    """
    try:
        ratelimit.hit(ratelimit.SAML_ADDRESS, client_address.get())
    except ratelimit.TooMany as error:
        return ratelimit.too_many(request, error)
    if int(request.META.get("CONTENT_LENGTH") or 0) > RESPONSE_MAX_BYTES:
        return HttpResponse(status=413)
    answer: HttpResponse = views.acs(request, organization_slug=organization_slug)
    return answer


@login_not_required
def finish_acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Judge the stored response and sign in; what is not even XML is refused like any other."""
    try:
        answer: HttpResponse = views.finish_acs(request, organization_slug=organization_slug)
    except (SyntaxError, ValueError, PermissionDenied):
        # Unreadable XML, a forbidden DTD or entity; a request that this visit did not make, or made before.
        provider = get_app_or_404(request, organization_slug).get_provider(request)
        return render_authentication_error(request, provider)
    return answer


@login_not_required
def sls(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Single logout is not offered: an unsigned request from anywhere must not sign anybody out. Show the button."""
    return redirect("account_logout")
