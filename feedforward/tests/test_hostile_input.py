"""What nobody's form sends: NUL, numbers without end, the last day of the calendar, ids of other things. No page breaks.

What would reach the database is looked at as well: SQLite takes a NUL that PostgreSQL answers with an error.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from courses.models import Rubric
from feedback.models import Feedback, Trial
from feedback.requests import new_run
from feedforward.tests.access_table import ROWS, Row
from feedforward.tests.cast import ANONYMOUS, CANARY, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.watching import writes
from submissions.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
BASE = Path(__file__).resolve().parents[2]
APPS = ("accounts", "courses", "aiconfig", "submissions", "feedback")
VISIT = ("django_session", "usersessions_usersession")
MAY_NOTE = 'INSERT INTO "accounts_auditevent"'


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


class Unstorable(Exception):
    """A value on its way to the database that PostgreSQL would refuse."""


def _refuse_unstorable(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    for value in params or ():
        text = isinstance(value, str) and re.search("[\0\ud800-\udfff]", value)
        if text or (isinstance(value, int) and abs(value) >= 2**63):
            raise Unstorable(f"{value[:20] if isinstance(value, str) else 'a number'!r} in {sql[:60]}")
    return execute(sql, params, many, context)


def ask(scene: Scene, actor: str, method: str, url: str, body: str) -> tuple[Any, list[str]]:
    """Ask as an actor, with ``body`` as it stands (percent-encoded), and take it back; an exception is raised."""
    client = Client()
    if (user := scene.actor(actor)) is not None:
        client.force_login(user)
    with transaction.atomic(), connection.execute_wrapper(_refuse_unstorable), writes(but=VISIT) as written:
        if method == "GET":
            answer = client.get(f"{url}?{body}")
        else:
            answer = client.post(url, body, content_type="application/x-www-form-urlencoded")
        answer.body = (b"".join(answer) if answer.streaming else answer.content).decode()
        transaction.set_rollback(True)
    return answer, written


def names_asked_for() -> list[str]:
    """Every name of a field that a view of ours asks a request for."""
    found: set[str] = set()
    for app in APPS:
        for path in (BASE / app).rglob("*.py"):
            if "tests" not in path.parts:
                text = path.read_text(encoding="utf-8")
                found |= set(re.findall(r'(?:GET|POST|data|query)\)?\.get(?:list)?\("(\w+)"', text))
    return sorted(found)


NAMES = names_asked_for()
ENDLESS = "9" * 30
# Digits to str.isdigit, none to int; and what has the length of an id.
NO_NUMBER, NO_ID = "%C2%B2", "x" * 36
BODIES = (
    {**dict.fromkeys(NAMES, "a%00%%0000b"), "page": ENDLESS, "until": "9999-12-31", "since": "0001-01-01"},
    {**dict.fromkeys(NAMES, ENDLESS), "q": "%ED%A0%80", "page": "-1", "draft": NO_ID},
    {**dict.fromkeys(NAMES, NO_NUMBER), "draft": f"{uuid.UUID(int=0)}"},
)


def test_the_names_are_found() -> None:
    assert {"q", "page", "until", "draft", "version", "level", "again"} <= set(NAMES)


def first_of(row: Row) -> str:
    """Who is asked as: an administrator last, who sees the least of a course."""
    return sorted(row.allow - {ANONYMOUS, CLOSED} or {ANONYMOUS}, key=lambda name: (name == "admin", name))[0]


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", BODIES[0]), *(("POST", body) for body in BODIES)],
    ids=["GET", "nul", "endless numbers", "no numbers"],
)
def test_no_page_breaks(scene: Scene, method: str, body: dict[str, str]) -> None:
    broken = []
    for row in ROWS:
        if row.method == method and row.name != "account_logout":
            url = reverse(row.name, kwargs=row.kwargs(scene))
            sent = "&".join(f"{name}={value}" for name, value in {**body, **_known(row)}.items())
            try:
                answer, _written = ask(scene, first_of(row), method, url, sent)
                assert answer.status_code < 500 or row.name == "healthz"
            except Exception as error:
                broken.append(f"{row.name}: {error!r}"[:300])
    assert not broken


def _known(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.data if name in {"action", "then"}}


# The desk, with the version it shows and one thing wrong.
AT_THE_DESK = [
    *(("desk_level", {"criterion": "c1", "level": level}) for level in ("²", "٣", "-1", "999", ENDLESS)),
    *(("desk_level", {"criterion": key, "level": "1"}) for key in ("\0", "x" * 9999, "")),
    *(("desk_add", {"comment": "a" * 60, "start": start, "end": "9"}) for start in ("²", "8", "99999999", "-1")),
    *(("desk_add", {"comment": words, "why": words, "next_step": words}) for words in ("a\0b" * 30, "x" * 100_000)),
    *(("desk_add", {"comment": "a" * 60, "group": group, "criterion": "nothing"}) for group in ("\0", "released")),
    *(("desk_words", {"criterion": key, "words": "a\0b" * 30_000}) for key in ("", "c1", "\0")),
    *(("desk_note", {"action": action, "source": "²"}) for action in ("swap", "edit", "\0", "shown", "released")),
    *(("desk_decide", {"action": action}) for action in ("", "\0", "approve\0", "deleted", "by_hand")),
    *((name, {"version": version}) for name in ("desk_words", "desk_decide") for version in ("²", ENDLESS, "-1")),
]


def test_the_desk_takes_no_nonsense(scene: Scene) -> None:
    rows = {row.name: row for row in ROWS if row.method == "POST"}
    version = str(Feedback.objects.get(pk=scene.waiting_feedback.pk).version)
    for name, body in AT_THE_DESK:
        url = reverse(name, kwargs=rows[name].kwargs(scene))
        answer, _written = ask(scene, "instructor", "POST", url, urlencode({"version": version, **body}))
        assert answer.status_code in {204, 302, 403, 409, 422}, f"{name} {body}: {answer.status_code}"


# --- ids of other things --------------------------------------------------------------------------------------------


def test_numbers_in_addresses_end_somewhere(scene: Scene) -> None:
    for name, kwargs, actor in (
        ("session_end", {"pk": 10**30}, "owner"),
        ("mfa_remove_webauthn", {"pk": 10**30}, "owner"),
        ("draft_file_at", {"public_id": scene.released.public_id, "position": 10**30}, "owner"),
        ("run_transcript", {"public_id": scene.waiting.public_id, "run_id": 10**30}, "instructor"),
        ("trial_transcript", {"public_id": scene.trial.public_id, "run_id": 10**30}, "instructor"),
    ):
        for method in ("GET", "POST"):
            answer, written = ask(scene, actor, method, reverse(name, kwargs=kwargs), "")
            assert answer.status_code in {302, 404, 405} and not written, f"{method} {name}: {answer.status_code}"


def test_runs_open_under_their_own_draft_or_trial_only(scene: Scene) -> None:
    trial_run = scene.trial.request.runs.get()
    other = new_run(
        scene.more["request"], {"ai_model": scene.model.pk, "name": "two", "display_name": "Two"}, slot=1, repeat=0
    )
    other.save()
    for name, of, run in (
        ("run_transcript", scene.waiting, trial_run),
        ("run_transcript", scene.released, scene.run),
        ("trial_transcript", scene.trial, scene.run),
        ("trial_transcript", scene.other_trial, trial_run),
    ):
        url = reverse(name, kwargs={"public_id": of.public_id, "run_id": run.pk})
        answer, written = ask(scene, "instructor", "GET", url, "")
        assert answer.status_code == 404 and not written, f"{name} {of}"
        assert CANARY not in answer.body.lower()


def test_a_queue_decides_on_its_own_drafts_only(scene: Scene) -> None:
    """Drafts of another assignment, of another course and withdrawn ones, among the ticked."""
    elsewhere = reverse("review_queue", kwargs={"public_id": scene.assignment.public_id})
    ticked = [str(uuid.uuid4()), NO_ID, str(scene.released.public_id)]
    with transaction.atomic():
        Draft.objects.filter(pk=scene.waiting.pk).update(assignment=_assignment_of(scene, scene.people.other))
        ticked.append(str(scene.waiting.public_id))
        for action in ("approve", "release", "rerun_failed"):
            body = urlencode({"action": action, "draft": ticked}, doseq=True)
            answer, written = ask(scene, "instructor", "POST", elsewhere + "bulk/", body)
            assert answer.status_code == 302
            assert not [sql for sql in written if "feedback_feedback" in sql or "modelrun" in sql], written
        transaction.set_rollback(True)


def _assignment_of(scene: Scene, course: Any) -> Any:
    from courses.models import Assignment

    return Assignment.objects.create(course=course, title="Elsewhere", status="active")


@pytest.mark.parametrize(
    ("page", "actor", "body", "said"),
    [
        # Another course's assignment and rubric in an own course's address: as if nothing were named.
        ("plan_estimate", "instructor", {"assignment": "theirs", "rubric": "their rubric"}, 200),
        ("assignment_edit", "instructor", {"title": "A title", "rubric": "their rubric"}, 422),
        # A trial of another assignment, to try its text again.
        ("trials", "instructor", {"again": "their trial", "source": "again"}, 422),
        # What another person's form was given: nothing of theirs comes back, nothing breaks.
        ("submit", "peer", {"source": "paste", "text": "A text of her own. " * 40, "key": "alice's draft"}, 302),
        ("staff_owner", "admin", {"owner": "a student"}, 422),
        ("rubric_templates", "instructor", {"template": "their rubric", "action": "delete"}, 404),
        ("budgets", "admin", {"action": "remove", "budget": "their rubric"}, 404),
        ("model_price", "admin", {"action": "remove", "price": "1"}, 404),
    ],
)
def test_ids_in_a_body_reach_no_further_than_the_address(
    scene: Scene, page: str, actor: str, body: dict[str, str], said: int
) -> None:
    row = next(row for row in ROWS if row.name == page and row.method == "POST")
    with transaction.atomic():
        elsewhere = _assignment_of(scene, scene.people.other)
        ids = {
            "theirs": elsewhere.public_id,
            "their rubric": Rubric.objects.create(course=scene.people.other, title="Of another course").public_id,
            "their trial": scene.trial.public_id,
            "alice's draft": scene.released.submission_key,
            "a student": scene.people.alice.public_id,
        }
        Trial.objects.filter(pk=scene.trial.pk).update(assignment=elsewhere)
        sent = urlencode({name: ids.get(value, value) for name, value in body.items()})
        answer, written = ask(scene, actor, "POST", reverse(page, kwargs=row.kwargs(scene)), sent)
        transaction.set_rollback(True)
    assert answer.status_code == said, answer.status_code
    assert said == 302 or not written, written
    assert str(scene.released.public_id) not in answer.headers.get("Location", "")
    assert "Of another course" not in answer.body


def test_addresses_that_change_something_answer_no_look(scene: Scene) -> None:
    looked_at = {row.name for row in ROWS if row.method == "GET"}
    for row in ROWS:
        if row.method == "POST" and row.name not in looked_at:
            url = reverse(row.name, kwargs=row.kwargs(scene))
            answer, written = ask(scene, first_of(row), "GET", url, urlencode(dict(row.data)))
            assert answer.status_code == 405 and not written, f"{row.name}: {answer.status_code} {written}"


def test_a_cookie_that_no_database_takes_is_none(scene: Scene) -> None:
    """In quotation marks a cookie may hold any byte, which becomes the key a session is looked up by."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "\0" * 32
    with connection.execute_wrapper(_refuse_unstorable):
        assert client.get(reverse("home")).status_code == 302


HEADERS: list[dict[str, str]] = [
    {"hx-request": "true", "hx-current-url": "http://[evil.example"},
    {"hx-request": "true", "hx-target": "\x7f" * 5000, "hx-trigger": "%"},
    {"referer": "http://[evil.example", "origin": "http://[evil.example"},
    {"accept-language": "de-" * 5000 + ";q=99999999999"},
    {"user-agent": "x\x7f" * 9000},
    {"x-forwarded-for": "a\x7f, " * 500, "x-forwarded-proto": "gopher", "x-forwarded-host": "evil.example"},
    {"content-type": "multipart/form-data"},
    {"content-type": "multipart/form-data; boundary=" + "x" * 5000},
    {"content-type": "application/x-www-form-urlencoded; charset=utf-7"},
    {"content-type": "text/html; charset=no-such"},
    {"cookie": "=; ;;a=b=c; " + settings.SESSION_COOKIE_NAME + '="\\000\\"; csrftoken=" \xff"'},
    {"cookie": "visitor=:::; device=..:; messages=[[[; csrftoken=" + "x" * 5000},
    {"host": "[evil"},
    {"range": "bytes=9-1", "if-modified-since": "never", "if-none-match": '"'},
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: "+".join(headers))
def test_no_header_breaks_the_door(headers: dict[str, str]) -> None:
    client = Client()
    kind = headers.get("content-type", "application/x-www-form-urlencoded")
    with connection.execute_wrapper(_refuse_unstorable):
        for path in (reverse("home"), reverse("account_login")):
            assert client.get(path, headers=headers).status_code < 500
            # Not client.post, which reads the content type itself.
            answer = client.generic("POST", path, b"--x\r\nlogin=a&password=b", content_type=kind, headers=headers)
            assert answer.status_code < 500


@pytest.mark.parametrize(
    "address", ["https://[evil.example", "https://evil.example:99999999/v1", "https://a\x00b/", "https://ex ample/"]
)
def test_no_address_of_a_provider_breaks_its_page(scene: Scene, address: str) -> None:
    for row in ROWS:
        if row.method == "POST" and row.name in {"provider_create", "provider_edit"}:
            body = urlencode({"name": "A name", "kind": "openai_compatible", "base_url": address})
            answer, written = ask(scene, "admin", "POST", reverse(row.name, kwargs=row.kwargs(scene)), body)
            assert answer.status_code == 422 and not written, f"{row.name} {answer.status_code}"
