"""What a trial's readings say, kept with the trial: the desk's rows as JSON, of which nobody's desk knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts import audit
from feedback.contract import flags_to_json
from feedback.desk_rows import criterion_values, note_values
from feedback.models import CriterionResult, FeedbackItem, FeedbackRequest, ModelRun, Trial

if TYPE_CHECKING:
    from feedback.combining import Combined
    from feedback.material import Material


def keep_result(
    *, request: FeedbackRequest, material: Material, combined: Combined, runs: list[ModelRun]
) -> dict[str, Any]:
    """Store the combined readings with the trial, inside the caller's transaction."""
    result = {
        "criteria": criterion_values(material, combined, runs),
        "notes": note_values(combined.notes, combined.wordings) if combined.notes else [],
        "flags": flags_to_json(combined.flags),
    }
    Trial.objects.filter(request=request).update(result=result)
    audit.record(
        actor=None,
        code="trial.combined",
        obj=request,
        course_id=material.course_id,
        counts={"readings": len(combined.readings), "flags": len(combined.flags)},
    )
    return result


def criteria_of(result: dict[str, Any]) -> list[CriterionResult]:
    """Return the kept criteria as unsaved rows of the desk, so that the desk's pieces can show them."""
    return [CriterionResult(**values) for values in result.get("criteria", [])]


def notes_of(result: dict[str, Any]) -> list[FeedbackItem]:
    """Return the kept notes as unsaved rows of the desk."""
    return [FeedbackItem(**values) for values in result.get("notes", [])]


def without_words(result: dict[str, Any]) -> dict[str, Any]:
    """Return what stays of a result once the text is gone: levels and codes, no notes, no sentence."""
    return {
        "criteria": result.get("criteria", []),
        "notes": [],
        "flags": [{**flag, "detail": "", "sentence_ids": []} for flag in result.get("flags", [])],
    }
