"""The limits of pages that nobody is signed in for yet, and of join codes, each at its own threshold.

All but the last hits that fit are put into the count; the last one and the one too many come through the page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.people import add_person
from accounts.tests.test_login import PASSWORD, sign_in, words_of
from feedforward import ratelimit

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "198.51.100.7", "192.0.2.9"
Ask = Callable[[str], Any]


@pytest.fixture(autouse=True)
def still():
    """Nothing counted before, and a clock that stands: nothing fades while a test goes on."""
    cache.clear()
    with time_machine.travel(1_800_000_000, tick=False):
        yield
    cache.clear()


@pytest.fixture
def alice() -> User:
    return add_person(email="alice@uni.example", name="Alice", password=PASSWORD, roles=["student"], actor=None)


def fill(limit: ratelimit.Limit, key: str, *, left: int = 1) -> None:
    """Count hits until ``left`` fit."""
    for _ in range(limit.amount - left):
        ratelimit.count(limit, key)


def ask_for_reset(address: str) -> Any:
    data = {"email": f"nobody-{address}@uni.example"}
    return Client(REMOTE_ADDR=address).post(reverse("account_reset_password"), data)


def sign_up(address: str) -> Any:
    data = {"name": "New", "email": f"new-{address.replace('.', '-')}@uni.example", "password1": PASSWORD}
    return Client(REMOTE_ADDR=address).post(reverse("account_signup"), data)


def open_invitation(address: str) -> Any:
    return Client(REMOTE_ADDR=address).get(reverse("join", args=["no-such-invitation"]))


def open_reset(address: str) -> Any:
    return Client(REMOTE_ADDR=address).get(reverse("account_reset_password_from_key", args=["no-such-link"]))


@pytest.mark.parametrize(
    ("limit", "ask", "answers"),
    [
        (ratelimit.RESET_ADDRESS, ask_for_reset, 302),
        (ratelimit.SIGNUP_ADDRESS, sign_up, 302),
        (ratelimit.JOIN_ADDRESS, open_invitation, 404),
        (ratelimit.JOIN_ADDRESS, open_reset, 403),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", None)),
)
def test_an_address_is_refused_one_too_many_and_others_are_not(
    limit: ratelimit.Limit, ask: Ask, answers: int, settings: Any
) -> None:
    settings.SIGNUP_DOMAINS = ["uni.example"]
    fill(limit, HERE)
    assert ask(HERE).status_code == answers
    refused = ask(HERE)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0 and "again in" in words_of(refused)
    assert ask(ELSEWHERE).status_code == answers


def test_answers_of_an_identity_provider_are_held_per_address() -> None:
    pytest.importorskip("onelogin")
    pytest.importorskip("xmlsec")
    url = "/accounts/saml/institution/acs/"
    fill(ratelimit.SAML_ADDRESS, HERE)
    before = Client(REMOTE_ADDR=HERE).post(url, {"SAMLResponse": "x"})
    refused = Client(REMOTE_ADDR=HERE).post(url, {"SAMLResponse": "x"})
    assert before.status_code != 429
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0 and "again in" in words_of(refused)
    assert Client(REMOTE_ADDR=ELSEWHERE).post(url, {"SAMLResponse": "x"}).status_code != 429


def visitor(address: str) -> Client:
    browser = Client(REMOTE_ADDR=address)
    browser.get(reverse("account_login"))
    return browser


def test_failures_of_all_visitors_of_an_address_are_held_together(alice: User) -> None:
    known, guesser, other = visitor(HERE), visitor(HERE), visitor(ELSEWHERE)
    assert sign_in(known, alice.email).status_code == 302
    known.post(reverse("account_logout"))
    fill(ratelimit.LOGIN_VISITORS, HERE)
    assert sign_in(guesser, "nobody@uni.example", "x" * 20).status_code == 200
    refused = sign_in(guesser, "nobody@uni.example", "x" * 20)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0 and "again in" in words_of(refused)
    # Who signed in on this browser before, and who is elsewhere, gets in.
    assert sign_in(known, alice.email).status_code == 302
    assert sign_in(other, alice.email).status_code == 302


def test_an_address_is_given_so_many_marks_of_a_visitor() -> None:
    fill(ratelimit.VISITORS_ADDRESS, HERE)
    given, without, elsewhere = visitor(HERE), visitor(HERE), visitor(ELSEWHERE)
    marks = ["visitor" in "".join(browser.cookies) for browser in (given, without, elsewhere)]
    assert marks == [True, False, True]
    # The page opens all the same, and what it sends counts with the programs.
    assert without.get(reverse("account_login")).status_code == 200


def test_join_codes_tried_by_a_person_are_held_to_that_person(alice: User) -> None:
    bob = add_person(email="bob@uni.example", name="Bob", password=PASSWORD, roles=["student"], actor=None)
    url = reverse("join_by_code")
    browser, other = Client(), Client()
    browser.force_login(alice)
    other.force_login(bob)
    statuses = [browser.post(url, {"code": f"WRONG{n:03d}"}).status_code for n in range(ratelimit.CODE_PERSON.amount)]
    assert 429 not in statuses
    refused = browser.post(url, {"code": "WRONG999"})
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0 and "again in" in words_of(refused)
    assert other.post(url, {"code": "WRONG999"}).status_code != 429
