"""Letting a model word the notes that several reviewers gave: off unless the assignment says so, and never a reason to wait.

One call per draft with one try and a short time limit, after everything else is in. Whatever goes wrong, the desk comes
with the words of the reviewers themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils import timezone

from aiconfig.llm import ModelAnswer, OutputMode
from feedback.material import Material
from feedback.merging.notes import MergedNotes
from feedback.merging.rewording import (
    TEMPLATE_VERSION,
    clusters_to_word,
    digest_of,
    messages_for,
    read_wording,
    schema_for,
)
from feedback.merging.synthesis import SynthesisedNote, check_all
from feedback.models import FeedbackRequest, ModelRun, RunTranscript
from feedback.reading.json_text import AnswerRejected
from feedback.reading.prompt import hash_messages
from feedback.reading.redaction import Redactor, restore
from feedback.requests import new_run

if TYPE_CHECKING:
    from feedback.asking import Question
    from feedback.combining import Combined

TIMEOUT_S = 30.0
LONGEST_ANSWER_TOKENS = 2_000


def wording_to_ask(request: FeedbackRequest, combined: Combined, runs: Sequence[ModelRun]) -> list[ModelRun]:
    """Return the unsaved run that words the notes; empty where nobody wants it, or these notes were asked for already."""
    if not request.plan.get("model_wording") or combined.notes is None:
        return []
    clusters = clusters_to_word(combined.notes)
    asked = [run for run in runs if run.purpose == ModelRun.Purpose.WORDING]
    digest = digest_of(clusters)
    if not clusters or any(run.summary.get("clusters") == digest for run in asked):
        return []
    answered = {reading.model for reading in combined.readings}
    for slot, entry in enumerate(request.plan["models"]):
        if entry["display_name"] in answered:
            run = new_run(request, entry, slot=slot, repeat=len(asked), round=request.round)
            run.purpose = ModelRun.Purpose.WORDING
            run.summary = {"clusters": digest}
            return [run]
    return []


def wording_question(
    material: Material, run: ModelRun, notes: MergedNotes, *, mode: OutputMode, nonce: str
) -> Question:
    """Return what the wording run asks. Raises :class:`feedback.asking.CannotAsk` when a try was lost already."""
    from feedback.asking import CannotAsk, Question

    clusters = clusters_to_word(notes)
    if run.attempts > 1 or digest_of(clusters) != run.summary.get("clusters"):
        raise CannotAsk("interrupted", "The wording was interrupted; the notes keep the reviewers' words.")
    sent, redactions = _without_names(material, clusters)
    messages = messages_for(sent, nonce=nonce, language=material.plan["assignment"]["language"], output_mode=mode)

    def keep(answer: ModelAnswer, reused: bool) -> None:
        reasons = _checked(material, clusters, _read(answer.text, answer.finish_reason, nonce, redactions))
        run.try_move(
            ModelRun.Status.SUCCEEDED,
            where={"fence": run.fence},
            lease_until=None,
            finished_at=timezone.now(),
            error_code="",
            error_words="",
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            reused=reused,
            latency_ms=answer.latency_ms,
            parameters={"sent": dict(answer.sent), "dropped": list(answer.dropped)},
            summary={**run.summary, "finish": answer.finish_reason, "refused": {k: r for k, r in reasons.items() if r}},
        )
        RunTranscript.objects.filter(run=run).update(answer=answer.text)

    return Question(
        messages=messages,
        prompt_hash=hash_messages(messages),
        template_version=TEMPLATE_VERSION,
        schema=None if mode == "prompt" else schema_for(clusters, nonce=nonce),
        longest_answer_tokens=min(LONGEST_ANSWER_TOKENS, run.ai_model.max_output_tokens),
        keep=keep,
        timeout_s=TIMEOUT_S,
    )


def wordings_of(material: Material, notes: MergedNotes, runs: Sequence[ModelRun]) -> dict[str, tuple[str, str]]:
    """Return per note what a model wrote for it and the model's name: only what no guard has anything against."""
    clusters = clusters_to_word(notes)
    digest = digest_of(clusters)
    done = [
        run
        for run in runs
        if run.purpose == ModelRun.Purpose.WORDING
        and run.status == ModelRun.Status.SUCCEEDED
        and run.summary.get("clusters") == digest
    ]
    transcript = RunTranscript.objects.filter(run=done[-1]).first() if done else None
    if transcript is None:
        return {}
    _, redactions = _without_names(material, clusters)
    try:
        written = _read(transcript.answer, done[-1].summary.get("finish"), done[-1].nonce, redactions)
    except AnswerRejected:
        return {}
    reasons = _checked(material, clusters, written)
    return {
        note.cluster_id: (note.text, done[-1].display_name)
        for note in written
        if not reasons.get(note.cluster_id, [""])
    }


def _without_names(
    material: Material, clusters: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], Mapping[str, str]]:
    """Return the comments as they may leave, and what the placeholders stand for: comments may repeat names."""
    redactor = Redactor(material.roster, reserved=material.text)
    sent = {key: [redactor.redact(words) for words in comments] for key, comments in clusters.items()}
    return sent, redactor.redactions


def _read(
    raw: str, finish_reason: str | None, nonce: str, redactions: Mapping[str, str]
) -> tuple[SynthesisedNote, ...]:
    notes = read_wording(raw, finish_reason=finish_reason, nonce=nonce)
    return tuple(replace(note, text=restore(note.text, redactions)) for note in notes)


def _checked(
    material: Material, clusters: Mapping[str, Sequence[str]], notes: Sequence[SynthesisedNote]
) -> dict[str, list[str]]:
    language = material.plan["assignment"]["language"] or "en"
    return check_all(notes, clusters=clusters, draft=material.text, language=language)
