"""allauth's SAML provider, and what we ask of a response on top of it.

python3-saml checks signature, issuer, times and what a response says about whom it is for; what a response does
*not* say it lets pass. A signed assertion that names no audience, no recipient, no request or no end could have been
made for another site, another visit or another year: here it opens nothing (docs/adr/0024).
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from accounts.audit import record

logger = logging.getLogger(__name__)

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ASSERTION = "/samlp:Response/saml:Assertion"
# How long a used assertion is remembered at least, and how far ahead one may be good.
REMEMBER_S = 3600
LONGEST_S = 24 * 3600


class Unbound(Exception):
    """The assertion does not say that it is for us, for this visit, for now; the words are for the log."""


def check_bindings(xml: str, *, acs_url: str, audience: str, request_id: str | None, now: datetime) -> tuple[str, int]:
    """Return (id of the assertion, seconds it is still good) or raise :class:`Unbound`.

    ``xml`` is a response whose one assertion was found signed; only what stands inside that assertion is read.
    """
    document = Xml.to_etree(xml)

    def within(path: str) -> list[Any]:
        found: list[Any] = Xml.query(document, ASSERTION + path)
        return found

    if len(within("")) != 1:
        raise Unbound("not one assertion")
    audiences = {Xml.element_text(node) for node in within("/saml:Conditions/saml:AudienceRestriction/saml:Audience")}
    if audience not in audiences:
        raise Unbound("no audience")
    ends_at = None
    for confirmation in within("/saml:Subject/saml:SubjectConfirmation"):
        if confirmation.get("Method") != BEARER:
            continue
        for data in Xml.query(confirmation, "./saml:SubjectConfirmationData"):
            meant = data.get("Recipient") == acs_url and request_id and data.get("InResponseTo") == request_id
            if meant and data.get("NotOnOrAfter"):
                ends_at = datetime.fromisoformat(data.get("NotOnOrAfter"))
    if ends_at is None:
        raise Unbound("no confirmation that names this address, this request and an end")
    left_s = (ends_at.replace(tzinfo=ends_at.tzinfo or UTC) - now).total_seconds()
    if not 0 < left_s < LONGEST_S:
        raise Unbound("over, or good for too long")
    return within("")[0].get("ID"), int(left_s) + 1


class InstitutionProvider(SAMLProvider):
    """One identity provider, configured by the environment."""

    def redirect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the browser to the identity provider; when its metadata cannot be read, say so instead."""
        try:
            return super().redirect(request, *args, **kwargs)
        except (OSError, OneLogin_Saml2_Error) as error:
            logger.error("the identity provider's metadata cannot be used (%s)", type(error).__name__)
            raise ImmediateHttpResponse(render_authentication_error(request, self)) from None

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> Any:
        """Make the login of a valid response; refuse what is not bound to this visit or speaks for others."""
        sp = response.get_settings().get_sp_data()
        try:
            assertion_id, left_s = check_bindings(
                response.get_last_response_xml(),
                acs_url=sp["assertionConsumerService"]["url"],
                audience=sp["entityId"],
                request_id=response.get_last_response_in_response_to(),
                now=datetime.now(UTC),
            )
        except (Unbound, ValueError) as error:
            self._refuse(request, str(error) if isinstance(error, Unbound) else "unreadable time")
        # The request's id is spent with the visit's state; this stands against two at the same instant.
        digest = hashlib.sha256(f"{self.app.provider_id} {assertion_id}".encode()).hexdigest()
        if not cache.add(f"saml:{digest}", 1, timeout=max(left_s, REMEMBER_S)):
            self._refuse(request, "used before")
        if response.get_nameid_format() == TRANSIENT and not self._extract(response).get("uid"):
            self._refuse(request, "a transient NameID and no lasting id: let the provider release subject-id")
        login = super().sociallogin_from_response(request, response)
        domain = (login.user.email or "").rpartition("@")[2].lower()
        if domain not in self.app.settings["verified_email"]:
            self._refuse(request, "no address, or one of a domain that is not in SAML_DOMAINS")
        return login

    def _refuse(self, request: HttpRequest, reason: str) -> NoReturn:
        logger.warning("SAML response refused: %s", reason)
        record(actor=None, code="account.sign_in_failed", fields=["saml"])
        raise ImmediateHttpResponse(render_authentication_error(request, self))


provider_classes = [InstitutionProvider]
