"""permissions.csv: every actor does every action against the real site, each on a fresh state that is rolled back."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.tests.case_adapters.permission_plans import Plan, find
from feedback.tests.case_adapters.result import CaseResult
from feedforward.tests.cast import CANARY, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.watching import writes

ACTORS = {
    "anonymous": "anonymous",
    "student_owner": "owner",
    "student_peer": "peer",
    "student_other_course": "elsewhere",
    "student_dropped": "dropped",
    "ta_course_A": "assistant",
    "instructor_owner": "instructor",
    "co_instructor_A": "co_instructor",
    "instructor_other": "other_instructor",
    "admin": "admin",
    "deactivated_user": "closed",
}
# Settled in favour of reviewing: an assistant is course staff, finds the course's drafts and approves feedback.
ASSISTANT_REVIEWS = frozenset({"/drafts/?q=", "/feedback/<id>/approve"})
# Writes that are no side effect of the action: the visit, the record of it, who works on a draft.
INCIDENTAL = ("django_session", "usersessions_usersession", "accounts_auditevent", "last_login")
REFUSALS = frozenset({401, 403, 404, 405, 409, 410, 422, 429})
# What must not be told to those who are refused or see metadata only.
TEXT = "feeding it is forbidden"


def run(folder: Path) -> Iterator[CaseResult]:
    """Judge ``permissions.csv`` of a folder, if it has one."""
    path = folder / "permissions.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction.atomic():
        scene = make_scene()
        sessions = _sign_in_everybody(scene)
        for row in rows:
            cache.clear()
            with transaction.atomic():
                passed, got = _judge(scene, sessions, row)
                transaction.set_rollback(True)
            yield CaseResult("permissions.csv", f"{row['id']} {row['action']}", passed, row["expected"], got)
        transaction.set_rollback(True)


def _sign_in_everybody(scene: Scene) -> dict[str, str]:
    found = {}
    for name in ACTORS.values():
        user = scene.actor(name)
        client = Client()
        if user is not None:
            client.force_login(user)
        cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
        found[name] = cookie.value if cookie else ""
    return found


class _Answer:
    """What came back, read to its end."""

    def __init__(self, response: Any, written: list[str], changed: bool) -> None:
        self.status = response.status_code
        self.location = response.headers.get("Location", "")
        raw = b"".join(response) if response.streaming else response.content
        self.body = raw.decode("utf-8", "replace")
        self.written = written
        self.changed = changed

    @property
    def to_login(self) -> bool:
        return self.status == 401 or (self.status == 302 and self.location.startswith(reverse("account_login")))

    @property
    def told(self) -> str:
        where = f" to {self.location}" if self.location else ""
        did = f"; wrote {len(self.written)}: {self.written[0]}" if self.written else ""
        return f"{self.status}{where}{did}"


def _ask(client: Client, method: str, plan: Plan, url: str) -> _Answer:
    before = plan.unchanged() if plan.unchanged else None
    headers = {"HX-Request": "true"} if "progress" in url and method == "GET" and url.endswith("/progress/") else {}
    if url.startswith("follow:"):
        page = client.get(url.removeprefix("follow:"), follow=True)
        final = page.redirect_chain[-1][0] if page.redirect_chain else url.removeprefix("follow:")
        if method == "GET":
            # Through the redirects to whatever the person ends on.
            return (
                _Answer(page, [], False)
                if page.request["PATH_INFO"] != reverse("account_login")
                else _login_answer(client, url)
            )
        url = final
    with writes(but=INCIDENTAL) as written:
        response = getattr(client, method.lower())(url, plan.data, headers=headers)
        answer = _Answer(response, written, False)
    if plan.unchanged:
        answer.changed = plan.unchanged() != before
        answer.written = written if answer.changed else []
    return answer


def _login_answer(client: Client, url: str) -> _Answer:
    return _Answer(client.get(url.removeprefix("follow:")), [], False)


def _judge(scene: Scene, sessions: dict[str, str], row: dict[str, str]) -> tuple[bool, str]:
    actor = ACTORS.get(row["actor"])
    if actor is None:
        return False, f"unknown actor {row['actor']}"
    planner = find(row)
    if planner is None:
        return _judge_absent(sessions, row, actor)
    plan = planner(scene, row, actor)
    if plan.absent or not plan.url:
        return _judge_absent(sessions, row, actor)
    if plan.before:
        plan.before()
    client = Client(raise_request_exception=False)
    if not plan.signed_out:
        client.cookies[settings.SESSION_COOKIE_NAME] = sessions[actor]
    answer = _ask(client, row["method"], plan, plan.url)
    return _verdict(client, plan, row, answer), answer.told


def _judge_absent(sessions: dict[str, str], row: dict[str, str], actor: str) -> tuple[bool, str]:
    """What this site does not have is there for nobody: the hint's own address answers 404 and changes nothing."""
    url = re.sub(r"<[^>]*>", "00000000-0000-4000-8000-000000000000", row["url_hint"].split(" ")[0])
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = sessions[actor]
    with writes(but=INCIDENTAL) as written:
        answer = _Answer(getattr(client, row["method"].lower())(url), written, False)
    nothing = (answer.status in {404, 405} or answer.to_login) and not answer.written
    return nothing, f"no such address: {answer.told}"


def _verdict(client: Client, plan: Plan, row: dict[str, str], answer: _Answer) -> bool:
    expected = row["expected"]
    good = (answer.status < 400 or answer.status in plan.answers or answer.status == 422) and answer.status < 500
    good = (good or answer.status in plan.answers) and not (answer.to_login and not plan.signed_out)
    if answer.status >= 500 and answer.status not in plan.answers:
        return False
    if any(secret and secret in answer.body for secret in plan.secrets):
        return False
    if expected == "login":
        return (answer.to_login or answer.status == 404) and not answer.written and CANARY not in answer.body.lower()
    if row["actor"].startswith("ta_") and row["policy_dependent"] == "yes" and row["url_hint"] in ASSISTANT_REVIEWS:
        return good
    if expected in {"deny", "never"}:
        return not answer.written and (answer.status in REFUSALS or row["method"] != "GET" or answer.status == 302)
    if expected == "hidden":
        return _hidden(client, plan, row, answer)
    if expected == "allow_same_answer":
        return answer.status in {200, 302} and answer.location.endswith(reverse("account_reset_password_done"))
    if expected == "allow_read_only":
        return good
    if expected == "allow_metadata_only" and row["actor"].startswith("ta_") and row["policy_dependent"] == "yes":
        return good  # settled: an assistant is course staff who reviews, and so reads the draft
    if expected == "allow_metadata_only":
        # Words an instructor wrote stay with the instructors; administrators see none.
        untold = TEXT not in answer.body
        return good and untold and (row["actor"] != "admin" or f"where the {CANARY} lives" not in answer.body)
    return expected in {"allow", "allow_masked"} and good


def _hidden(client: Client, plan: Plan, row: dict[str, str], answer: _Answer) -> bool:
    """Not to be told from what does not exist: the same status and words, and nothing done."""
    if answer.written or answer.status not in {403, 404, 405} or TEXT in answer.body:
        return False
    if not plan.missing:
        return True
    other = _ask(client, row["method"], Plan(plan.missing, plan.data), plan.missing)
    return (other.status, _words(other.body)) == (answer.status, _words(answer.body))


def _words(body: str) -> str:
    body = re.sub(r'value="[^"]*"|content="[^"]*"', "", body)
    body = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", body)
    return re.sub(r"\b[0-9a-f]{12}\b", "REQUEST", body)
