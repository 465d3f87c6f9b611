"""Finding what a lost message, a dead worker or an emptied broker left behind, and starting it again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from feedback.models import FeedbackRequest
from feedback.requests import SWEEP_AFTER_S, request_feedback
from feedback.trials.reading import sweep_trials
from feedforward.dispatch import enqueue
from submissions.models import Draft

BATCH = 500


def sweep(*, now: datetime | None = None) -> int:
    """Enqueue requests with work that is due, and make requests for READY drafts that have none; returns how many.

    Each enqueued request is left alone for a while, so that a long queue is not filled with the same ids.
    """
    from feedback.tasks import execute

    now = now or timezone.now()
    sweep_trials(now=now)
    for draft_id in _without_request(now):
        request_feedback(draft_id, now=now)
    open_requests = FeedbackRequest.objects.filter(
        status__in=[FeedbackRequest.Status.OPEN, FeedbackRequest.Status.AGGREGATING], due_at__lte=now
    )
    due = list(open_requests.order_by("due_at").values_list("pk", flat=True)[:BATCH])
    for request_id in due:
        again = now + timedelta(seconds=SWEEP_AFTER_S)
        taken = FeedbackRequest.objects.filter(pk=request_id, due_at__lte=now).update(due_at=again)
        if taken:
            enqueue(execute, request_id)
    return len(due)


def _without_request(now: datetime) -> list[int]:
    has_request = FeedbackRequest.objects.filter(draft=OuterRef("pk"))
    ready = Draft.objects.filter(
        ~Exists(has_request), status=Draft.Status.READY, ready_at__lt=now - timedelta(seconds=5)
    )
    return list(ready.order_by("pk").values_list("pk", flat=True)[:BATCH])
