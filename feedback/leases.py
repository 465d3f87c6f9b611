"""Claims on runs: one UPDATE takes them, a heartbeat keeps them, a fencing number refuses who lost them."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F, Q
from django.utils import timezone

from feedback.models import FeedbackRequest, ModelRun

logger = logging.getLogger(__name__)


def claimable(now: datetime) -> Q:
    """Runs that may be taken now: due and waiting, or running under a lease that ran out."""
    return (Q(status=ModelRun.Status.PENDING) & (Q(not_before__isnull=True) | Q(not_before__lte=now))) | Q(
        status=ModelRun.Status.RUNNING, lease_until__lt=now
    )


def claim_runs(request: FeedbackRequest, *, now: datetime) -> list[ModelRun]:
    """Take every open run of the request that is due, in one UPDATE; returns the ones this call took."""
    token = uuid.uuid4()
    taken = ModelRun.objects.filter(claimable(now), request=request, round=request.round).update(
        status=ModelRun.Status.RUNNING,
        claim=token,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=now + timedelta(seconds=settings.RUN_LEASE_S),
        started_at=now,
        not_before=None,
    )
    if not taken:
        return []
    return list(
        ModelRun.objects.filter(request=request, claim=token).select_related("ai_model__provider").order_by("pk")
    )


class _Heartbeat:
    """One thread per process that renews the leases of all runs the process holds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[int, int] = {}
        self.thread: threading.Thread | None = None

    def hold(self, runs: Sequence[ModelRun]) -> None:
        with self.lock:
            self.held.update({run.pk: run.fence for run in runs})
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
                self.thread.start()

    def release(self, run_ids: Sequence[int]) -> None:
        with self.lock:
            for run_id in run_ids:
                self.held.pop(run_id, None)

    def _beat(self) -> None:
        while True:
            time.sleep(settings.RUN_HEARTBEAT_S)
            with self.lock:
                held = dict(self.held)
                if not held:
                    self.thread = None
                    break
            try:
                renew(held, now=timezone.now())
            except DatabaseError as error:
                # The next beat tries again; a lease outlives two missed ones.
                logger.warning("leases not renewed: %s", type(error).__name__)
            finally:
                close_old_connections()
        connection.close()


def renew(held: dict[int, int], *, now: datetime) -> int:
    """Extend the leases of ``{run id: fence}`` that are still ours; returns how many."""
    by_fence: dict[int, list[int]] = {}
    for run_id, fence in held.items():
        by_fence.setdefault(fence, []).append(run_id)
    until = now + timedelta(seconds=settings.RUN_LEASE_S)
    return sum(
        ModelRun.objects.filter(pk__in=ids, fence=fence, status=ModelRun.Status.RUNNING).update(lease_until=until)
        for fence, ids in by_fence.items()
    )


_heartbeat = _Heartbeat()


@contextmanager
def held(runs: Sequence[ModelRun]) -> Iterator[None]:
    """Keep the leases of ``runs`` alive while the block runs."""
    _heartbeat.hold(runs)
    try:
        yield
    finally:
        _heartbeat.release([run.pk for run in runs])


def let_go(run: ModelRun) -> None:
    """Stop renewing one run's lease: its outcome is stored."""
    _heartbeat.release([run.pk])
