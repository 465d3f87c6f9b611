"""Words that would be script, template, formula or header stand in every text: every page shows them as words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts import invitations
from feedback import telling
from feedforward import outbox
from feedforward.csv_export import guarded
from feedforward.models import OutgoingMail
from feedforward.tests import hostile
from feedforward.tests.access_table import ROWS, Row
from feedforward.tests.cast import ANONYMOUS, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from submissions.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """The scene with hostile words in all its rows."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_scene()
        assert hostile.poison() > 100
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def look(scene: Scene) -> Callable[..., Any]:
    """Return a function that asks as an actor, takes everything back and gives the answer with its text."""
    client = Client(raise_request_exception=False)

    def looked(actor: Any, url: str, data: dict[str, str] | None = None, method: str = "get") -> Any:
        client.cookies.clear()
        with transaction.atomic():
            if actor is not None:
                client.force_login(actor)
            answer: Any = getattr(client, method)(url, data or {})
            answer.text_of_it = (b"".join(answer) if answer.streaming else answer.content).decode("utf-8", "replace")
            transaction.set_rollback(True)
        return answer

    return looked


def check(answer: Any, where: str) -> int:
    """Fail when the words came alive; returns how often they are shown."""
    assert answer.status_code < 500, where
    assert "X-Ffx" not in answer.headers, where
    assert not any("\n" in value or "\r" in value for value in answer.headers.values()), where
    kind = answer.headers.get("Content-Type", "")
    if "text/html" in kind:
        live, shown = hostile.read_page(answer.text_of_it)
        assert not live, f"{where}: {live}"
        return shown
    assert "nosniff" in answer.headers["X-Content-Type-Options"], where
    if "text/csv" in kind:
        assert not (found := hostile.formulas(answer.text_of_it)), f"{where}: {found[:3]}"
        return answer.text_of_it.count("ffx(1)")
    return 0


PAGES = [row for row in ROWS if row.method == "GET" and row.name != "healthz"]


def actors(row: Row) -> list[str]:
    """Whoever sees an address differently: one student, one of the staff, the administrator."""
    chosen = [name for name in ("owner", "peer", "instructor", "admin") if name in row.allow]
    return chosen or sorted(row.allow - {ANONYMOUS, CLOSED}) or [ANONYMOUS]


@pytest.mark.thorough
def test_every_page_shows_them_as_words(scene: Scene, look: Callable[..., Any]) -> None:
    shown: dict[str, int] = {}
    for row in PAGES:
        url = reverse(row.name, kwargs=row.kwargs(scene))
        for name in actors(row):
            said = check(look(scene.actor(name), url), f"{name} {url}")
            shown[row.name] = shown.get(row.name, 0) + said
    assert {"home", "roster", "desk", "feedback_read", "roster_export", "draft_text", "course_detail"} <= {
        name for name, count in shown.items() if count
    }
    assert sum(1 for count in shown.values() if count) >= 30, shown


@pytest.mark.thorough
def test_every_page_takes_them_as_parameters(scene: Scene, look: Callable[..., Any]) -> None:
    """What stands in the query is shown as words, or not at all, and leads nowhere."""
    names = (
        "q",
        "page",
        "sort",
        "tab",
        "family",
        "since",
        "until",
        "status",
        "state",
        "kind",
        "role",
        "filter",
        "from",
    )
    query = {**dict.fromkeys(names, hostile.WORDS), "next": "//evil.example/ffx"}
    for row in PAGES:
        url = reverse(row.name, kwargs=row.kwargs(scene))
        answer = look(scene.actor(actors(row)[-1]), url, query)
        check(answer, f"{url}?…")
        assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0], url


@pytest.mark.thorough
def test_what_a_form_hands_back(scene: Scene, look: Callable[..., Any]) -> None:
    """A form with faults shows the words that were sent, in fields and beside them."""
    names = ("title", "name", "code", "email", "term", "text", "description", "instructions", "comment", "words", "key")
    names += ("base_url", "display_name", "login", "role", "action", "level", "student_number", "note", "message")
    for row in ROWS:
        if row.method != "POST" or not row.allow:
            continue
        url = reverse(row.name, kwargs=row.kwargs(scene))
        actor = scene.actor(actors(row)[0])
        answer = look(actor, url, {**dict.fromkeys(names, hostile.WORDS), "next": "//evil.example/ffx"}, "post")
        check(answer, f"POST {url}")
        assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0], url


@pytest.mark.thorough
def test_djangos_admin_shows_them_as_words(scene: Scene, look: Callable[..., Any]) -> None:
    shown = 0
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls = [reverse(f"{name}_changelist")]
        first = model._default_manager.values_list("pk", flat=True).first()
        if first is not None:
            urls.append(reverse(f"{name}_change", args=[first]))
        for url in urls:
            shown += check(look(scene.people.admin, url), url)
    assert shown > 10


@pytest.mark.thorough
def test_mails_carry_them_as_words(scene: Scene) -> None:
    with transaction.atomic():
        people = scene.people
        people.course.refresh_from_db()
        people.assignment.refresh_from_db()
        before = set(OutgoingMail.objects.values_list("pk", flat=True))
        invitations.invite(
            email="new@example.edu", role="student", name=hostile.WORDS, course=people.course, actor=people.bob
        )
        scene.feedback.refresh_from_db()
        telling.tell_student(feedback=scene.feedback, draft=Draft.objects.get(pk=scene.released.pk))
        written = OutgoingMail.objects.exclude(pk__in=before)
        assert written.count() >= 1
        OutgoingMail.objects.filter(pk__in=before).delete()
        outbox.send_due()
        transaction.set_rollback(True)
    assert mail.outbox
    for letter in mail.outbox:
        message = letter.message()
        assert message["X-Ffx"] is None and "\n" not in letter.subject
        html = [
            part.get_payload(decode=True).decode() for part in message.walk() if part.get_content_type() == "text/html"
        ]
        assert html and all(hostile.read_page(body)[0] == [] for body in html)
        assert any("ffx(1)" in body for body in html)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_the_search_for_formulas_finds_one(start: str) -> None:
    cell = f"{start}1+cmd|' /C calc'!A0"
    assert start == "＝" or hostile.formulas(f'"{cell}",2\r\n')
    assert not hostile.formulas(f'"{guarded(cell)}",-2\r\n')


@pytest.mark.parametrize(
    "page",
    ["<p><ffx>", '<a href="javascript:ffx">', '<input value="" onload=ffx>', "<script>ffx</script>", "<p>=13(1)"],
)
def test_the_search_for_live_words_finds_them(page: str) -> None:
    assert hostile.read_page(page)[0]
