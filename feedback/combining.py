"""From finished runs to the desk: won by one process, computed outside any transaction, written in one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts import audit
from feedback.agreement.aggregation import CriterionAgreement, combine
from feedback.agreement.flags import audit_flag, flags_for_draft, in_order, needs_extra_runs
from feedback.contract import Flag, RunReading
from feedback.desk_rows import write_desk
from feedback.material import Material, load_material
from feedback.merging.notes import MergedNotes, merge
from feedback.models import CriterionResult, FeedbackRequest, ModelRun
from feedback.progress.alignment import align
from feedback.reading.characters import clean_for_model
from feedback.reading.sentences import split_sentences
from feedback.reading.shield import draft_flags, jump_flag
from feedback.recording import readings_of
from feedback.requests import cancel, is_withdrawn, new_run
from feedback.revision import earlier_draft, record_goal_outcomes
from feedback.telling import tell_reviewers
from feedback.trials.result import keep_result
from feedforward.dispatch import enqueue
from submissions.models import Draft

logger = logging.getLogger(__name__)

LEASE_S = 30


@dataclass(frozen=True)
class Combined:
    """What all readings of one draft together say."""

    agreements: dict[str, CriterionAgreement]
    notes: MergedNotes | None
    flags: tuple[Flag, ...]
    readings: tuple[RunReading, ...]


def try_aggregate(request_id: int, *, now: datetime | None = None) -> bool:
    """Combine the request's readings if no run of it is open. Only one caller wins; True for the winner.

    Called after a run's own commit: "finish my run and ask whether I am last" in one transaction leaves most
    requests uncombined on PostgreSQL, because two last runs do not see each other.
    """
    now = now or timezone.now()
    open_runs = ModelRun.objects.filter(request=OuterRef("pk"), round=OuterRef("round"), status__in=ModelRun.OPEN)
    won = (
        FeedbackRequest.objects.filter(
            Q(status=FeedbackRequest.Status.OPEN) | Q(status=FeedbackRequest.Status.AGGREGATING, lease_until__lt=now),
            pk=request_id,
        )
        .filter(~Exists(open_runs))
        .update(
            status=FeedbackRequest.Status.AGGREGATING,
            fence=F("fence") + 1,
            lease_until=now + timedelta(seconds=LEASE_S),
            due_at=now + timedelta(seconds=LEASE_S + 1),
        )
    )
    if not won:
        return False
    _aggregate(FeedbackRequest.objects.with_text().get(pk=request_id))
    return True


def _aggregate(request: FeedbackRequest) -> None:
    if is_withdrawn(request):
        cancel(request=request, reason="withdrawn")
        return
    material = load_material(request)
    if material is None:
        cancel(request=request, reason="content removed")
        return
    runs = list(request.runs.filter(round=request.round).prefetch_related("scores", "comments"))
    combined = combine_runs(request, material, runs)
    extra = _extra_runs(request, combined)
    if extra:
        _ask_again(request, extra)
        return
    good = any(run.status == ModelRun.Status.SUCCEEDED for run in runs)
    target = FeedbackRequest.Status.IN_REVIEW if good else FeedbackRequest.Status.NEEDS_HUMAN
    if request.trial is not None:
        target = FeedbackRequest.Status.TRIED
    reason = "" if good else why_nobody_answered(runs)
    fence = request.fence
    with transaction.atomic():
        won = request.try_move(
            target, where={"fence": fence}, lease_until=None, finished_at=timezone.now(), reason=reason[:200]
        )
        if not won:
            return
        if material.draft is None:
            keep_result(request=request, material=material, combined=combined, runs=runs)
            return
        feedback = write_desk(request=request, draft=material.draft, material=material, combined=combined, runs=runs)
        record_goal_outcomes(draft=material.draft, text=material.text, runs=runs)
        audit.record(
            actor=None,
            code="feedback.combined" if good else "feedback.needs_human",
            obj=request,
            course_id=material.course_id,
            counts={"readings": len(combined.readings), "flags": len(combined.flags)},
        )
        if not feedback.practice:
            tell_reviewers(request=request)


def combine_runs(request: FeedbackRequest, material: Material, runs: list[ModelRun]) -> Combined:
    """Pure arithmetic and text work over the succeeded runs."""
    good = [run for run in runs if run.status == ModelRun.Status.SUCCEEDED]
    readings = tuple(readings_of(good))
    plan = material.plan
    agreements: dict[str, CriterionAgreement] = {}
    for criterion in material.rubric.criteria:
        by_model: dict[str, list[int | None]] = {}
        for reading in readings:
            for said in reading.reading.criteria:
                if said.criterion_key == criterion.key:
                    by_model.setdefault(reading.model, []).append(said.level)
        planned = sum(1 for run in runs if not run.only_criteria or criterion.key in run.only_criteria)
        agreements[criterion.key] = combine(
            by_model,
            level_count=criterion.level_count,
            planned=planned,
            pass_position=material.rubric.pass_position,
            method=plan["method"],
            weights=plan["weights"] if plan["method"] == "weighted" else None,
        )
    notes = None
    if readings:
        notes = merge(
            readings,
            rubric=material.rubric,
            text=material.text,
            sentences=material.sentences,
            centres={key: agreement.centre for key, agreement in agreements.items()},
            language=plan["assignment"]["language"] or "en",
        )
    return Combined(agreements, notes, _flags(request, material, runs, readings, agreements, notes), readings)


def _flags(
    request: FeedbackRequest,
    material: Material,
    runs: list[ModelRun],
    readings: tuple[RunReading, ...],
    agreements: dict[str, CriterionAgreement],
    notes: MergedNotes | None,
) -> tuple[Flag, ...]:
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
    if material.draft is not None:
        found += _jumps(material.draft, material, agreements)
        drawn = audit_flag(found, draft_id=str(material.draft.public_id), site_secret=settings.SECRET_KEY)
        if drawn is not None:
            found.append(drawn)
    return in_order(found)


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


def _extra_runs(request: FeedbackRequest, combined: Combined) -> list[ModelRun]:
    """One more run of each model that answered, for the criteria where models disagree: once per round."""
    if not request.plan["adaptive"] or request.extra_asked:
        return []
    criteria = list(needs_extra_runs(combined.agreements))
    if not criteria:
        return []
    answered = {reading.model for reading in combined.readings}
    entries = request.plan["models"]
    extra = []
    for slot, entry in enumerate(entries):
        if entry["display_name"] in answered:
            extra.append(
                new_run(
                    request,
                    entry,
                    slot=slot,
                    repeat=entry["runs"],
                    round=request.round,
                    is_extra=True,
                    only_criteria=criteria,
                )
            )
    return extra


def _ask_again(request: FeedbackRequest, extra: list[ModelRun]) -> None:
    from feedback.tasks import execute

    now = timezone.now()
    with transaction.atomic():
        won = request.try_move(
            FeedbackRequest.Status.OPEN,
            where={"fence": request.fence},
            extra_asked=True,
            lease_until=None,
            due_at=now + timedelta(seconds=20),
        )
        if not won:
            return
        ModelRun.objects.bulk_create(extra)
        transaction.on_commit(lambda: enqueue(execute, request.pk))


def why_nobody_answered(runs: list[ModelRun]) -> str:
    """Return a sentence for the instructor: why no reading can be used."""
    if not runs:
        return "No model is set up for this assignment."
    words = [run.error_words for run in runs if run.error_words]
    return max(set(words), key=words.count) if words else "No reviewer gave an answer that can be used."
