"""Enqueueing that a dead or hanging broker cannot turn into an error page or a wait: the sweeper enqueues later."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

from celery import Task, current_app
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Waiting for the broker costs a person's time; its loss costs a few seconds until the sweeper looks.
ANSWER_S = 1.0
# After a failure nobody waits again for this long.
LEFT_ALONE_S = 5.0

_down_until = 0.0


@cache
def _connection() -> Connection:
    """Return the connection of senders: the workers' one, but impatient."""
    options = {
        **current_app.conf.broker_transport_options,
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": ANSWER_S,
        "retry_on_timeout": False,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "connect_retries_timeout": ANSWER_S,
    }
    return current_app.connection_for_write(transport_options=options, connect_timeout=ANSWER_S)


def enqueue(task: Task, *args: Any, countdown: float | None = None, expires: float | None = None) -> bool:
    """Send ``task`` to its queue; False when the broker does not answer. The row holds the work anyway."""
    global _down_until
    if time.monotonic() < _down_until:
        return False
    try:
        with producers[_connection()].acquire(block=True, timeout=ANSWER_S) as producer:
            task.apply_async(args=args, countdown=countdown, expires=expires, retry=False, producer=producer)
    except (OperationalError, RedisError, OSError) as error:
        _down_until = time.monotonic() + LEFT_ALONE_S
        logger.warning("not enqueued, left to the sweeper: %s (%s)", task.name, type(error).__name__)
        return False
    return True
