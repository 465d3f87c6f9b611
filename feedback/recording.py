"""Storing one run's reading, and reading it back: rows to values and values to rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from aiconfig.llm import ModelAnswer
from feedback.contract import Quote, ReadCriterion, ReadGoal, Reading, ReadItem, RunReading
from feedback.models import Comment, CriterionScore, ModelRun, RunTranscript
from feedback.reading.parts import with_parts

# What a reading is taken to say where an older row does not.
BLANK: dict[str, Any] = {
    "language": "",
    "on_task": "cannot_tell",
    "addressed_to_reviewer": (),
    "student_concern": False,
    "last_sentence_id": "",
}
# Fields of a reading that have rows of their own.
ROWS = {"criteria", "items", "goals"}


def _summary(reading: Reading) -> dict[str, Any]:
    """Return what a reading says as a whole, and of goals without their words: ids, codes and numbers."""
    values = {f.name: getattr(reading, f.name) for f in fields(Reading) if f.name not in ROWS}
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    values["goals"] = [
        {"goal_id": goal.goal_id, "status": goal.status, "quotes": _plain(goal.quotes)} for goal in reading.goals
    ]
    return values


def _from_summary(said: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(Reading)} - ROWS
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name in names}


def _plain(quotes: tuple[Quote, ...]) -> list[dict[str, Any]]:
    return [asdict(quote) for quote in quotes]


def record_reading(
    *, run: ModelRun, reading: Reading, answer: ModelAnswer, now: datetime, reused: bool = False
) -> bool:
    """Store the reading and end the run, in one short transaction. False: the claim was lost, nothing is stored.

    What the call cost was booked when the answer arrived.
    """
    with transaction.atomic():
        won = run.try_move(
            ModelRun.Status.SUCCEEDED,
            where={"fence": run.fence},
            lease_until=None,
            finished_at=now,
            error_code="",
            error_words="",
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            reused=reused,
            latency_ms=answer.latency_ms,
            parameters={"sent": dict(answer.sent), "dropped": list(answer.dropped)},
            summary=_summary(reading),
        )
        if not won:
            return False
        # A part has no level to give; the levels of a long draft come from one pass over all of it.
        judged = () if run.purpose == ModelRun.Purpose.PART else reading.criteria
        CriterionScore.objects.bulk_create(
            CriterionScore(
                run=run,
                criterion_key=criterion.criterion_key,
                level=criterion.level,
                not_assessable_reason=criterion.not_assessable_reason[:200],
                confidence=criterion.confidence,
                reasoning=criterion.reasoning,
                quotes=_plain(criterion.quotes),
            )
            for criterion in judged
        )
        Comment.objects.bulk_create(
            Comment(
                run=run,
                item_id=item.item_id,
                criterion_key=item.criterion_key,
                kind=item.kind,
                tag=item.tag,
                focus=item.focus,
                severity=item.severity,
                absence=item.absence,
                quarantined=item.quarantined,
                quarantine_reason=item.quarantine_reason[:40],
                comment=item.comment,
                why=item.why,
                next_step=item.next_step,
                quotes=_plain(item.quotes),
            )
            for item in reading.items
        )
        RunTranscript.objects.filter(run=run).update(answer=answer.text)
    return True


def _quotes(rows: list[dict[str, Any]]) -> tuple[Quote, ...]:
    return tuple(Quote(**row) for row in rows)


def readings_of(runs: Sequence[ModelRun], *, purpose: str = ModelRun.Purpose.READING) -> list[RunReading]:
    """Return the readings of the succeeded among ``runs`` (prefetch ``scores`` and ``comments``), model by display name.

    ``purpose``: readings that count, or those without the suspect sentences. The parts of a long draft are put into the
    reading of their place.
    """
    done = [run for run in runs if run.status == ModelRun.Status.SUCCEEDED]
    parts: dict[tuple[int, int, int], dict[int, Reading]] = {}
    for run in done:
        if run.purpose == ModelRun.Purpose.PART:
            parts.setdefault((run.slot, run.repeat, run.ai_model_id), {})[run.part] = _reading(run)
    counts: dict[str, int] = {}
    found: list[RunReading] = []
    for run in sorted(done, key=lambda run: (run.slot, run.repeat, run.pk)):
        if run.purpose != purpose:
            continue
        number = counts.get(run.display_name, 0)
        counts[run.display_name] = number + 1
        reading = with_parts(_reading(run), parts.get((run.slot, run.repeat, run.ai_model_id), {}))
        found.append(RunReading(run.display_name, number, reading))
    return found


def _reading(run: ModelRun) -> Reading:
    return Reading(
        criteria=tuple(
            ReadCriterion(
                criterion_key=score.criterion_key,
                level=score.level,
                reasoning=score.reasoning,
                not_assessable_reason=score.not_assessable_reason,
                confidence=score.confidence,  # type: ignore[arg-type]
                quotes=_quotes(score.quotes),
            )
            for score in run.scores.all()
        ),
        items=tuple(
            ReadItem(
                item_id=comment.item_id,
                criterion_key=comment.criterion_key,
                kind=comment.kind,  # type: ignore[arg-type]
                tag=comment.tag,
                focus=comment.focus,  # type: ignore[arg-type]
                comment=comment.comment,
                why=comment.why,
                next_step=comment.next_step,
                severity=comment.severity,
                absence=comment.absence,
                quotes=_quotes(comment.quotes),
                quarantined=comment.quarantined,
                quarantine_reason=comment.quarantine_reason,
            )
            for comment in run.comments.all()
        ),
        goals=tuple(
            ReadGoal(goal["goal_id"], goal["status"], "", _quotes(goal.get("quotes", [])))
            for goal in run.summary.get("goals", [])
        ),
        **{**BLANK, **_from_summary(run.summary)},
    )
