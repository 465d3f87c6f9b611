"""Every flag of one text, with its sentence for the instructor: gathered here, each made where its matter is."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from feedback.agreement.aggregation import CriterionAgreement
from feedback.agreement.flags import audit_flag, flags_for_draft, in_order
from feedback.agreement.recheck import Recheck, recheck_flags
from feedback.contract import Flag, RunReading
from feedback.material import Material
from feedback.merging.notes import MergedNotes
from feedback.models import CriterionResult, ModelRun
from feedback.progress.alignment import align
from feedback.reading.characters import clean_for_model
from feedback.reading.sentences import split_sentences
from feedback.reading.shield import draft_flags, jump_flag
from feedback.revision import earlier_draft
from submissions.models import Draft


def flags_of(
    material: Material,
    runs: list[ModelRun],
    readings: tuple[RunReading, ...],
    agreements: dict[str, CriterionAgreement],
    notes: MergedNotes | None,
    recheck: Recheck | None,
) -> tuple[Flag, ...]:
    """Return the flags of one text: how its readings agree, the text itself, the second reading, the draft before.

    ``runs``: the planned readings, for the stand-ins among them.
    """
    plan = material.plan
    names = [entry["display_name"] for entry in plan["models"]]
    fallbacks = [
        (names[run.slot] if run.slot < len(names) else "", run.display_name)
        for run in runs
        if run.fallback_step and run.status == ModelRun.Status.SUCCEEDED
    ]
    found = list(
        flags_for_draft(
            agreements=agreements, readings=readings, notes=notes, rubric=material.rubric, fallbacks=fallbacks
        )
    )
    assignment = plan["assignment"]
    found += draft_flags(
        text=material.text,
        sentences=material.sentences,
        cleaned=clean_for_model(material.text),
        hidden_spans_count=material.hidden_count,
        assignment_text=assignment["instructions"],
        min_words=assignment["min_words"],
        max_words=assignment["max_words"],
        expected_language=assignment["language"],
        readings=readings,
        rubric=material.rubric,
    )
    if recheck is not None:
        found = _with_recheck(found, recheck_flags(recheck, material.rubric))
    if material.draft is not None:
        found += _jumps(material.draft, material, agreements)
        drawn = audit_flag(found, draft_id=str(material.draft.public_id), site_secret=settings.SECRET_KEY)
        if drawn is not None:
            found.append(drawn)
    return in_order(found)


def _with_recheck(found: list[Flag], compared: list[Flag]) -> list[Flag]:
    """What was compared says more than that something may be addressed: it takes the place of that flag."""
    return [flag for flag in found if not (compared and flag.code == "ADDRESSED_TO_REVIEWER")] + compared


def _jumps(draft: Draft, material: Material, agreements: dict[str, CriterionAgreement]) -> Iterator[Flag]:
    """JUMP: levels far from the last draft's although little of the text changed."""
    before = earlier_draft(draft)
    content = getattr(before, "content", None)
    if before is None or content is None or before.content_removed_at is not None:
        return
    old_levels = {
        row.criterion_key: row.suggested_level for row in CriterionResult.objects.filter(feedback__draft=before)
    }
    old_sentences = [sentence.text for sentence in split_sentences(content.text)]
    share = align(old_sentences, [sentence.text for sentence in material.sentences]).changed_share
    for criterion in material.rubric.criteria:
        new = agreements[criterion.key]
        flag = jump_flag(
            criterion_key=criterion.key,
            title=criterion.title,
            old_level=old_levels.get(criterion.key),
            new_level=None if new.withheld else new.level,
            changed_share=share,
        )
        if flag is not None:
            yield flag
