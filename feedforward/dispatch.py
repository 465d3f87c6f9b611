"""Enqueueing that a dead broker cannot turn into an error page: the sweeper enqueues later."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def enqueue(task: Task, *args: Any, countdown: float | None = None, expires: float | None = None) -> bool:
    """Send ``task`` to its queue; False when the broker does not answer. The row holds the work anyway."""
    try:
        task.apply_async(args=args, countdown=countdown, expires=expires, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("not enqueued, left to the sweeper: %s (%s)", task.name, type(error).__name__)
        return False
    return True
