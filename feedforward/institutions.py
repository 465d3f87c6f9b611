"""Signing in through an institution, read from the environment: OpenID Connect and SAML.

One of each at most. Without the variables nobody signs in that way; half of them stops the start.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feedforward.env import BadSetting

# What identity providers call these things: by OID (the federations), by URL (Microsoft), by short name.
MAIL = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "mail",
)
FULL_NAME = ("urn:oid:2.16.840.1.113730.3.1.241", "http://schemas.microsoft.com/identity/claims/displayname")
FIRST_NAME = ("urn:oid:2.5.4.42", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname")
LAST_NAME = ("urn:oid:2.5.4.4", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname")
# Something that stays when the address changes; without it the NameID counts.
LASTING_ID = (
    "urn:oasis:names:tc:SAML:attribute:subject-id",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
)


def _value(environ: Mapping[str, str], name: str) -> str:
    """The value of ``name``, or the content of the file that ``name_FILE`` names."""
    path = environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE names a file that cannot be read: {error.strerror}.") from None
    return environ.get(name, "").strip()


def _words(value: str) -> list[str]:
    return [word.lower() for word in value.replace(",", " ").split()]


def providers(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS for the OIDC_* and SAML_* variables of docs/configuration.md.

    Raises :class:`BadSetting` when one half of what belongs together is missing.
    """
    found: dict[str, Any] = {}
    if _value(environ, "OIDC_SERVER_URL"):
        found["openid_connect"] = {"OAUTH_PKCE_ENABLED": True, "APPS": [_oidc(environ)]}
    if _value(environ, "SAML_ENTITY_ID") or _value(environ, "SAML_METADATA_URL") or _value(environ, "SAML_SSO_URL"):
        found["saml"] = {"APPS": [_saml(environ)]}
    return found


def _oidc(environ: Mapping[str, str]) -> dict[str, Any]:
    client_id, secret = _value(environ, "OIDC_CLIENT_ID"), _value(environ, "OIDC_CLIENT_SECRET")
    if not client_id or not secret:
        raise BadSetting("OIDC_SERVER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")
    return {
        "provider_id": "institution",
        "name": _value(environ, "OIDC_NAME") or "your institution",
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": _value(environ, "OIDC_SERVER_URL")},
    }


def _saml(environ: Mapping[str, str]) -> dict[str, Any]:
    entity_id = _value(environ, "SAML_ENTITY_ID")
    if not entity_id:
        raise BadSetting("SAML needs SAML_ENTITY_ID, the identity provider's own.")
    domains = _words(_value(environ, "SAML_DOMAINS") or _value(environ, "SIGNUP_DOMAINS"))
    if not domains:
        raise BadSetting("SAML needs SAML_DOMAINS: the domains whose addresses the identity provider may speak for.")
    return {
        "provider_id": entity_id,
        "client_id": "institution",
        "name": _value(environ, "SAML_NAME") or "your institution",
        "settings": {
            "idp": _identity_provider(environ, entity_id),
            # Exact domains: the provider's word about any other address counts nothing.
            "verified_email": domains,
            "attribute_mapping": {
                "uid": list(LASTING_ID),
                "email": list(MAIL),
                "name": list(FULL_NAME),
                "first_name": list(FIRST_NAME),
                "last_name": list(LAST_NAME),
            },
            "advanced": {
                "strict": True,
                "reject_idp_initiated_sso": True,
                "want_assertion_signed": True,
                "want_name_id": True,
                "reject_deprecated_algorithm": True,
                "allow_repeat_attribute_name": False,
            },
        },
    }


def _identity_provider(environ: Mapping[str, str], entity_id: str) -> dict[str, str]:
    metadata, sso = _value(environ, "SAML_METADATA_URL"), _value(environ, "SAML_SSO_URL")
    certificate = _value(environ, "SAML_CERTIFICATE")
    if sso and certificate:
        # "-----BEGIN CERTIFICATE-----" and line breaks may stay.
        return {"entity_id": entity_id, "sso_url": sso, "x509cert": certificate}
    if not metadata:
        raise BadSetting("SAML needs SAML_METADATA_URL, or SAML_SSO_URL with SAML_CERTIFICATE.")
    if not metadata.startswith("https://"):
        raise BadSetting("SAML_METADATA_URL must start with https://: it says which certificate to believe.")
    return {"entity_id": entity_id, "metadata_url": metadata}


def origins(environ: Mapping[str, str]) -> list[str]:
    """Origins to which signing in leads, for the form-action of the Content-Security-Policy.

    ``SIGN_IN_ORIGINS`` adds those that the addresses do not show (a login server beside the metadata's).
    """
    found = []
    for name in ("OIDC_SERVER_URL", "SAML_METADATA_URL", "SAML_SSO_URL"):
        parts = urlsplit(_value(environ, name))
        if parts.scheme and parts.netloc:
            found.append(f"{parts.scheme}://{parts.netloc}")
    return [*dict.fromkeys(found), *_words(_value(environ, "SIGN_IN_ORIGINS"))]


def saml_is_installed() -> bool:
    """Whether the packages of requirements-saml.txt are there."""
    return bool(importlib.util.find_spec("onelogin") and importlib.util.find_spec("xmlsec"))


def need_saml() -> None:
    """Raise :class:`BadSetting` when SAML is configured without its packages."""
    if not saml_is_installed():
        raise BadSetting("SAML needs its packages: run `make saml` (or build the image with SAML=1) and start again.")
