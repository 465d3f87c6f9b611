"""A SAML identity provider for tests: it reads our requests and signs what it is told to say, honest or not."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

ENTITY_ID = "https://idp.uni.example/saml"
SSO_URL = "https://idp.uni.example/sso"
SAMLP, SAML = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
NAMES = {"samlp": SAMLP, "saml": SAML, "ds": DS}
MAIL, SUBJECT_ID = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oasis:names:tc:SAML:attribute:subject-id"
DISPLAY_NAME = "urn:oid:2.16.840.1.113730.3.1.241"

Change = Callable[[Any], None]


@cache
def key_pair(owner: str) -> tuple[bytes, str]:
    """A private key (PEM) and its self-signed certificate (PEM); one pair an owner in a test run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM).decode()


def certificate() -> str:
    return key_pair("idp")[1]


def request_id_in(location: str) -> str:
    """The id of the AuthnRequest that a redirect to the provider carries."""
    packed = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
    return str(etree.fromstring(zlib.decompress(base64.b64decode(packed), -15)).get("ID"))


def instant(offset_s: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=offset_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Answer:
    """One response. The defaults are those of an honest provider; None leaves a thing out."""

    request_id: str
    acs_url: str
    audience: str | None
    email: str | None = "alice@uni.example"
    name: str = "Alice Arden"
    subject: str = "alice-77"
    name_id: str = "alice-77"
    name_id_format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    issuer: str = ENTITY_ID
    destination: str | None = ""
    recipient: str | None = ""
    confirmed_request: str | None = ""
    ends_s: float | None = 300
    conditions_end_s: float = 300
    begins_s: float = -60
    assertion_id: str = "_assertion1"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    # Whose key signs, and which element: the assertion, the response, or nothing.
    signer: str = "idp"
    signs: str = "assertion"
    # Done to the finished, signed document: what an attacker does on the way.
    tampered: Change | None = field(default=None)

    def but(self, **changes: Any) -> Answer:
        return replace(self, **changes)

    def document(self) -> Any:
        """The response as a signed XML tree."""
        root = etree.fromstring(self._xml())
        if self.signs:
            found = root.find("saml:Assertion", NAMES) if self.signs == "assertion" else root
            sign(found, self.signer)
        if self.tampered:
            self.tampered(root)
        return root

    def encoded(self) -> str:
        """What the browser posts as SAMLResponse."""
        return base64.b64encode(etree.tostring(self.document())).decode()

    def _xml(self) -> str:
        def attribute(name: str, value: str | None) -> str:
            return f' {name}="{value}"' if value is not None else ""

        destination = self.acs_url if self.destination == "" else self.destination
        recipient = self.acs_url if self.recipient == "" else self.recipient
        confirmed = self.request_id if self.confirmed_request == "" else self.confirmed_request
        ends = instant(self.ends_s) if self.ends_s is not None else None
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
            if self.audience is not None
            else ""
        )
        said = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
            for name, value in ((MAIL, self.email), (DISPLAY_NAME, self.name), (SUBJECT_ID, self.subject))
            if value
        )
        return (
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_response1" Version="2.0" '
            f'IssueInstant="{instant(0)}"{attribute("Destination", destination)} InResponseTo="{self.request_id}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>'
            f'<saml:Assertion ID="{self.assertion_id}" Version="2.0" IssueInstant="{instant(0)}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>"
            f'<saml:Subject><saml:NameID Format="{self.name_id_format}">{self.name_id}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
            f"{attribute('Recipient', recipient)}{attribute('InResponseTo', confirmed)}{attribute('NotOnOrAfter', ends)}/>"
            f"</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{instant(self.begins_s)}" NotOnOrAfter="{instant(self.conditions_end_s)}">'
            f"{audience}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{instant(-5)}" SessionIndex="_s1"><saml:AuthnContext>'
            f"<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            f"</saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{said}</saml:AttributeStatement>"
            f"</saml:Assertion></samlp:Response>"
        )


def sign(element: Any, signer: str) -> None:
    """Sign one element with RSA-SHA256 in place, the signature after its issuer as the schema wants it."""
    private, public = key_pair(signer)
    signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256)
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(public.encode(), xmlsec.KeyFormat.PEM)
    context.register_id(element, "ID")
    context.sign(signature)


# --- what attackers do to a signed response: the eight known ways of wrapping the signature ------------------------


def _forged(root: Any) -> tuple[Any, Any]:
    """The signed assertion, and a copy of it without signature that speaks for mallory."""
    from copy import deepcopy

    signed = root.find("saml:Assertion", NAMES)
    forged = deepcopy(signed)
    forged.remove(forged.find("ds:Signature", NAMES))
    forged.set("ID", "_forged")
    for value in forged.iter(f"{{{SAML}}}AttributeValue"):
        value.text = (value.text or "").replace("alice", "mallory")
    forged.find("saml:Subject/saml:NameID", NAMES).text = "mallory-1"
    return signed, forged


def forged_beside(root: Any) -> None:
    """XSW3: the forged assertion before the signed one."""
    signed, forged = _forged(root)
    signed.addprevious(forged)


def forged_around(root: Any) -> None:
    """XSW4: the signed assertion inside the forged one."""
    signed, forged = _forged(root)
    root.replace(signed, forged)
    forged.append(signed)


def forged_with_signature(root: Any) -> None:
    """XSW5: the forged one carries the signature, the signed original follows."""
    signed, forged = _forged(root)
    signature = signed.find("ds:Signature", NAMES)
    signed.remove(signature)
    forged.insert(1, signature)
    root.replace(signed, forged)
    root.append(signed)


def original_in_signature(root: Any) -> None:
    """XSW6: the original hides inside the signature that the forged one carries."""
    signed, forged = _forged(root)
    signature = signed.find("ds:Signature", NAMES)
    signed.remove(signature)
    forged.insert(1, signature)
    root.replace(signed, forged)
    signature.append(signed)


def forged_in_extensions(root: Any) -> None:
    """XSW7: the forged one in an Extensions element."""
    signed, forged = _forged(root)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(forged)
    signed.addprevious(extensions)


def original_in_object(root: Any) -> None:
    """XSW8: the original in an Object of the signature."""
    signed, forged = _forged(root)
    signature = signed.find("ds:Signature", NAMES)
    signed.remove(signature)
    forged.insert(1, signature)
    root.replace(signed, forged)
    etree.SubElement(signature, f"{{{DS}}}Object").append(signed)


def same_id(root: Any) -> None:
    """The forged one under the id of the signed one."""
    signed, forged = _forged(root)
    forged.set("ID", signed.get("ID"))
    signature = signed.find("ds:Signature", NAMES)
    signed.remove(signature)
    forged.insert(1, signature)
    root.replace(signed, forged)
    etree.SubElement(signature, f"{{{DS}}}Object").append(signed)


def other_address(root: Any) -> None:
    """No wrapping at all: the address inside the signed assertion is changed."""
    for value in root.iter(f"{{{SAML}}}AttributeValue"):
        value.text = (value.text or "").replace("alice", "mallory")


WRAPPINGS = (
    *(forged_beside, forged_around, forged_with_signature, original_in_signature, forged_in_extensions),
    *(original_in_object, same_id, other_address),
)
