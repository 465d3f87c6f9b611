"""Carrying out requests in a worker."""

import gc
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from aiconfig import llm
from feedback import runs, sweeping
from feedback.combining import try_aggregate


@shared_task(ignore_result=True)
def execute(request_id: int) -> None:
    """Do all that is due for one request."""
    if not try_aggregate(request_id):
        runs.execute(request_id)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Start again what was left behind."""
    sweeping.sweep()


@worker_ready.connect
def warm_up(sender: Any = None, **kwargs: Any) -> None:
    """Import the model library before the first draft waits for it; only in the worker that calls models."""
    if sender is not None and "runs" in sender.app.amqp.queues.consume_from:
        llm.warm_up()
        gc.freeze()
