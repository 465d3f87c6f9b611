"""From finished runs to the desk: won by one process, computed outside any transaction, written in one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts import audit
from feedback.agreement.aggregation import CriterionAgreement, combine
from feedback.agreement.recheck import Recheck
from feedback.contract import Flag, RunReading
from feedback.counterfactual import recheck_of, without_suspect_comments
from feedback.desk_rows import write_desk
from feedback.flagging import flags_of
from feedback.followups import ask_more
from feedback.material import Material, load_material
from feedback.merging.notes import MergedNotes, merge
from feedback.models import FeedbackRequest, ModelRun
from feedback.recording import readings_of
from feedback.requests import cancel, is_withdrawn
from feedback.revision import record_goal_outcomes
from feedback.rewording import wordings_of
from feedback.telling import tell_reviewers
from feedback.trials.result import keep_result

logger = logging.getLogger(__name__)

LEASE_S = 30


@dataclass(frozen=True)
class Combined:
    """What all readings of one draft together say."""

    agreements: dict[str, CriterionAgreement]
    notes: MergedNotes | None
    flags: tuple[Flag, ...]
    readings: tuple[RunReading, ...]
    recheck: Recheck | None = None
    # Per note: what a model wrote for it and which one; every other note has a reviewer's own words.
    wordings: Mapping[str, tuple[str, str]] = field(default_factory=dict)


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
    if ask_more(request, material, combined, runs):
        return
    good = bool(combined.readings)
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
    """Pure arithmetic and text work over the readings among ``runs``; what was asked besides is only compared."""
    readings = tuple(readings_of(runs))
    recheck = recheck_of(material, runs, readings)
    if recheck is not None:
        readings = without_suspect_comments(material, readings, recheck)
    planned_readings = [run for run in runs if run.purpose == ModelRun.Purpose.READING]
    plan = material.plan
    agreements: dict[str, CriterionAgreement] = {}
    for criterion in material.rubric.criteria:
        by_model: dict[str, list[int | None]] = {}
        for reading in readings:
            for said in reading.reading.criteria:
                if said.criterion_key == criterion.key:
                    by_model.setdefault(reading.model, []).append(said.level)
        planned = sum(1 for run in planned_readings if not run.only_criteria or criterion.key in run.only_criteria)
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
    flags = flags_of(material, planned_readings, readings, agreements, notes, recheck)
    wordings = wordings_of(material, notes, runs) if notes is not None and plan.get("model_wording") else {}
    return Combined(agreements, notes, flags, readings, recheck, wordings)


def why_nobody_answered(runs: list[ModelRun]) -> str:
    """Return a sentence for the instructor: why no reading can be used."""
    if not runs:
        return "No model is set up for this assignment."
    words = [run.error_words for run in runs if run.error_words and run.purpose == ModelRun.Purpose.READING]
    return max(set(words), key=words.count) if words else "No reviewer gave an answer that can be used."
