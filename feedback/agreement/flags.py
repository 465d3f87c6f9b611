"""Reasons for the instructor to look, as far as they come from how the readings agree.

Flags order the queue and block bulk approval. They say where to look, not what is right: models that agree can all be
wrong, so the absence of a flag is never shown as confidence. Flags that come from the draft itself (hidden text,
too short, ...) are raised where the draft is read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from fractions import Fraction

from feedback.agreement.aggregation import CriterionAgreement
from feedback.contract import CriterionSnapshot, Flag, RubricSnapshot, RunReading
from feedback.merging.notes import MergedNotes

UNGROUNDED_SHARE = Fraction(1, 5)
AUDIT_SHARE = 0.10
SEVERE = 3

_ORDER = {"must": 0, "check": 1, "info": 2}


def flags_for_draft(
    *,
    agreements: Mapping[str, CriterionAgreement],
    readings: Sequence[RunReading],
    notes: MergedNotes | None,
    rubric: RubricSnapshot,
    fallbacks: Sequence[tuple[str, str]] = (),
    chunked: bool = False,
) -> tuple[Flag, ...]:
    """All flags of this module but AUDIT, the most urgent first.

    ``fallbacks``: pairs (model that was planned, model that answered); ``chunked``: the draft was read in parts.
    """
    flags: list[Flag] = []
    for criterion in rubric.criteria:
        if criterion.key in agreements:
            flags += criterion_flags(criterion, agreements[criterion.key])
            flags += _mismatch(criterion, agreements[criterion.key], readings, notes)
    flags += _ungrounded(readings)
    flags += _conflicts(notes, rubric)
    flags += _handling(readings, fallbacks=fallbacks, chunked=chunked)
    return in_order(flags)


def criterion_flags(criterion: CriterionSnapshot, agreement: CriterionAgreement) -> list[Flag]:
    """The flags that ``combine`` raised for one criterion, each with its sentence."""
    return [_explain(code, criterion, agreement) for code in agreement.flags]


def _explain(code: str, criterion: CriterionSnapshot, agreement: CriterionAgreement) -> Flag:
    title = criterion.title
    medians = ", ".join(f"{model}: {_level_name(criterion, m)}" for model, m in agreement.model_medians.items())
    match code:
        case "NO_SCORE":
            return Flag(code, "must", f"{title}: no reviewer could choose a level. Please decide.", criterion.key)
        case "TOO_FEW":
            detail = (
                f"{title}: {agreement.n_valid} of {agreement.planned} readings by {_counted(agreement.n_models, 'model')} "
                "gave a level. That is too few to go by; at least two models and half of the readings are needed."
            )
            return Flag(code, "must", detail, criterion.key)
        case "MODEL_RANGE":
            detail = f"{title}: the reviewers are far apart ({medians}). No level is suggested; please decide."
            return Flag(code, "must", detail, criterion.key)
        case "BOUNDARY":
            detail = f"{title}: the reviewers stand on both sides of the pass level ({medians})."
            return Flag(code, "must", detail, criterion.key)
        case "DISSENT":
            who = ", ".join(agreement.dissenting)
            detail = (
                f"{title}: {who} chose a level far from the others ({medians}). "
                "It is the minority, which does not make it wrong."
            )
            return Flag(code, "check", detail, criterion.key)
        case "UNSTABLE_MODEL":
            who = ", ".join(agreement.unstable)
            detail = f"{title}: the repeated readings of {who} differ from each other by {_steps(agreement)}."
            return Flag(code, "check", detail, criterion.key)
        case "NEAR_CUT":
            low, high = agreement.band or (0, 0)
            detail = (
                f"{title}: the readings lie between {_level_name(criterion, low)} and {_level_name(criterion, high)}, "
                "too close to the middle to say which."
            )
            return Flag(code, "info", detail, criterion.key)
        case _:
            raise ValueError(f"Not a flag of agreement: {code}")


def _mismatch(
    criterion: CriterionSnapshot,
    agreement: CriterionAgreement,
    readings: Sequence[RunReading],
    notes: MergedNotes | None,
) -> list[Flag]:
    """LEVEL_COMMENT_MISMATCH: the level and the comments of one criterion tell different stories.

    Top level, yet several models (or the only one) fault something severe; or lowest level, yet no comment faults
    anything.
    """
    if agreement.level is None or agreement.withheld or notes is None:
        return []
    issues = [c for c in notes.clusters if c.criterion_key == criterion.key and c.kind == "issue"]
    enough = min(2, agreement.n_models)
    if agreement.level == criterion.level_count - 1:
        severe = [c for c in issues if c.severity >= SEVERE and len(c.models) >= enough]
        if severe:
            detail = f"{criterion.title}: the highest level, yet the comments name a severe problem."
            return [_flag("LEVEL_COMMENT_MISMATCH", "check", detail, criterion.key, severe[0].sentence_ids)]
    if agreement.level == 0 and not issues and readings:
        detail = f"{criterion.title}: the lowest level, yet no comment says what is wrong."
        return [_flag("LEVEL_COMMENT_MISMATCH", "check", detail, criterion.key)]
    return []


def _ungrounded(readings: Sequence[RunReading]) -> list[Flag]:
    flags = []
    for reading in sorted(readings, key=lambda r: (r.model, r.run)):
        total, unfound = reading.reading.quotes_total, reading.reading.quotes_unfound
        if total and Fraction(unfound, total) > UNGROUNDED_SHARE:
            dropped = " Its comments are not used." if reading.reading.comments_dropped else ""
            detail = f"{reading.model}, reading {reading.run + 1}: {unfound} of {total} quotations are not in the draft.{dropped}"
            flags.append(_flag("UNGROUNDED_RUN", "check", detail))
    return flags


def _conflicts(notes: MergedNotes | None, rubric: RubricSnapshot) -> list[Flag]:
    flags = []
    for praise, fault in notes.conflicts if notes else ():
        title = rubric.criterion(praise.criterion_key).title
        detail = f"{title}: {_names(praise.models)} praises what {_names(fault.models)} criticises. Neither is shown."
        places = tuple(i for i in praise.sentence_ids if i in fault.sentence_ids)
        flags.append(_flag("CONFLICT", "check", detail, praise.criterion_key, places))
    return flags


def _handling(readings: Sequence[RunReading], *, fallbacks: Sequence[tuple[str, str]], chunked: bool) -> list[Flag]:
    """CHUNKED, REPAIRED_JSON, FALLBACK_MODEL: nothing is wrong, but it was not the usual way."""
    flags = []
    if chunked or any(r.reading.chunked for r in readings):
        detail = "The draft is too long for one reading: comments come from its parts, levels from one pass over all."
        flags.append(_flag("CHUNKED", "info", detail))
    repaired = sorted({(r.model, r.run) for r in readings if r.reading.repaired_json})
    if repaired:
        runs = ", ".join(f"{model} (reading {run + 1})" for model, run in repaired)
        flags.append(_flag("REPAIRED_JSON", "info", f"The form of an answer had to be repaired before use: {runs}."))
    for planned, used in sorted(set(fallbacks)):
        flags.append(_flag("FALLBACK_MODEL", "info", f"{planned} did not answer; {used} took its place."))
    return flags


def audit_flag(flags: Sequence[Flag], *, draft_id: str, site_secret: str, share: float = AUDIT_SHARE) -> Flag | None:
    """AUDIT for a random ``share`` of the drafts that no must or check flag names, else None.

    Random to whoever does not know the secret, yet the same on each call: a keyed hash of the draft's id.
    """
    if blocks_bulk_approval(flags):
        return None
    digest = hmac.new(site_secret.encode(), f"audit:{draft_id}".encode(), hashlib.sha256).digest()
    if int.from_bytes(digest[:8], "big") >= share * 2**64:
        return None
    detail = "Drawn at random for a closer look: agreement among reviewers is not correctness."
    return _flag("AUDIT", "check", detail)


def blocks_bulk_approval(flags: Sequence[Flag]) -> bool:
    """Whether any flag asks for a person to look at this draft by itself."""
    return any(flag.severity in ("must", "check") for flag in flags)


def in_order(flags: Sequence[Flag]) -> tuple[Flag, ...]:
    """The flags by severity; those of one severity keep their order."""
    return tuple(sorted(flags, key=lambda flag: _ORDER[flag.severity]))


def needs_extra_runs(agreements: Mapping[str, CriterionAgreement]) -> tuple[str, ...]:
    """Keys of the criteria worth another run per model: where models are a level or more apart.

    Where only one model answered, another run of it would add next to nothing; that is left to a person, and so is a
    criterion that no model could judge.
    """
    return tuple(
        key for key, agreement in agreements.items() if agreement.n_models >= 2 and (agreement.model_range or 0) >= 1
    )


def _flag(code: str, severity: str, detail: str, criterion_key: str = "", places: tuple[str, ...] = ()) -> Flag:
    return Flag(code, severity, detail, criterion_key, places)  # type: ignore[arg-type]


def _level_name(criterion: CriterionSnapshot, position: float) -> str:
    """The label of a level, or "between A and B" for a half."""
    labels = {level.position: level.label for level in criterion.levels}
    low, high = int(position), -int(-position // 1)
    if low == high:
        return labels.get(low, str(low))
    return f"between {labels.get(low, str(low))} and {labels.get(high, str(high))}"


def _steps(agreement: CriterionAgreement) -> str:
    return _counted(max(agreement.model_ranges[model] for model in agreement.unstable), "level")


def _names(models: Sequence[str]) -> str:
    return " and ".join(models)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
