"""The second step in a real browser: passkeys with a virtual authenticator, an app's codes, recovery codes."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import CDPSession, Page, expect

from deploy.e2e.chromium import Visitor
from deploy.e2e.site import RunningSite, another_door

pytestmark = pytest.mark.browser
OWN = "a herd of slow green tractors"


class Passkeys:
    """A device that holds passkeys and whose owner always agrees, until told otherwise."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id: str = added["authenticatorId"]

    def count(self) -> int:
        found: dict[str, Any] = self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return len(found["credentials"])

    def owner_agrees(self, agrees: bool) -> None:
        self.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": agrees})


def new_administrator(site: RunningSite, visitor: Visitor) -> str:
    """Make one with the command, as on a new site, and set the password by the link it prints."""
    email = f"petra.{secrets.token_hex(4)}@demo.example"
    printed = site.manage("create_administrator", email, "--name", "Petra Lind")
    link = re.search(r"https?://\S+", printed)
    assert link, printed
    page = visitor.goto(urlsplit(link.group()).path)
    visitor.look("set a new password")
    page.get_by_label("New Password", exact=True).fill(OWN)
    page.get_by_label("New Password (again)").fill(OWN)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url("**/done/")
    return email


def sign_out(visitor: Visitor) -> None:
    page = visitor.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    page.wait_for_url("**/login/**")


def first_step(visitor: Visitor, email: str) -> Page:
    page = visitor.goto("/accounts/login/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(OWN)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/2fa/authenticate/")
    return page


def confirm(page: Page) -> None:
    """Answer "Is it you?" by password if it is asked: not within five minutes of the last answer."""
    if "/reauthenticate/" in page.url:
        page.get_by_label("Password").fill(OWN)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_load_state("networkidle")


def add_key(visitor: Visitor, name: str, *, alone: bool) -> Page:
    page = visitor.goto("/accounts/2fa/webauthn/add/")
    confirm(page)
    page.get_by_label("Name").fill(name)
    if alone:
        page.get_by_label("Sign in with this key alone").check()
    page.get_by_role("button", name="Add it").click()
    return page


def test_the_second_step(arrive: Callable[[str], Visitor], site: RunningSite) -> None:
    visitor = arrive("a new administrator")
    email = new_administrator(site, visitor)
    visitor.sign_in(email, OWN)
    # Required: nothing else opens before one is set up.
    with another_door(site, MFA_REQUIRED_FOR_ADMINISTRATORS="1") as door:
        assert visitor.context.browser
        elsewhere = visitor.context.browser.new_page()
        elsewhere.context.add_cookies(visitor.context.cookies())
        elsewhere.goto(f"{door}/people/")
        assert elsewhere.url == f"{door}/accounts/2fa/"
        expect(elsewhere.get_by_text("After that the site is open to you")).to_be_visible()
        elsewhere.context.close()

    # An app: the code that sets it up opens nothing more. A recovery code does.
    page = visitor.goto("/accounts/2fa/totp/activate/")
    confirm(page)
    visitor.look("set up an app")
    secret = page.locator("dd.mono").inner_text()
    used = type_code(page, secret, "Switch it on")
    page.wait_for_url("**/2fa/**")
    codes = visitor.goto("/accounts/2fa/recovery-codes/").locator("ul.mono li").all_inner_texts()
    assert len(codes) >= 8
    sign_out(visitor)
    page = first_step(visitor, email)
    page.get_by_label("Code").fill(used)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("was used already").or_(page.get_by_text("did not match")).first).to_be_visible()
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site.url}/")

    # A passkey that opens alone. Added twice: said on the page.
    keys = Passkeys(visitor.page)
    page = add_key(visitor, "my phone", alone=True)
    page.wait_for_url("**/2fa/")
    assert keys.count() == 1
    add_key(visitor, "twice", alone=True)
    expect(page.get_by_text("among yours already")).to_be_visible()

    # Recovery codes: each opens once.
    sign_out(visitor)
    page = first_step(visitor, email)
    visitor.look("second step with a passkey")
    for opens in (True, False):
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Sign in", exact=True).click()
        if opens:
            page.wait_for_url(f"{site.url}/")
            sign_out(visitor)
            page = first_step(visitor, email)
    expect(page.get_by_text("did not match").first).to_be_visible()

    # The passkey as the second step, then alone; whoever has the device but not its owner's finger stays outside.
    page.get_by_role("button", name="Use my passkey or key").click()
    page.wait_for_url(f"{site.url}/")
    sign_out(visitor)
    page = visitor.goto("/accounts/login/")
    alone = page.get_by_role("button", name="Sign in with a passkey")
    keys.owner_agrees(False)
    alone.click()
    expect(page.get_by_text("That was cancelled")).to_be_visible()
    keys.owner_agrees(True)
    alone.click()
    page.wait_for_url(f"{site.url}/")

    # Removed: it opens nothing any more, and the app still does.
    visitor.goto("/accounts/2fa/webauthn/").get_by_role("link", name="Remove").click()
    confirm(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    sign_out(visitor)
    page = visitor.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/login/")
    expect(page.get_by_text("did not match").or_(page.get_by_text("not go together")).first).to_be_visible()
    page = first_step(visitor, email)
    while code(secret) == used:
        time.sleep(0.5)
    type_code(page, secret, "Sign in")
    page.wait_for_url(f"{site.url}/")


def code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def type_code(page: Page, secret: str, button: str) -> str:
    shown = code(secret)
    page.get_by_label("Code").or_(page.get_by_label("Authenticator code")).first.fill(shown)
    page.get_by_role("button", name=button).click()
    return shown
