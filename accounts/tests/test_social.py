"""Signing in through an institution, against a small OpenID Connect provider on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.people import add_person
from accounts.tests.test_login import PASSWORD, is_signed_in
from feedforward import env, institutions

pytestmark = pytest.mark.django_db


class Institution(ThreadingHTTPServer):
    """Knows one person and says what it is told about them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.person: dict[str, Any] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Answers(BaseHTTPRequestHandler):
    server: Institution

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def reply(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        url = self.server.url
        if "openid-configuration" in self.path:
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "me"}
            self.reply({"issuer": url, "jwks_uri": f"{url}/keys", **{k: f"{url}/{v}" for k, v in names.items()}})
        elif self.path == "/me":
            self.reply(self.server.person)
        else:
            self.reply({"keys": []})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now = int(time.time())
        claims = {"iss": self.server.url, "aud": "us", "iat": now, "exp": now + 60, **self.server.person}
        token = jwt.encode(claims, "x" * 32, algorithm="HS256")
        self.reply({"access_token": "a", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def institution(settings) -> Iterator[Institution]:
    server = Institution()
    settings.SOCIALACCOUNT_PROVIDERS = institutions.providers(
        {"OIDC_SERVER_URL": server.url, "OIDC_CLIENT_ID": "us", "OIDC_CLIENT_SECRET": "s" * 20, "OIDC_NAME": "Uni"}
    )
    yield server
    server.shutdown()
    server.server_close()


def come(client: Client, institution: Institution, **person: Any) -> Any:
    """Sign in there and come back; returns the last answer here."""
    institution.person = {"sub": person.pop("sub", "77"), **person}
    start = client.post(reverse("openid_connect_login", args=["institution"]))
    assert start.status_code == 302 and start["Location"].startswith(institution.url)
    sent = parse_qs(urlsplit(start["Location"]).query)
    assert "code_challenge" in sent
    back = reverse("openid_connect_callback", args=["institution"])
    return client.get(back, {"code": "c", "state": sent["state"][0]})


def test_the_login_page_offers_it(client, institution):
    assert "Sign in with Uni" in client.get(reverse("account_login")).content.decode()


def test_a_known_person_with_a_verified_address_is_signed_in(client, institution):
    alice = add_person(email="alice@uni.example", password=PASSWORD, roles=["student"], actor=None)
    answer = come(client, institution, email="alice@uni.example", email_verified=True)
    assert answer["Location"] == reverse("home") and is_signed_in(client)
    assert AuditEvent.objects.filter(code="account.signed_in", actor=alice).exists()
    assert User.objects.count() == 1


def test_an_address_nobody_verified_opens_no_account(client, institution, settings):
    settings.SIGNUP_DOMAINS = ["uni.example"]
    add_person(email="alice@uni.example", password=PASSWORD, roles=["administrator"], actor=None)
    come(client, institution, email="alice@uni.example", email_verified=False)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("domains", "teaching", "made", "instructor"),
    [([], [], False, False), (["uni.example"], [], True, False), (["uni.example"], ["uni.example"], True, True),
     (["example"], [], False, False)],
)  # fmt: skip
def test_new_people_come_in_by_allowed_domain_only(client, institution, settings, domains, teaching, made, instructor):
    settings.SIGNUP_DOMAINS, settings.INSTRUCTOR_DOMAINS = domains, teaching
    come(client, institution, email="Eve@uni.example", email_verified=True, name="Eve Ember")
    eve = User.objects.filter(email="eve@uni.example").first()
    assert bool(eve) == made and is_signed_in(client) == made
    if eve:
        assert (eve.name, eve.is_instructor, eve.is_student) == ("Eve Ember", instructor, not instructor)
        assert not eve.is_administrator


def test_a_closed_account_stays_closed(client, institution):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    come(client, institution, email="alice@uni.example", email_verified=True)
    assert not is_signed_in(client)


def test_without_configuration_there_is_no_such_door(client):
    assert client.post(reverse("openid_connect_login", args=["institution"])).status_code == 404
    assert institutions.providers({}) == {}


SAML = {"SAML_ENTITY_ID": "https://idp.example", "SAML_DOMAINS": "Uni.example"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OIDC_SERVER_URL": "https://idp.example"}, "OIDC_CLIENT_ID"),
        ({"SAML_METADATA_URL": "https://idp.example/m"}, "SAML_ENTITY_ID"),
        ({"SAML_ENTITY_ID": "https://idp.example", "SAML_METADATA_URL": "https://idp.example/m"}, "SAML_DOMAINS"),
        (SAML | {"SAML_SSO_URL": "https://idp.example/sso"}, "SAML_CERTIFICATE"),
        (SAML | {"SAML_METADATA_URL": "http://idp.example/m"}, "https://"),
        (
            SAML | {"SAML_CERTIFICATE_FILE": "/nowhere/cert.pem", "SAML_SSO_URL": "https://idp.example"},
            "cannot be read",
        ),
    ],
)
def test_half_a_configuration_stops_the_start(variables, words):
    with pytest.raises(env.BadSetting, match=words):
        institutions.providers(variables)


def test_where_signing_in_leads_is_allowed_by_the_policy():
    assert institutions.origins({"OIDC_SERVER_URL": "https://idp.example/realm"}) == ["https://idp.example"]
    variables = {"SAML_SSO_URL": "https://login.example/sso", "SIGN_IN_ORIGINS": "https://a.example, https://b.example"}
    assert institutions.origins(variables) == ["https://login.example", "https://a.example", "https://b.example"]
    saml = institutions.providers(SAML | {"SAML_METADATA_URL": "https://idp.example/m"})["saml"]["APPS"][0]["settings"]
    assert saml["verified_email"] == ["uni.example"] and saml["advanced"]["reject_idp_initiated_sso"]


@pytest.mark.parametrize(
    "said", [{}, {"email": "alice@uni.example", "email_verified": False}, {"email": "eve@elsewhere.example"}]
)
def test_nobody_types_an_address_of_their_own_on_the_way(client, institution, settings, said):
    """Without an address, with one that is taken, with one of another domain: no form that asks for one is in reach."""
    settings.SIGNUP_DOMAINS, settings.INSTRUCTOR_DOMAINS = ["uni.example"], ["staff.example"]
    add_person(email="alice@uni.example", password=PASSWORD, roles=["student"], actor=None)
    come(client, institution, name="Mallory", **said)
    for typed in ("boss@staff.example", "mallory@uni.example"):
        client.post(reverse("socialaccount_signup"), {"email": typed})
    assert User.objects.count() == 1 and not is_signed_in(client)
