"""No word of a draft, a prompt, an answer or a key outside where it belongs, whatever providers and files do."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from aiconfig.catalogue import create_model, create_provider
from aiconfig.tests.provider_server import SECRET_WORDS, Reply, Seen, plain_body, provider_server
from aiconfig.tests.test_llm_faults import FAULTS
from aiconfig.tests.test_llm_faults import KEY as FAULTS_KEY
from courses.models import Assignment
from feedback import runs
from feedback.models import FeedbackRequest, ModelRun
from feedback.requests import new_run
from feedback.tests.conftest import Stage, provider, stage
from feedforward import outbox
from feedforward.tests.canary import (
    ANSWER,
    DRAFT,
    EMAIL,
    ESSAY,
    KEY,
    NAME,
    PROMPT,
    held,
    search_everything,
    table,
)
from submissions.intake import NotAccepted, submit_draft
from submissions.models import Draft
from submissions.reading import read_draft

__all__ = ["provider", "stage"]  # fixtures

# --- faults of providers ---------------------------------------------------------------------------------------------


def parrot(seen: Seen) -> Reply:
    """Answer with the fault that the model is named for, repeating the whole prompt and the key in it."""
    name = seen.body["model"]
    if name == "words":  # a valid answer that is no review
        return Reply(body=plain_body("openai", f"{ANSWER}: I cannot say {json.dumps(seen.body['messages'])}"))
    reply = next(make for title, make, *_ in FAULTS if title == name)("openai_compatible")
    echo = json.dumps([seen.body["messages"], seen.headers.get("authorization"), ANSWER])
    if isinstance(reply.body, bytes):
        body: Any = reply.body.replace(SECRET_WORDS.encode(), echo.encode())
    else:
        body = json.loads(json.dumps(reply.body).replace(SECRET_WORDS, json.dumps(echo)[1:-1]).replace(FAULTS_KEY, KEY))
    return Reply(reply.status, body, reply.headers, reply.raw)


@pytest.mark.thorough
def test_every_fault_of_a_provider(
    stage: Callable[..., Stage], lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    made = stage("honest-2")
    people, assignment = made.people, made.assignment
    User.objects.filter(pk=people.alice.pk).update(name=f"Zephyrine {NAME}", email=EMAIL)
    people.alice.refresh_from_db()
    Assignment.objects.filter(pk=assignment.pk).update(instructions=f"Write about the {PROMPT}.")
    assignment.refresh_from_db()
    capfd.readouterr()
    request = made.read(made.submit(f"By Zephyrine {NAME}, {EMAIL}\n\n{ESSAY}"))
    with provider_server() as server:
        server.reply = parrot
        plan = list(request.plan["models"])
        titles = [title for title, *_ in FAULTS] + ["words"]
        for slot, title in enumerate(titles, start=1):
            # One provider each: the breaker of one must not spare us the others' faults.
            one = create_provider(
                name=f"P{slot}",
                kind="openai_compatible",
                base_url=server.base_url("openai"),
                key=KEY,
                actor=people.admin,
            )
            one.activate()
            model = create_model(provider=one, name=title, display_name=f"M{slot}", actor=people.admin)
            model.activate()
            entry = {**plan[0], "ai_model": model.pk, "name": title, "display_name": f"M{slot}"}
            plan.append(entry)
            new_run(request, entry, slot=slot, repeat=0).save()
        FeedbackRequest.objects.filter(pk=request.pk).update(plan={**request.plan, "models": plan})
        runs.execute(request.pk)
        asked = {seen.body["model"] for seen in server.seen}
        assert asked == set(titles)
        assert DRAFT in str(server.seen[0].body) and PROMPT in str(server.seen[0].body)
        # The prompt carries neither name nor address, and the key goes into the header only.
        assert not held(json.dumps([seen.body for seen in server.seen]), (NAME, EMAIL, KEY))
    failed = ModelRun.objects.filter(request=request).exclude(error_code="")
    assert failed.count() >= len(FAULTS)
    said = table(ModelRun) + table(FeedbackRequest).replace(PROMPT, "")  # the plan freezes the instructions
    assert not held(said, (DRAFT, NAME, EMAIL, ANSWER, KEY))
    outbox.send_due()
    search_everything(lines, "".join(capfd.readouterr()))


# --- files that parsers choke on ---------------------------------------------------------------------------------------


def zipped(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


WORD_XML = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
BROKEN = {
    "mismatch.docx": zipped(
        **{"[Content_Types]_dot_xml": TYPES, "word__document_dot_xml": f"<w:d {WORD_XML}><{DRAFT}></{NAME}></w:d>"}
    ),
    "entity.docx": zipped(
        **{"[Content_Types]_dot_xml": TYPES, "word__document_dot_xml": f"<w:d {WORD_XML}>&{DRAFT};</w:d>"}
    ),
    "prefix.docx": zipped(
        **{"[Content_Types]_dot_xml": TYPES, "word__document_dot_xml": f"<{DRAFT}:p>{DRAFT}</{DRAFT}:p>"}
    ),
    "mismatch.odt": zipped(
        mimetype="application/vnd.oasis.opendocument.text", content_dot_xml=f"<office><{DRAFT}></{NAME}></office>"
    ),
    f"{NAME}.pdf": f"%PDF-1.7\n1 0 obj\n<< /{DRAFT} ({DRAFT}) /Root 2 0 R\nstartxref\n{DRAFT}\n%%EOF".encode(),
    "half.rtf": f"{{\\rtf1 {{\\{DRAFT} {DRAFT}".encode(),
    "blob.docx": DRAFT.encode() * 50,
    "latin.txt": b"\x00\x01\x02" + DRAFT.encode() * 3,
}


def test_files_that_cannot_be_read(
    stage: Callable[..., Stage], lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    made = stage("honest-2")
    alice = made.people.alice
    Assignment.objects.filter(pk=made.assignment.pk).update(max_drafts=20)
    made.assignment.refresh_from_db()
    capfd.readouterr()
    failed = []
    for name, content in BROKEN.items():
        upload = SimpleUploadedFile(name, content)
        try:
            draft = submit_draft(assignment=made.assignment, student=alice, actor=alice, uploads=[upload]).draft
        except NotAccepted as error:
            assert not held(str(error)), name
            continue
        read_draft(draft.pk)
        draft.refresh_from_db()
        assert not held(f"{draft.failure} {draft.not_read}"), name
        if draft.status == Draft.Status.FAILED:
            failed.append(name)
    assert len(failed) >= 3, failed
    search_everything(lines, "".join(capfd.readouterr()))
