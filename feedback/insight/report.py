"""Computing an assignment's report in a worker, when releases have changed what it says. The row owns the work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from feedback.agreement.calibration import ModelRecord, model_records, records_from_json
from feedback.agreement.coefficients import criterion_insights
from feedback.insight.confirmed import confirmed_drafts
from feedback.models import InsightReport

# Releases often come in a row: one computing serves them all.
SETTLE = timedelta(seconds=60)
# A computing whose worker died is done again after this.
LEASE = timedelta(minutes=10)
VERSION = 1


def mark_due(*, assignment_id: int, now: datetime) -> None:
    """Note, inside the transaction of a release or its taking back, that the report has to be computed anew."""
    soon = now + SETTLE
    waiting = InsightReport.objects.filter(assignment_id=assignment_id)
    if waiting.filter(due_at__lte=soon).exists():
        return
    # One that is being computed now has read the tables before this change: it is due again.
    if not waiting.filter(Q(due_at__isnull=True) | Q(due_at__gt=soon)).update(due_at=soon):
        InsightReport.objects.get_or_create(assignment_id=assignment_id, defaults={"due_at": soon})


def compute_due(*, now: datetime | None = None, limit: int = 20) -> int:
    """Compute the reports that are due; returns how many. Safe to run twice and at once."""
    now = now or timezone.now()
    done = 0
    rows = InsightReport.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", "due_at")
    for pk, due_at in rows[:limit]:
        lease = now + LEASE
        if not InsightReport.objects.filter(pk=pk, due_at=due_at).update(due_at=lease):
            continue
        report = InsightReport.objects.get(pk=pk)
        InsightReport.objects.filter(pk=pk).update(numbers=numbers_of(report.assignment_id), computed_at=now)
        InsightReport.objects.filter(pk=pk, due_at=lease).update(due_at=None)
        done += 1
    return done


def numbers_of(assignment_id: int) -> dict[str, Any]:
    """Return the report of an assignment as JSON: counts and coefficients, not a word of anybody."""
    drafts = confirmed_drafts(assignment_id)
    return {
        "version": VERSION,
        "confirmed": len(drafts),
        # Seeded by the assignment: the same drafts give the same intervals on every computing.
        "criteria": [insight.to_json() for insight in criterion_insights(drafts, seed=assignment_id)],
        "models": {model: record.to_json() for model, record in model_records(drafts).items()},
    }


def records_of(assignment_id: int) -> dict[str, ModelRecord]:
    """Return the models' records as last computed; empty before the first computing."""
    numbers = InsightReport.objects.filter(assignment_id=assignment_id).values_list("numbers", flat=True).first()
    return records_from_json((numbers or {}).get("models", {}))
