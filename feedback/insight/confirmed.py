"""The confirmed drafts of an assignment as plain values: two queries, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from feedback.agreement.confirmed import ConfirmedDraft, Verdict
from feedback.models import CriterionResult, Feedback


def confirmed_feedback(assignment_id: int) -> QuerySet[Feedback]:
    """Feedback that a person released after reviewers had read the draft: no practice, nothing marked by hand."""
    return Feedback.objects.filter(
        Q(released_by__isnull=False),
        draft__assignment_id=assignment_id,
        status=Feedback.Status.RELEASED,
        by_hand=False,
        practice=False,
    )


def confirmed_drafts(assignment_id: int) -> list[ConfirmedDraft]:
    """Return the assignment's confirmed drafts, the oldest release first."""
    ids = list(confirmed_feedback(assignment_id).order_by("released_at", "pk").values_list("pk", flat=True))
    rows = CriterionResult.objects.filter(feedback__in=confirmed_feedback(assignment_id)).values_list(
        "feedback_id", "criterion_key", "snapshot__levels", "level", "suggested_level", "readings"
    )
    verdicts: dict[int, dict[str, Verdict]] = defaultdict(dict)
    for feedback_id, key, levels, level, suggested, readings in rows.iterator(chunk_size=2000):
        if not levels or not readings:
            continue
        verdicts[feedback_id][key] = Verdict(
            level_count=len(levels),
            confirmed=level if level is not None else suggested,
            suggested=suggested,
            medians=_medians(readings),
        )
    return [ConfirmedDraft(pk, verdicts[pk]) for pk in ids if pk in verdicts]


def _medians(readings: Mapping[str, Any]) -> dict[str, float]:
    return {
        model: float(said["median"])
        for model, said in readings.items()
        if said.get("median") is not None and not said.get("fallback")
    }
