"""Signing in by SAML in a real browser: to the institution's page on another site, and back by a form it posts itself.

What the test client cannot know: which origins the policy lets a form lead to, and which cookies a browser sends along
when another site posts to us.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.e2e.chromium import Visitor
from deploy.e2e.site import RunningSite, another_door

pytest.importorskip("xmlsec", reason="SAML is NOT tested: `make saml` brings its packages")
pytest.importorskip("onelogin", reason="SAML is NOT tested: `make saml` brings its packages")

from accounts.tests import identity_provider as idp

pytestmark = pytest.mark.browser
STUDENT = "kira.vossen@demo.example"
# The provider's page as most send it: a form that posts itself.
PAGE = """<!doctype html><title>Uni</title><form method="post" action="{acs}">
<input type="hidden" name="SAMLResponse" value="{response}"></form><script>document.forms[0].submit()</script>"""


@dataclass
class Institution:
    """An identity provider on 127.0.0.1, which for a browser is another site than localhost. ``says`` changes its answers."""

    url: str
    door: str = ""
    says: dict[str, Any] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    def page(self, path: str) -> str:
        saml = f"{self.door}/accounts/saml/institution"
        honest = idp.Answer(
            request_id=idp.request_id_in(path),
            acs_url=f"{saml}/acs/",
            audience=f"{saml}/metadata/",
            email=STUDENT,
            name="Kira Vossen",
            assertion_id=f"_assertion{len(self.answers)}",
        )
        self.answers.append(honest.but(**self.says).encoded())
        return PAGE.format(acs=honest.acs_url, response=self.answers[-1])


@contextmanager
def institution() -> Iterator[Institution]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = running.page(self.path).encode() if "SAMLRequest=" in self.path else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Institution(f"http://127.0.0.1:{server.server_port}/sso")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


def through_the_institution(page: Page, door: str, back: str = "/") -> None:
    page.goto(f"{door}/accounts/login/?next={back}")
    page.get_by_role("button", name="Sign in with Uni").or_(page.get_by_role("link", name="Sign in with Uni")).click()
    page.wait_for_url(f"{door}/**")
    page.wait_for_load_state("networkidle")


def test_signing_in_by_the_institution(browser: Browser, site: RunningSite) -> None:
    with institution() as uni:
        variables = {
            "SAML_ENTITY_ID": idp.ENTITY_ID,
            "SAML_SSO_URL": uni.url,
            "SAML_CERTIFICATE": idp.certificate(),
            "SAML_NAME": "Uni",
            "SAML_DOMAINS": "demo.example",
        }
        with another_door(site, **variables) as door:
            uni.door = door
            visitor = Visitor.arrive(browser, RunningSite(door, site.data_dir, site.environ), "a student of Uni")
            page = visitor.page
            # Signed by somebody else: said on a page of ours, and nobody is signed in.
            uni.says = {"signer": "somebody"}
            visitor.expected = ("the server responded with a status of 401",)
            through_the_institution(page, door)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert "/acs/finish/" in page.url
            visitor.look("not signed in by the institution")
            assert page.goto(f"{door}/account/") and "/accounts/login/" in page.url
            # Honest: back where one wanted to go.
            uni.says = {}
            visitor.look("the login page with an institution")
            through_the_institution(page, door, back="/account/")
            assert page.url == f"{door}/account/", page.url
            expect(page.locator("dd", has_text=STUDENT)).to_be_visible()
            visitor.look("the profile of somebody of an institution")
            # The same response again, in a browser that did not ask: refused.
            other = Visitor.arrive(browser, visitor.site, "somebody who caught a response")
            other.page.goto("data:text/html," + PAGE.format(acs=f"{door}/accounts/saml/institution/acs/", response="x"))
            other.page.wait_for_url(f"{door}/**")
            other.page.goto(f"{door}/account/")
            assert "/accounts/login/" in other.page.url
            other.leave()
            # Leading to the institution's own site is what this is about; everything else stays here.
            faults = [fault for fault in visitor.faults if f"asks another origin: {uni.url}" not in fault]
            visitor.leave()
            assert not faults, "\n".join(faults)
