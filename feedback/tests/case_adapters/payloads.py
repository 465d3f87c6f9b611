"""Carries the payloads of adversarial*.json to every page and export that could show them, and looks for one that acts.

The payload is the draft's text, the student's name, a note, its quotation, the instructor's summary and a plan; reviewers
quote it as well. What is about a file or about characters in one reading is judged elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback.tests.case_adapters.result import CaseResult

if TYPE_CHECKING:
    from django.test import Client

    from feedback.models import FeedbackRequest
    from feedback.tests.conftest import Stage

MODELS = ("honest-1", "honest-1b")
PLACES = ("render", "export")
# Text around a payload that is too short to be a draft.
AROUND = "Free buses would bring more people into the centre of the town, and shops there would sell more than today."
_TAG = re.compile(
    r"<(?:[a-z][\w:-]*\s[^<>]+|(?:script|style|iframe|object|svg|img|base|form|meta|link)\b[^<>]*)>", re.I
)
_ACTS = re.compile(r"(?:href|src|action|formaction)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text)", re.I)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per payload found in ``folder`` that is to be rendered or exported; leaves the database empty."""
    found = [
        (path.name, case)
        for path in sorted(folder.glob("adversarial*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
        if case["kind"] == "payload"
        and isinstance(case.get("text"), str)
        and any(p in case["expected"] for p in PLACES)
    ]
    if not found:
        return
    from django.core.management import call_command
    from django.db import connection

    from accounts import append_only
    from feedback.tests.conftest import set_stage
    from feedback.tests.stub_reviewers import StubProvider

    provider = StubProvider()
    try:
        scene = set_stage(provider, *MODELS)
        for file, case in found:
            yield judge(file, case, scene)
    finally:
        provider.close()
        append_only.drop(connection)  # the audit's triggers refuse to be emptied
        call_command("flush", verbosity=0, interactive=False)
        append_only.install(connection)


def judge(file: str, case: Mapping[str, Any], scene: Stage) -> CaseResult:
    """Carry one payload through the site and say where it would act."""
    text = case["text"]
    wanted = "; ".join(str(case["expected"][place]) for place in PLACES if place in case["expected"])
    try:
        problems = list(where_it_acts(text, scene))
    except Exception as error:  # a case that raises is a failing case; the others still run
        problems = [f"{type(error).__name__}: {error}"]
    return CaseResult(file, case["name"], not problems, wanted, "; ".join(problems) or "as expected")


def where_it_acts(text: str, scene: Stage) -> Iterator[str]:
    from django.urls import reverse

    request, staff, student = carry(text, scene)
    draft, assignment = request.draft, scene.assignment.public_id
    assert draft is not None
    pages = [
        (staff, reverse("desk", args=[draft.public_id]) + f"?tab={tab}")
        for tab in ("notes", "rubric", "runs", "history")
    ]
    pages += [(staff, reverse("run_transcript", args=[draft.public_id, run.pk])) for run in request.runs.all()]
    pages += [(staff, reverse(name, args=[assignment])) for name in ("review_queue", "insight")]
    pages += [(staff, reverse("queue")), (staff, reverse("home")), (student, reverse("home"))]
    own = ("draft_progress", "draft_text", "feedback_read", "draft_changes")
    pages += [(student, reverse(name, args=[draft.public_id])) for name in own]
    for client, url in pages:
        page = client.get(url)
        if page.status_code != 200:
            yield f"{url}: HTTP {page.status_code}"
        yield from (f"{url}: {problem}" for problem in acting_markup(page.content.decode(), text))
    for name in ("results_export", "insight_export"):
        answer = staff.get(reverse(name, args=[assignment]))
        body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        yield from (f"{name}: a cell begins like a formula" for _ in formulas(body))
    download = student.get(reverse("feedback_download", args=[draft.public_id]))
    if not download.headers["Content-Disposition"].startswith("attachment"):
        yield "the download is shown in the browser"


def carry(text: str, scene: Stage) -> tuple[FeedbackRequest, Client, Client]:
    """Hand the payload in, have it read, quote it in a note, release, answer the note with it."""
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from courses.roster import enrol
    from courses.tests.cast import person
    from feedback.models import FeedbackItem
    from submissions.extraction.characters import count_words

    author = person(f"s{User.objects.count()}", is_student=True)
    User.objects.filter(pk=author.pk).update(name=" ".join(text.replace("\x00", "").split())[:100])
    author.refresh_from_db()
    enrol(course=scene.people.course, student=author, actor=scene.people.bob)
    whole = text if count_words(text) >= 40 else f"{text}\n\n{AROUND} {AROUND}\n\n{text}"
    request = scene.execute(scene.read(scene.submit(whole, student=author)), rounds=4)
    assert request.draft is not None
    public_id = request.draft.public_id
    staff, student = Client(), Client()
    staff.force_login(scene.people.bob)
    student.force_login(author)
    length = str(len(request.draft.content.text))
    note = {"comment": text[:1500], "group": "priority", "criterion": "c1", "start": "0", "end": length}
    staff.post(reverse("desk_add", args=[public_id]), note)
    staff.post(reverse("desk_words", args=[public_id]), {"words": text[:1500]})
    staff.post(reverse("desk_decide", args=[public_id]), {"action": "release", "sure": "1"})
    item = FeedbackItem.objects.filter(feedback__draft=request.draft, origin="instructor").first()
    if item is not None:
        answer = {"plan": "wont", "plan_words": text[:300]}
        student.post(reverse("note_respond", args=[item.public_id]), answer)
    return request, staff, student


def acting_markup(body: str, text: str) -> Iterator[str]:
    """What of the payload stands in the page as markup, not as text."""
    for tag in dict.fromkeys(_TAG.findall(text)):
        if tag in body:
            yield f"{tag[:40]!r} is markup"
    if _ACTS.search(body):
        yield "an address runs a script"
    for host in dict.fromkeys(re.findall(r"(?:https?:)?//([\w.-]+)", text)):
        if re.search(rf"(?:href|src|action)\s*=\s*[\"']?[^\"'\s>&]*//{re.escape(host)}", body):
            yield f"the page refers to {host}"


def formulas(body: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(body)):
        yield from (cell for cell in row if cell.startswith(_FORMULA) and not re.fullmatch(r"-?\d+(?:[.,]\d+)?", cell))
