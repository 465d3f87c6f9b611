"""Carrying out requests in a worker."""

import gc
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from aiconfig import llm
from feedback import runs, sweeping
from feedback.combining import try_aggregate
from feedback.insight import report
from feedback.trials import preview, reading


@shared_task(ignore_result=True)
def execute(request_id: int) -> None:
    """Do all that is due for one request."""
    if not try_aggregate(request_id):
        runs.execute(request_id)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Start again what was left behind."""
    sweeping.sweep()


@shared_task(ignore_result=True, soft_time_limit=80, time_limit=90)
def read_trial(trial_id: int) -> None:
    """Read a trial's text and start what was asked for."""
    reading.read_trial(trial_id)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def preview_trial(trial_id: int) -> None:
    """Build the prompts of a dry run."""
    preview.build_prompts(trial_id)


@shared_task(ignore_result=True, soft_time_limit=500, time_limit=560)
def compute_insight() -> None:
    """Compute the reports of assignments whose releases changed."""
    report.compute_due()


@worker_ready.connect
def warm_up(sender: Any = None, **kwargs: Any) -> None:
    """Import the model library before the first draft waits for it; only in the worker that calls models."""
    if sender is not None and "runs" in sender.app.amqp.queues.consume_from:
        llm.warm_up()
        gc.freeze()
