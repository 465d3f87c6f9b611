"""Hands every bad input in through the upload page, reads it as the worker does, and judges what came of it.

The empty file name: a browser sends it when no file was chosen, and the form answers so (FORM stands for NAME there).
"""

from __future__ import annotations

import html
import json
import logging
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, sentence
from submissions.tests.case_adapters.verdict_codes import content_of, fits, sent_text

if TYPE_CHECKING:
    from feedback.tests.case_adapters.result import CaseResult

BAD_INPUTS = "bad-inputs/manifest.json"
HIDDEN_TEXT = "hidden-text/expected.json"
BOUNDARY = "FFBOUNDARY7f3a"


@dataclass
class _Outcome:
    """``reason`` as the student reads it; ``text`` what a model would receive; ``wrong`` what should not have happened."""

    reason: Reason | None
    text: str = ""
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class _Listener(logging.Handler):
    """Keeps every log line of one case."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info or ''}")


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per case of the two folders of files, where they are; the form cases are judged elsewhere."""
    manifest = found(folder, BAD_INPUTS)
    if manifest is not None:
        yield from _bad_inputs(manifest)
    hidden = found(folder, HIDDEN_TEXT)
    if hidden is not None:
        yield from _hidden_texts(hidden)


def found(folder: Path, name: str) -> Path | None:
    """A case file under its folder's name, or directly in ``folder`` when that is the folder itself."""
    parent, _, file = name.partition("/")
    for path in (folder / parent / file, folder / file if folder.name == parent else folder / name):
        if path.is_file():
            return path
    return None


def _hidden_texts(path: Path) -> Iterator[CaseResult]:
    from feedback.tests.case_adapters.result import CaseResult
    from submissions.extraction import isolation
    from submissions.extraction.verdicts import Unreadable

    for name, expected in json.loads(path.read_text(encoding="utf-8")).items():
        if not (path.parent / name).is_file():
            continue
        media_format = MediaFormat(name.rpartition(".")[2])
        wanted = sorted(kind.partition(":")[0] for kind, _ in expected["hidden"])
        try:
            document = isolation.extract(path.parent / name, media_format=media_format, limits=Limits())
        except Unreadable as error:
            yield CaseResult(path.name, name, False, str(wanted), error.reason.value)
            continue
        shown = " ".join(document.text.split())
        leaks = [text for _, text in expected["hidden"] if text in shown]
        missed = [text for _, text in expected["hidden"] if not any(text in item.text for item in document.hidden)]
        kinds = sorted(item.kind for item in document.hidden)
        fine = not leaks and not missed and bool(kinds) == bool(wanted)
        yield CaseResult(
            path.name, name, fine, f"{wanted}, none visible", f"{kinds}, leaks {len(leaks)}, missed {len(missed)}"
        )


def _bad_inputs(path: Path) -> Iterator[CaseResult]:
    from django.db import transaction

    from courses.tests.cast import cast
    from feedback.tests.case_adapters.result import CaseResult

    cases = [case for case in json.loads(path.read_text(encoding="utf-8"))["cases"] if case["kind"] != "form"]
    with transaction.atomic():
        people = cast()
        for case in cases:
            if case.get("file") and not (path.parent / case["file"]).is_file():
                continue
            with transaction.atomic():
                outcome = _hand_in(case, content_of(case, path.parent), people)
                transaction.set_rollback(True)
            wrong = list(outcome.wrong)
            if outcome.reason is None or not _judged(case, outcome.reason):
                wrong.append(f"verdict {outcome.reason}")
            if outcome.reason is Reason.OK:
                wrong += [f"text lacks {needed!r}" for needed in case["text_must"] if needed not in outcome.text]
            wrong += [f"text holds {forbidden!r}" for forbidden in case["text_must_not"] if forbidden in outcome.text]
            if outcome.seconds > case["limits"]["seconds"]:
                wrong.append(f"{outcome.seconds:.1f} s")
            expected = f"{case['expected']} {case['code']}" + (
                f" or {case['alternative']}" if case.get("alternative") else ""
            )
            yield CaseResult(path.name, case["id"], not wrong, expected, "; ".join(wrong) or str(outcome.reason))
        transaction.set_rollback(True)


def _judged(case: dict[str, Any], got: Reason) -> bool:
    nameless = case["kind"] == "upload" and not case["name"] and got is Reason.FORM
    return fits(case, got) or (nameless and case["code"] == "NAME")


def _hand_in(case: dict[str, Any], data: bytes, people: Any) -> _Outcome:
    from django.core.cache import cache
    from django.test import Client
    from django.urls import reverse

    from submissions.models import Draft
    from submissions.reading import read_draft

    cache.clear()  # the limit of tries per hour is not what is judged
    client = Client(raise_request_exception=False)
    client.force_login(people.alice)
    url = reverse("submit", args=[people.assignment.public_id])
    files_before = _stored_files()
    listener = _Listener()
    logging.getLogger().addHandler(listener)
    started = time.monotonic()
    try:
        response = _post(client, url, case, data)
        outcome = _Outcome(None)
        draft = Draft.objects.filter(student=people.alice).first()
        if response.status_code >= 500:
            outcome.wrong.append(f"HTTP {response.status_code}")
        if draft is None:
            outcome.reason = _said(response)
            if response.status_code < 400:
                outcome.wrong.append(f"refused with HTTP {response.status_code}")
            if _stored_files() != files_before:
                outcome.wrong.append("a refused upload left a file")
        else:
            read_draft(draft.pk)
            draft.refresh_from_db()
            _after_reading(outcome, draft, case, client)
    finally:
        logging.getLogger().removeHandler(listener)
        for stored in _stored_files() - files_before:
            stored.unlink(missing_ok=True)
    outcome.seconds = time.monotonic() - started
    if any("CANARY-7f3a" in line for line in listener.lines):
        outcome.wrong.append("content in a log line")
    if (
        case["name"]
        and re.search(r"[\r\n\u202e<>]", case["name"])
        and any(case["name"] in line for line in listener.lines)
    ):
        outcome.wrong.append("raw name in a log line")
    return outcome


def _after_reading(outcome: _Outcome, draft: Any, case: dict[str, Any], client: Any) -> None:
    from django.urls import reverse

    from submissions.models import Draft

    if draft.status == Draft.Status.FAILED:
        outcome.reason = Reason(draft.failure)
        if Draft.objects.counted().filter(pk=draft.pk).exists():
            outcome.wrong.append("a failed draft counts")
        if getattr(draft, "content", None) is not None and draft.content.text:
            outcome.wrong.append("a failed draft has text")
        return
    if draft.status not in (Draft.Status.READY, Draft.Status.CHECKING):
        outcome.wrong.append(f"stuck in {draft.status}")
        return
    outcome.reason = Reason.OK
    outcome.text = draft.content.text
    if re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069/\\<>\"]", draft.original_name):
        outcome.wrong.append("a harmful name was kept")
    if draft.student.email != "alice@example.edu" or draft.number != 1 or draft.submitted_at.year < 2021:
        outcome.wrong.append("a sent field was stored")
    page = client.get(reverse("draft_text", args=[draft.public_id]))
    # Only where the draft is printed: the page has a <body> of its own.
    printed = page.content.decode().partition("<article")[2].partition("</article>")[0]
    if page.status_code != 200 or not printed:
        outcome.wrong.append(f"text page HTTP {page.status_code}")
    for piece in re.findall(r"<[a-z][^>]{3,200}>", outcome.text)[:5]:
        if piece in printed:
            outcome.wrong.append("markup of the draft acts on its page")
    file = client.get(reverse("draft_file", args=[draft.public_id]))
    disposition = file.headers.get("Content-Disposition", "")
    if not disposition.startswith("attachment") or file.headers.get("X-Content-Type-Options") != "nosniff":
        outcome.wrong.append("served inline")
    if file.streaming:
        b"".join(file.streaming_content)  # reading it to its end closes the file, and nothing else


def _post(client: Any, url: str, case: dict[str, Any], data: bytes) -> Any:
    if case["kind"] == "text":
        text = sent_text(case, data)
        body = "text=" + quote(text, safe="", errors="surrogatepass") + f"&key={uuid.uuid4()}"
        return client.generic("POST", url, body, content_type="application/x-www-form-urlencoded")
    if case["kind"] == "multipart":
        return client.generic("POST", url, data, content_type=case["declared_type"])
    # The extended form carries any name unharmed to the server, as a hostile client would send it.
    name = f"filename*=UTF-8''{quote(case['name'], safe='', errors='surrogatepass')}" if case["name"] else 'filename=""'
    declared = case["declared_type"].replace("\r", "").replace("\n", "")
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; {name}\r\nContent-Type: {declared}\r\n\r\n'
    tail = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\n{uuid.uuid4()}\r\n--{BOUNDARY}--\r\n'
    body_bytes = head.encode("utf-8", "surrogatepass") + data + tail.encode()
    return client.generic("POST", url, body_bytes, content_type=f"multipart/form-data; boundary={BOUNDARY}")


def _said(response: Any) -> Reason | None:
    """Which sentence the page shows."""
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode("utf-8", "replace"))).split())
    for reason in Reason:
        said = " ".join(sentence(reason).split())
        if reason is not Reason.OK and (said in page or said.split(". ")[0] in page):
            return reason
    if "one file" in page:
        return Reason.ONE_FILE
    if "Choose a file, or paste" in page or response.status_code in (400, 413, 422):
        return Reason.FORM if page else None
    return None


def _stored_files() -> set[Path]:
    from django.core.files.storage import storages

    root = Path(storages["drafts"].location)
    return {path for path in root.rglob("*") if path.is_file()} if root.is_dir() else set()
