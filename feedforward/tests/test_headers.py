"""Headers of what answers outside the pages: refusals of every kind, faults, downloads, static files, signing out.

The answers of all addresses to all people are checked on the way by test_access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.tests.cast import person
from feedforward.ratelimit import RESET_PERSON
from feedforward.tests.headers import faults

pytestmark = pytest.mark.django_db


@contextmanager
def database_says(error: Exception, *, but: tuple[str, ...] = ()) -> Iterator[None]:
    """Let statements fail, as when the server is away or a query is wrong; ``but``: those about these tables do not."""

    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if any(f'"{table}"' in sql for table in but):
            return execute(sql, params, many, context)
        raise error

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def alice() -> User:
    return person("alice", is_student=True)


@pytest.fixture
def client(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


def refused_for_coming_too_often(client: Client) -> Any:
    for _ in range(RESET_PERSON.amount + 1):
        answer = Client().post(reverse("account_reset_password"), {"email": "alice@example.edu"})
    return answer


def broken(error: Exception, *, but: tuple[str, ...] = ("django_session", "accounts_user")) -> Callable[[Client], Any]:
    def ask(client: Client) -> Any:
        with database_says(error, but=but):
            return client.get("/")

    return ask


TOO_LONG = "a" * (12 * 1024 * 1024 + 10)
ERRORS: list[tuple[str, int, Callable[[Client], Any]]] = [
    ("no such page", 404, lambda client: client.get("/no/such/page/")),
    ("another host", 400, lambda client: client.get("/", headers={"host": "evil.example"})),
    ("another site", 403, lambda client: client.post("/account/", headers={"sec-fetch-site": "cross-site"})),
    ("no token", 403, lambda client: Client(enforce_csrf_checks=True).post("/accounts/login/")),
    ("wrong role", 403, lambda client: client.get("/people/")),
    ("wrong method", 405, lambda client: client.post("/courses/")),
    ("not signed in", 302, lambda client: Client().get("/")),
    ("not signed in, htmx", 401, lambda client: Client().get("/", headers={"hx-request": "true"})),
    ("too large", 400, lambda client: client.post("/accounts/login/", {"login": TOO_LONG})),
    ("too many fields", 400, lambda client: client.post("/account/", {f"f{n}": "1" for n in range(1100)})),
    ("too often", 429, refused_for_coming_too_often),
    ("a fault", 500, broken(ValueError("words"))),
    ("database away", 503, broken(OperationalError("words"), but=())),
    ("options", 405, lambda client: client.options("/courses/")),
    ("a NUL in the address", 404, lambda client: client.get("/people/%00/")),
]


@pytest.mark.parametrize(("status", "ask"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_refusals_and_faults(client: Client, status: int, ask: Callable[[Client], Any]) -> None:
    answer = ask(client)
    assert answer.status_code == status
    assert faults(answer) == []
    body = answer.content.decode()
    assert "Traceback" not in body and "words" not in body.replace("passwords", "")


@pytest.mark.parametrize("error", [SuspiciousOperation("words"), PermissionDenied(), KeyError("words")])
def test_faults_of_a_view(client: Client, error: Exception) -> None:
    answer = broken(error)(client)
    assert answer.status_code == {SuspiciousOperation: 400, PermissionDenied: 403, KeyError: 500}[type(error)]
    assert faults(answer) == [] and "words" not in answer.content.decode()


def test_who_was_refused_what_is_in_the_log(client: Client, alice: User, lines: list[str]) -> None:
    client.get("/people/")
    assert any(f"refused: person {alice.pk}, GET /people/" in line for line in lines)


def test_static_files_are_public_and_under_the_policy(settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    answer = Client().get("/static/icons/sprite.svg")
    assert answer.status_code == 200 and b"".join(answer.streaming_content)
    assert faults(answer, public=True) == []
    assert "max-age=31536000" in answer["Cache-Control"] and "Cookie" not in answer.headers.get("Vary", "")


def test_signing_out_clears_what_the_browser_kept(client: Client) -> None:
    answer = client.post(reverse("account_logout"))
    assert answer.status_code == 302 and faults(answer) == []
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in Client().get(reverse("account_login")).headers


def test_https_is_kept_for_a_year(client: Client, settings: Any) -> None:
    """The switch follows SITE_URL (settings); what the middleware makes of it is seen here, on errors too."""
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    settings.SECURE_SSL_REDIRECT = True
    fresh = Client()
    for path in ("/no/such/page/", "/accounts/login/", "/static/icons/sprite.svg"):
        answer = fresh.get(path, secure=True)
        assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    led = fresh.get("/accounts/login/")
    assert led.status_code == 301 and led["Location"] == "https://testserver/accounts/login/" and faults(led) == []


def test_an_answer_that_declares_itself_public_is_left_alone(rf: Any) -> None:
    from feedforward.requests import PageHeadersMiddleware

    def view(request: Any) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "public, max-age=60"})

    answer = PageHeadersMiddleware(view)(rf.get("/"))
    assert answer["Cache-Control"] == "public, max-age=60" and "Vary" not in answer.headers
