"""Reading a trial's text in a worker, as a draft's file is read, and starting what was asked for."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from feedback.models import Trial
from feedback.trials.making import start
from feedforward.dispatch import enqueue
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.isolation import Interrupted
from submissions.extraction.limits import MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.reading import LEASE_S, MAX_ATTEMPTS, NotNow, held, read_stored
from submissions.room import limits_for

logger = logging.getLogger(__name__)

SWEEP_AFTER = timedelta(seconds=10)
# A preview that was lost is built again; one that is merely slow is not disturbed.
PREVIEW_AFTER = timedelta(seconds=30)


def read_trial(trial_id: int, *, now: datetime | None = None) -> None:
    """READY with its runs or its preview started, or FAILED with a reason. Safe to run twice."""
    now = now or timezone.now()
    claimed = Trial.objects.filter(
        Q(status=Trial.Status.RECEIVED) | Q(status=Trial.Status.READING, lease_until__lt=now),
        pk=trial_id,
        content_removed_at=None,
    ).update(
        status=Trial.Status.READING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=now + timedelta(seconds=LEASE_S),
    )
    if not claimed:
        return
    trial = Trial.objects.select_related("assignment__course").get(pk=trial_id)
    if trial.attempts > MAX_ATTEMPTS:
        _fail(trial, Reason.CORRUPT)
        return
    try:
        with held(trial):
            document = read_stored(
                trial.stored_name, media_format=MediaFormat(trial.media_format), limits=limits_for(trial.assignment)
            )
    except Unreadable as error:
        _fail(trial, error.reason)
    except Interrupted as error:
        logger.warning("trial %s, try %s of %s: %s", trial.pk, trial.attempts, MAX_ATTEMPTS, error)
        if trial.attempts >= MAX_ATTEMPTS:
            _fail(trial, Reason.CORRUPT)
        else:
            trial.try_move(Trial.Status.RECEIVED, where={"fence": trial.fence}, lease_until=None)
    except NotNow as error:
        logger.warning("trial %s waits: %s", trial.pk, error)
        trial.try_move(
            Trial.Status.RECEIVED, where={"fence": trial.fence}, attempts=F("attempts") - 1, lease_until=None
        )
    else:
        _store(trial, document, now=timezone.now())


def _store(trial: Trial, document: ExtractedDocument, *, now: datetime) -> None:
    stored, fence = trial.stored_name, trial.fence
    with transaction.atomic():
        won = trial.try_move(
            Trial.Status.READY,
            where={"fence": fence, "content_removed_at": None},
            lease_until=None,
            stored_name="",
            text=document.text,
            words=document.words,
            language=document.language[:10],
            hidden_count=len(document.hidden),
        )
        if not won:
            return
        # Asked again, because "run it now" may have come while the text was being read.
        trial.refresh_from_db(fields=["dry"])
        start(trial, now=now)
        transaction.on_commit(lambda: storages["drafts"].delete(stored))


def _fail(trial: Trial, reason: Reason) -> None:
    stored = trial.stored_name
    if trial.try_move(
        Trial.Status.FAILED, where={"fence": trial.fence}, failure=reason.value, lease_until=None, stored_name=""
    ):
        storages["drafts"].delete(stored)


def sweep_trials(*, now: datetime) -> int:
    """Enqueue trials that no message stands for any more; returns how many."""
    from feedback.tasks import preview_trial, read_trial

    unread = Trial.objects.filter(
        Q(status=Trial.Status.RECEIVED, created_at__lt=now - SWEEP_AFTER)
        | Q(status=Trial.Status.READING, lease_until__lt=now),
        content_removed_at=None,
    )
    unseen = Trial.objects.filter(
        status=Trial.Status.READY,
        dry=True,
        result={},
        content_removed_at=None,
        created_at__range=(now - timedelta(days=1), now - PREVIEW_AFTER),
    )
    count = 0
    for task, rows in ((read_trial, unread), (preview_trial, unseen)):
        for trial_id in rows.values_list("pk", flat=True)[:100]:
            count += enqueue(task, trial_id)
    return count
