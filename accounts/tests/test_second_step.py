"""The second step through its pages: each code once, and every change of it on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.people import add_person
from accounts.second_step import spend_code
from accounts.tests.test_login import PASSWORD, is_signed_in, sign_in, words_of
from accounts.tests.test_sessions import START, _code, switch_on

pytestmark = pytest.mark.django_db
STEP_S = 30


@pytest.fixture
def root() -> User:
    return add_person(email="root@uni.example", password=PASSWORD, roles=["administrator"], actor=None)


def at_the_second_step(person: User) -> Client:
    client = Client()
    assert sign_in(client, person.email)["Location"] == reverse("mfa_authenticate")
    return client


@pytest.mark.parametrize("cache_is_lost", [False, True])
def test_each_code_opens_one_door_once(root: User, cache_is_lost: bool) -> None:
    def say(client: Client, page: str = "mfa_authenticate") -> Any:
        if cache_is_lost:
            cache.clear()
        return client.post(reverse(page), {"code": _code(secret)})

    with time_machine.travel(START, tick=False) as clock:
        here = Client()
        sign_in(here, root.email)
        secret = switch_on(here)
        # The code that set the app up, seen over a shoulder.
        first = at_the_second_step(root)
        answer = say(first)
        assert not is_signed_in(first)
        assert "Wait for the next one" in words_of(answer) or not cache_is_lost
        clock.shift(STEP_S)
        assert say(first).status_code == 302 and is_signed_in(first)
        second = at_the_second_step(root)
        say(second)
        assert not is_signed_in(second)
        # Nor for something sensitive on the browser it has just opened.
        assert say(first, "mfa_reauthenticate").status_code == 200
        clock.shift(STEP_S)
        assert say(second).status_code == 302 and is_signed_in(second)
        assert say(first, "mfa_reauthenticate").status_code == 200
        clock.shift(STEP_S)
        assert say(first, "mfa_reauthenticate").status_code == 302


def test_of_two_at_once_one_code_is_taken(root: User) -> None:
    """What a second process sees that read the row before the first one wrote."""
    with time_machine.travel(START, tick=False) as clock:
        client = Client()
        sign_in(client, root.email)
        switch_on(client)
        clock.shift(STEP_S)
        one, other = (Authenticator.objects.get(type=Authenticator.Type.TOTP) for _ in range(2))
        assert [spend_code(one), spend_code(other)] == [True, False]
        assert [spend_code(one, now_s=time.time() + STEP_S - 1), spend_code(one, now_s=time.time() + STEP_S)] == [
            False,
            True,
        ]


def test_every_change_of_the_second_step_is_on_record(
    root: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    def events() -> list[tuple[str, list[str], bool]]:
        found = AuditEvent.objects.filter(code__regex=r"account\.(second|recovery|email)").order_by("pk")
        return [(event.code.removeprefix("account."), event.fields, event.actor == root) for event in found]

    client = Client()
    sign_in(client, root.email)
    with django_capture_on_commit_callbacks(execute=True):
        switch_on(client)
    assert events() == [("second_step_added", ["totp"], True), ("second_step_added", ["recovery_codes"], True)]
    other = at_the_second_step(root)
    other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert events()[-1] == ("second_step_failed", ["totp"], False)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"))
    assert events()[-1] == ("recovery_codes_made", ["recovery_codes"], True)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_deactivate_totp"))
    assert ("second_step_removed", ["totp"], True) in events()
