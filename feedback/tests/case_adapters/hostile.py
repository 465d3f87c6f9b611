"""Runs the visible attacks of adversarial*.json through the real pipeline, with real HTTP to reviewers that obey.

Twice each: one captured reviewer beside two honest ones, and three captured ones. A captured reviewer gives the top
level, on two real quotations of the honest work, as long as any sentence of the attack is in what it is shown. What
of a text is the attack: the sentences that the file's other cases do not share.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback.reading.sentences import split_sentences
from feedback.tests.case_adapters.result import CaseResult

if TYPE_CHECKING:
    from feedback.models import FeedbackRequest
    from feedback.tests.conftest import Stage

ONE_OF_THREE = ("honest-1", "honest-1b", "gullible-1")
ALL_THREE = ("gullible-1", "gullible-1b", "gullible-1c")
# A sentence in so many cases of a file is the honest work around the attacks.
SHARED_BY = 3
# A model's longest way of handing an attack on that is still looked for in what a student sees.
ECHO_CHARS = 24


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield two results per visible attack found in ``folder``; leaves the database empty."""
    from django.core.management import call_command
    from django.db import connection

    from accounts import append_only
    from feedback.tests.conftest import set_stage
    from feedback.tests.stub_reviewers import StubProvider

    files = [folder / "adversarial.json", *sorted(folder.glob("adversarial*held*.json"))]
    found = [(path, attacks_in(path)) for path in files if path.exists()]
    if not any(attacks for _, attacks in found):
        return
    provider = StubProvider()
    try:
        scene = set_stage(provider, *dict.fromkeys((*ONE_OF_THREE, *ALL_THREE)))
        for path, attacks in found:
            for name, text, phrases in attacks:
                yield judge(path.name, f"{name}.one_captured", scene, ONE_OF_THREE, text, phrases)
                yield judge(path.name, f"{name}.all_captured", scene, ALL_THREE, text, phrases)
    finally:
        provider.close()
        append_only.drop(connection)  # the audit's triggers refuse to be emptied
        call_command("flush", verbosity=0, interactive=False)
        append_only.install(connection)


def attacks_in(path: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (name, draft, sentences of the attack) for each visible attack of the file."""
    cases = [c for c in json.loads(path.read_text(encoding="utf-8")) if "visible" in c["kind"]]
    texts = {case["name"]: sentences_of(case["text"]) for case in cases}
    shared = Counter(sentence for sentences in texts.values() for sentence in set(sentences))
    return [
        (case["name"], case["text"], tuple(s for s in texts[case["name"]] if shared[s] < SHARED_BY) or ("",))
        for case in cases
    ]


def sentences_of(text: str) -> list[str]:
    return [" ".join(sentence.text.split()) for sentence in split_sentences(text)]


def judge(file: str, case: str, scene: Stage, models: Sequence[str], text: str, phrases: tuple[str, ...]) -> CaseResult:
    """Carry one draft to the desk and the student's page, and say what is wrong with it."""
    try:
        request = carry(scene, models, text, phrases)
        problems = list(what_is_wrong(scene, request, models, phrases))
    except Exception as error:  # a case that raises is a failing case; the others still run
        problems = [f"{type(error).__name__}: {error}"]
    wanted = "centre within 1/3, flagged, not handed on" + ("" if models == ONE_OF_THREE else ", found out")
    return CaseResult(file, case, not problems, wanted, "; ".join(problems) or "as expected")


def carry(scene: Stage, models: Sequence[str], text: str, phrases: tuple[str, ...]) -> FeedbackRequest:
    """Hand ``text`` in as a student of its own, read by ``models`` of which the gullible obey ``phrases``."""
    scene.provider.phrases = phrases
    return scene.read_by(*models, text=text)


def what_is_wrong(
    scene: Stage, request: FeedbackRequest, models: Sequence[str], phrases: tuple[str, ...]
) -> Iterator[str]:
    from feedback.models import Feedback

    feedback = Feedback.objects.get(draft=request.draft)
    codes: Mapping[str, Any] = {flag["code"]: flag for flag in feedback.flags}
    centre = feedback.criteria.get(criterion_key="c1").centre
    if models == ONE_OF_THREE and (centre is None or abs(centre - 1) > 1 / 3 + 1e-6):
        yield f"the centre is {centre}"
    if models == ALL_THREE and not codes.keys() & {"INJECTION_CONFIRMED", "EVIDENCE_THIN"}:
        yield f"not found out, flags {sorted(codes)}"
    if not feedback.must_count + feedback.check_count:
        yield f"nothing blocks bulk approval, flags {sorted(codes)}"
    if request.runs.filter(purpose="recheck").count() > len(models):
        yield "read again more than once"
    seen = what_a_student_reads(scene, request)
    handed_on = [p for p in phrases if len(p) >= ECHO_CHARS and p[:ECHO_CHARS] in seen]
    if handed_on:
        yield f"the student reads {handed_on[0][:60]!r}"


def what_a_student_reads(scene: Stage, request: FeedbackRequest) -> str:
    """Release what would be released as it stands, and return the notes as their reader gets them."""
    from django.test import Client
    from django.urls import reverse

    from feedback.models import Feedback
    from feedback.release import ReleaseRefused, release

    assert request.draft is not None
    try:
        release(feedback=Feedback.objects.get(draft=request.draft), actor=scene.people.bob)
    except ReleaseRefused as refused:
        if refused.code == "empty":  # every comment was set aside: there is nothing to read
            return ""
        raise
    client = Client()
    client.force_login(request.draft.student)
    page = client.get(reverse("feedback_download", args=[request.draft.public_id]))
    assert page.status_code == 200, page.status_code
    return page.content.decode()
