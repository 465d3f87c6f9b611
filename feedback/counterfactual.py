"""Reading a draft once more without its suspect sentences, to see whether they, not the work, moved a level.

Once per round of readings: one run of each model that gave a level, rows like all others. They are compared
(``agreement/recheck.py``), never combined: no suggested level changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from feedback.agreement.recheck import Recheck, compare
from feedback.contract import RunReading
from feedback.models import FeedbackRequest, ModelRun
from feedback.reading.evidence import set_aside
from feedback.reading.signals import speaks_to_reviewer
from feedback.reading.suspects import find_suspects
from feedback.recording import readings_of
from feedback.requests import new_run

if TYPE_CHECKING:
    from feedback.combining import Combined
    from feedback.material import Material

# Flags that make words, which alone would be no reason, a reason to read again.
REASONS = frozenset({"EVIDENCE_THIN", "JUMP"})


def rechecks_to_ask(
    request: FeedbackRequest, material: Material, combined: Combined, runs: Sequence[ModelRun]
) -> list[ModelRun]:
    """Return the unsaved runs to ask now; empty without a suspicion, or when this round has had them."""
    if any(run.purpose == ModelRun.Purpose.RECHECK for run in runs):
        return []
    left_out = _to_leave_out(material, combined)
    if not left_out or len(left_out) >= len(material.sentences):
        return []
    entries = {entry["ai_model"]: entry for entry in [*request.plan["fallbacks"], *request.plan["models"]]}
    asked: dict[int, ModelRun] = {}
    for run in runs:
        counted = run.purpose == ModelRun.Purpose.READING and run.status == ModelRun.Status.SUCCEEDED
        if counted and run.ai_model_id not in asked and run.ai_model_id in entries:
            asked[run.ai_model_id] = new_run(
                request,
                entries[run.ai_model_id],
                slot=run.slot,
                repeat=0,
                round=request.round,
                purpose=ModelRun.Purpose.RECHECK,
                left_out=list(left_out),
                fallback_step=run.fallback_step,
            )
            # The same order of criteria, so that nothing differs but the sentences.
            asked[run.ai_model_id].seed = run.seed
    return list(asked.values())


def _to_leave_out(material: Material, combined: Combined) -> tuple[str, ...]:
    """The sentences to leave out: what is named always; what is only caught or odd, where a level looks bought."""
    all_top = any(_all_top(run, material) for run in combined.readings)
    named = _named(material, combined.readings)
    if not (named or all_top or any(flag.code in REASONS for flag in combined.flags)):
        return ()
    suspects = find_suspects(
        text=material.text,
        sentences=material.sentences,
        readings=combined.readings,
        rubric=material.rubric,
        assignment_text=f"{material.plan['assignment']['title']} {material.plan['assignment']['instructions']}",
    )
    wanted = {*suspects.caught, *(suspects.odd if all_top else ())}
    return tuple(sentence.id for sentence in material.sentences if sentence.id in wanted)


def _all_top(run: RunReading, material: Material) -> bool:
    """Whether a reading gives the top level wherever it gives one: what an obeyed message looks like."""
    given = [read for read in run.reading.criteria if read.level is not None]
    return bool(given) and all(
        read.level == material.rubric.criterion(read.criterion_key).level_count - 1 for read in given
    )


def _named(material: Material, readings: Sequence[RunReading]) -> set[str]:
    told = {sentence_id for run in readings for sentence_id in run.reading.addressed_to_reviewer}
    return told | set(speaks_to_reviewer(material.text, material.sentences))


def recheck_of(material: Material, runs: Sequence[ModelRun], readings: Sequence[RunReading]) -> Recheck | None:
    """Return what the round's second reading says; None when none was asked or it is still under way."""
    asked = [run for run in runs if run.purpose == ModelRun.Purpose.RECHECK]
    if not asked or any(run.status in ModelRun.OPEN for run in asked):
        return None
    left_out = tuple(asked[0].left_out)
    return compare(
        readings,
        readings_of(asked, purpose=ModelRun.Purpose.RECHECK),
        rubric=material.rubric,
        left_out=left_out,
        named=not _named(material, readings).isdisjoint(left_out),
        method=material.plan["method"],
        weights=material.plan["weights"] if material.plan["method"] == "weighted" else None,
    )


def without_suspect_comments(
    material: Material, readings: Sequence[RunReading], recheck: Recheck
) -> tuple[RunReading, ...]:
    """Return ``readings`` with comments set aside that rest on, or repeat, sentences that moved a level.

    Where the sentences made no difference they are part of the work, and comments on them stay.
    """
    if not (recheck.confirmed or recheck.swayed or not recheck.criteria):
        return tuple(readings)
    suspect = [sentence for sentence in material.sentences if sentence.id in recheck.left_out]
    return tuple(replace(run, reading=set_aside(run.reading, suspect)) for run in readings)
