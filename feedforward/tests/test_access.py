"""Every address against every kind of person: what is refused changes nothing and tells nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from feedforward.tests.access_table import REDIRECTS, ROWS, SEES, SOMETIMES, Row
from feedforward.tests.cast import ACTORS, ANONYMOUS, CANARY, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.headers import faults
from feedforward.tests.watching import writes

# Each test runs in a savepoint inside the module's own transaction.
pytestmark = pytest.mark.django_db
REFUSED = frozenset({401, 403, 404, 405})
# Who asks by htmx, and as a program does, as well.
BY_HTMX_TOO = frozenset({ANONYMOUS, "elsewhere"})
# There is no interface for programs of its own: they get the addresses of the pages, and the refusals of the pages.
AS_A_PROGRAM = {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}
OTHER_METHODS = ("HEAD", "OPTIONS", "PUT", "DELETE")
# For whom the answer is compared with that for an id which does not exist.
STRANGERS = frozenset({"elsewhere", "peer", "other_instructor"})
# That somebody read, exported or works on something may be noted on a GET.
MAY_NOTE = ('INSERT INTO "accounts_auditevent"', 'UPDATE "feedback_feedback"')
# Tables that belong to the visit itself.
VISIT_TABLES = ("django_session", "usersessions_usersession")


def url_names(
    patterns: list[URLPattern | URLResolver], namespace: str = "", path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield (name, path) of every address of the site."""
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from url_names(pattern.url_patterns, inner, here)
        else:
            yield f"{namespace}{pattern.name or ''}", here


def test_every_address_has_a_row():
    known = {row.name for row in ROWS} | SOMETIMES
    without = sorted(
        f"{name or '(no name)'}  {path}"
        for name, path in url_names(get_resolver().url_patterns)
        if not name.startswith("admin:") and name not in known and not (not name and path.startswith(REDIRECTS))
    )
    assert not without, "addresses without a row in access_table.py:\n" + "\n".join(without)


def test_every_row_has_an_address():
    names = {name for name, _path in url_names(get_resolver().url_patterns)}
    assert {row.name for row in ROWS} <= names


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """One scene for all rows, rolled back at the end; each request is rolled back by itself."""
    with django_db_blocker.unblock():
        cache.clear()
        with transaction.atomic():
            yield make_scene()
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def cookies(scene: Scene) -> dict[str, str]:
    """A session for every actor; fay's is from before her account was closed."""
    from django.conf import settings

    found = {ANONYMOUS: ""}
    for name in ACTORS:
        user = scene.actor(name)
        if user is not None:
            client = Client()
            client.force_login(user)
            client.get("/")  # what a session's first request writes would be written, and taken back, by each
            found[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


@pytest.fixture
def ask(
    scene: Scene, cookies: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Callable[..., tuple[HttpResponse, list[str]]]]:
    """Give a function that asks as an actor and takes everything back; it gives the answer and the writes."""
    from django.conf import settings

    client = Client(raise_request_exception=False)

    def asked(actor: str, method: str, url: str, data: dict[str, str], **headers: str) -> tuple[Any, list[str]]:
        client.cookies.clear()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[actor]
        # What is no form arrives as a program would send it.
        more = {} if method in {"GET", "HEAD", "POST"} else {"content_type": "application/json"}
        with transaction.atomic(), writes(but=VISIT_TABLES) as written:
            answer = getattr(client, method.lower())(url, data, headers=headers, **more)
            body = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        answer.body = body.decode("utf-8", "replace")
        assert not (wrong := faults(answer)), f"{actor} {method} {url}: {answer.status_code} {wrong}"
        asked_by.append(actor)
        return answer, written

    asked_by: list[str] = []
    yield asked
    # For the summary at the end of the run (conftest.py).
    request.node.user_properties.append(("access", (len(asked_by), sorted(set(asked_by)))))


def same_words(body: str) -> str:
    """A body without what differs from request to request: ids, tokens, numbers of requests."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body)
    body = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", body)
    return re.sub(r"\b[0-9a-f]{12}\b", "REQUEST", body)


def other_ids(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The same address for things that do not exist."""
    return {key: uuid.uuid4() if isinstance(value, uuid.UUID) else value for key, value in kwargs.items()}


def leads_to_login(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_row_in_brief(row: Row, scene: Scene, ask: Callable[..., tuple[Any, list[str]]]) -> None:
    """One who may, one who may not although signed in, one who is not: enough to notice a guard that is missing."""
    url = reverse(row.name, kwargs=row.kwargs(scene))
    known = [actor for actor in ACTORS if actor not in (ANONYMOUS, CLOSED)]
    allowed = next((actor for actor in known if actor in row.allow), None)
    refused = next((actor for actor in known if actor not in row.allow), None)
    if allowed:
        answer, _written = ask(allowed, row.method, url, dict(row.data))
        good = answer.status_code not in REFUSED and answer.status_code < 500
        assert good or answer.status_code in row.answers or (row.may_be_missing and answer.status_code == 404)
    for actor in (refused, None if ANONYMOUS in row.allow else ANONYMOUS):
        if actor:
            answer, written = ask(actor, row.method, url, dict(row.data))
            said = f"{actor}: {answer.status_code} {answer.headers.get('Location', '')}"
            assert not written and CANARY not in answer.body.lower(), f"{said} wrote {written}"
            assert leads_to_login(answer) if actor == ANONYMOUS else answer.status_code in {403, 404}, said


@pytest.mark.thorough
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_row(row: Row, scene: Scene, ask: Callable[..., tuple[Any, list[str]]]) -> None:
    kwargs = row.kwargs(scene)
    url = reverse(row.name, kwargs=kwargs)
    data = dict(row.data)
    public = row.allow >= {ANONYMOUS, CLOSED}
    for actor in ACTORS:
        answer, written = ask(actor, row.method, url, data)
        said = f"{actor}: {answer.status_code} {answer.headers.get('Location', '')}"
        if actor in row.allow:
            good = answer.status_code not in REFUSED and answer.status_code < 500
            good = good or answer.status_code in row.answers or (row.may_be_missing and answer.status_code == 404)
            assert good, said
            if row.method == "GET":
                # Looking changes nothing: mail scanners and browsers that read ahead open links.
                assert not [sql for sql in written if not sql.startswith(MAY_NOTE)], f"{said} wrote {written}"
            assert public or not leads_to_login(answer), said
            continue
        # Refused: by page and by htmx, with nothing changed and nothing told.
        assert not written, f"{said} wrote {written}"
        assert CANARY not in answer.body.lower(), said
        if actor in (ANONYMOUS, CLOSED):
            assert leads_to_login(answer), said
        else:
            assert answer.status_code in {403, 404}, said
        if actor in BY_HTMX_TOO:
            fragment, written = ask(actor, row.method, url, data, **{"HX-Request": "true"})
            assert not written and CANARY not in fragment.body.lower(), f"{said} by htmx"
            assert fragment.status_code == (401 if actor == ANONYMOUS else answer.status_code), f"{said} by htmx"
            assert (actor == ANONYMOUS) == ("HX-Redirect" in fragment.headers), f"{said} by htmx"
            program, written = ask(actor, row.method, url, data, **AS_A_PROGRAM)
            assert not written and CANARY not in program.body.lower(), f"{said} as a program"
            assert program.status_code == answer.status_code, f"{said} but {program.status_code} as a program"
        if actor in (ANONYMOUS, CLOSED):
            continue
        if (
            actor in STRANGERS
            and actor not in SEES[row.about]
            and any(isinstance(value, uuid.UUID) for value in kwargs.values())
        ):
            missing, _written = ask(actor, row.method, reverse(row.name, kwargs=other_ids(kwargs)), data)
            assert missing.status_code == answer.status_code, f"{said} but {missing.status_code} for a missing id"
            assert same_words(missing.body) == same_words(answer.body), said


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_no_other_method_opens_an_address(name: str, scene: Scene, ask: Callable[..., tuple[Any, list[str]]]) -> None:
    """HEAD is a look, OPTIONS tells nothing, and what the address does not offer is refused to everybody."""
    rows = {row.method: row for row in ROWS if row.name == name}
    row = next(iter(rows.values()))
    url = reverse(name, kwargs=row.kwargs(scene))
    allowed = frozenset[str]().union(*(row.allow for row in rows.values()))
    known = sorted(allowed - {ANONYMOUS, CLOSED})
    for actor, methods in (
        (ANONYMOUS, ("HEAD", "DELETE")),
        ("elsewhere", OTHER_METHODS),
        *((k, OTHER_METHODS) for k in known[:1]),
    ):
        for method in methods:
            answer, written = ask(actor, method, url, {})
            said = f"{actor} {method} {url}: {answer.status_code}"
            kept = [sql for sql in written if not sql.startswith(MAY_NOTE)]
            assert not kept, f"{said} wrote {kept}"
            if actor not in allowed:
                assert CANARY not in answer.body.lower(), said
                assert leads_to_login(answer) or answer.status_code in {403, 404, 405}, said
            elif method in {"PUT", "DELETE"} and "POST" not in rows:
                assert answer.status_code in {302, 403, 404, 405}, said


UNSAFE = [row for row in ROWS if row.method == "POST" and row.allow]


@pytest.mark.thorough
@pytest.mark.parametrize("row", UNSAFE, ids=lambda row: row.name)
def test_unsafe_addresses_want_a_token_and_refuse_other_sites(row: Row, scene: Scene, cookies: dict[str, str]) -> None:
    from django.conf import settings

    actor = sorted(row.allow - {ANONYMOUS, CLOSED} or row.allow)[0]
    url = reverse(row.name, kwargs=row.kwargs(scene))
    for strict, headers in (
        (True, {}),
        (False, {"Sec-Fetch-Site": "cross-site"}),
        (False, {"Sec-Fetch-Site": "same-site"}),
    ):
        client = Client(enforce_csrf_checks=strict)
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[actor]
        with transaction.atomic(), writes(but=VISIT_TABLES) as written:
            answer = client.post(url, dict(row.data), headers=headers)
            transaction.set_rollback(True)
        assert answer.status_code == 403 and not written, f"{row.name} {headers}: {answer.status_code}"


@pytest.mark.thorough
def test_django_admin_is_for_administrators(scene: Scene, ask: Callable[..., tuple[Any, list[str]]]) -> None:
    urls = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    for url in urls:
        for actor in ACTORS:
            answer, written = ask(actor, "GET", url, {})
            if actor == "admin":
                assert answer.status_code in {200, 403}, url
            else:
                assert not written and answer.status_code in {302, 403}, f"{actor} {url} {answer.status_code}"
                assert CANARY not in answer.body.lower()


@pytest.mark.thorough
def test_administrators_read_no_student_text(scene: Scene, ask: Callable[..., tuple[Any, list[str]]]) -> None:
    """Through no page of the table and none of Django's admin; what they run, they need not read."""
    urls = []
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls.append(reverse(f"{name}_changelist"))
        urls += [reverse(f"{name}_change", args=[pk]) for pk in model._default_manager.values_list("pk", flat=True)[:3]]
    for url in urls:
        answer, _written = ask("admin", "GET", url, {})
        assert "feeding it is forbidden" not in answer.body and f"sk-{CANARY}" not in answer.body, url
