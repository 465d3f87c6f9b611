"""No secret, no student's word, no prompt in a log, an error page, a mail, an address, a message or a cached value.

Rare words (canary.py) stand in the draft, the student's name, the assignment, the key and the models' answers. Here
the pages and tasks fail on a database that quotes its parameters; test_canary_pipeline.py has the faults of providers
and files. The whole suite's own log is searched as well (conftest.py), and the real processes' output in
feedback/tests/test_live.py.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbound_mail
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from feedforward.logs import LineFormatter, ScrubFilter, scrub
from feedforward.tests.access_table import ROWS
from feedforward.tests.canary import ANSWER, DRAFT, EMAIL, ESSAY, KEY, NAME, PASSWORD, RARE, held, search_everything
from feedforward.tests.cast import ANONYMOUS, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene

# --- a database that quotes what it was given ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def quoting(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Fail at what changes anything, as PostgreSQL does: with the statement and its values."""
    if sql.startswith(("INSERT", "UPDATE")) and "django_session" not in sql and "usersessions" not in sql:
        raise DatabaseError(f"{sql}\nDETAIL: Key ({params}) exists. {' '.join(RARE)}")
    return execute(sql, params, many, context)


FIELDS = (
    *("text", "comment", "why", "next_step", "summary", "message", "words", "title", "name", "description"),
    *("instructions", "note", "reason", "first_name", "display_name", "q"),
)


@pytest.mark.thorough
@pytest.mark.django_db
def test_pages_whose_database_fails(scene: Scene, lines: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Every form of the site, filled with words, while the database refuses each change and quotes them."""
    failures = 0
    capfd.readouterr()
    client = Client(raise_request_exception=False)
    for row in ROWS:
        if row.method != "POST" or not row.allow:
            continue
        actor = scene.actor(sorted(row.allow - {ANONYMOUS, CLOSED} or row.allow)[0])
        client.cookies.clear()
        if actor is not None:
            client.force_login(actor)
        data = {**dict.fromkeys(FIELDS, f"{DRAFT} {ANSWER}"), "email": EMAIL, "login": EMAIL, "password": PASSWORD}
        data |= {"key": KEY, **dict(row.data)}
        with transaction.atomic(), connection.execute_wrapper(quoting):
            answer = client.post(reverse(row.name, kwargs=row.kwargs(scene)), data)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            failures += 1
            assert not held(answer.content.decode()), row.name
        assert not held(answer.headers.get("Location", "")), row.name
    assert failures > 20
    search_everything(lines, "".join(capfd.readouterr()))


@pytest.mark.thorough
@pytest.mark.django_db
def test_tasks_that_fail(scene: Scene, lines: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Through Celery's own tracing, whose lines name the exception's words and the arguments."""
    from celery import current_app

    capfd.readouterr()
    for app in ("accounts", "aiconfig", "feedback", "feedforward", "privacy", "submissions"):
        import_module(f"{app}.tasks")
    ours = sorted(name for name in current_app.tasks if not name.startswith("celery."))
    assert len(ours) >= 8

    def fail(*args: Any) -> None:
        raise DatabaseError(f"Key ({' '.join(RARE)}) exists.")

    ended = []
    for name in ours:
        task = current_app.tasks[name]
        takes = [1] if task.run.__code__.co_argcount else []
        with transaction.atomic(), connection.execute_wrapper(fail):
            ended.append(task.apply(args=takes).state)
            transaction.set_rollback(True)
    assert ended == ["FAILURE"] * len(ours)
    assert sum("celery.app.trace" in line for line in lines) == len(ours)
    search_everything(lines, "".join(capfd.readouterr()))


# --- lines ---------------------------------------------------------------------------------------------------------------


def line(logger: str, message: str, *args: Any, error: BaseException | None = None) -> str:
    """Return what the site writes for a record."""
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, message, args, info)
    ScrubFilter().filter(record)
    return LineFormatter().format(record)


def chained() -> BaseException:
    try:
        try:
            raise KeyError(DRAFT)
        except KeyError as first:
            raise ValueError(f"no {ANSWER}") from first
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    "written",
    [
        line("django.request", "Internal Server Error: %s", f"/join/{DRAFT}-token/"),
        line("django.security.csrf", "Forbidden (%s): %s", "CSRF", f"/accounts/password/reset/key/1-{DRAFT}/"),
        line("django.security.csrf", "Forbidden: %s", f"/accounts/confirm-email/MQ:{DRAFT}:x/"),
        line("gunicorn.error", f"Error handling request /people/?q={NAME}&page=2", error=chained()),
        line("gunicorn.error", f"Error handling request /x?next=%2Fjoin%2F{DRAFT}%2F"),
        line("celery.app.trace", "Task %(name)s raised unexpected: %(exc)s", {"name": "t", "exc": f"E({DRAFT!r})"}),
        line("celery.worker.request", "Task handler raised error: %r", chained()),
        line("asyncio", f"Task exception was never retrieved\nfuture: <Task exception={chained()!r}>", error=chained()),
        line("x", "it broke: %s", chained()),
        line("x", str(chained()), error=chained()),
        line("x", f"caused by {DRAFT}", error=chained()),
        line("x", f"Bearer {KEY} and AIza{'0' * 25}{DRAFT}"),
        line("x", "%s", f"api_key={KEY}"),
    ],
    ids=lambda written: written.split("[-] ", 1)[1][:30],  # without the time
)
def test_lines_without_the_words(written: str) -> None:
    assert not held(written), written
    assert "\n" not in written


@pytest.mark.parametrize(
    "text",
    [
        "POST /drafts/3e1f6f9e-31d2-4c58-9a51-3a4a8a7f1c11/ took 12 ms",
        "run 7: not stored (OperationalError)",
        "submissions/reading.py:72 < submissions/tasks.py:12",
        "what? nothing",
        "/accounts/password/reset/key/done/",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert scrub(text) == text


def test_a_refused_host_is_named() -> None:
    from django.core.exceptions import DisallowedHost

    said = "Invalid HTTP_HOST header: 'evil.example'. You may need to add 'evil.example' to ALLOWED_HOSTS."
    assert said in line("django.security.DisallowedHost", said, error=DisallowedHost(said))


def test_no_handler_mails_tracebacks_or_prints_beside_the_log(settings: Any) -> None:
    """Django's own mails the values of variables, its console one knows no filter."""
    settings.ADMINS = [("Root", "root@example.edu")]
    for name in ("django", "django.request", "django.server", "django.security", "gunicorn.error"):
        assert logging.getLogger(name).handlers == [], name
    logging.getLogger("django.request").error("Internal Server Error", exc_info=chained())
    assert outbound_mail.outbox == []


def test_uncaught_exceptions_are_told_without_their_words() -> None:
    """In a process of its own: the hooks belong to the whole process."""
    code = (
        "import threading; from feedforward.logs import keep_tracebacks_short; keep_tracebacks_short()\n"
        f"def fail(): raise ValueError('{DRAFT}')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        f"raise KeyError('{DRAFT}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 1
    assert DRAFT not in done.stderr + done.stdout
    assert "KeyError" in done.stderr and "a thread ended" in done.stderr


def test_the_search_finds_what_is_there(lines: list[str], db: None) -> None:
    """The search itself: a word put into each place is found there."""
    logging.getLogger("x").warning("see %s", DRAFT)
    with pytest.raises(AssertionError):
        search_everything(lines, "")
    lines.clear()
    cache.set("a", ESSAY)
    with pytest.raises(AssertionError, match="cache"):
        search_everything(lines, "")
    cache.clear()
    AuditEvent.objects.create(code="x", object_id=NAME)
    with pytest.raises(AssertionError, match="audit"):
        search_everything(lines, "")
    AuditEvent.objects.filter(code="x").delete()
    search_everything(lines, "")
