"""The Celery application. Messages carry ids only; the tables hold the work (docs/architecture.md)."""

import gc
import os

from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_before_create_process

from feedforward.schedule import ROUTES, SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")

app = Celery("feedforward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.task_routes = ROUTES
app.conf.beat_schedule = SCHEDULE


@setup_logging.connect
def use_django_logging(**kwargs: object) -> None:
    """Keep Celery from installing its own handlers: one log format, one scrub filter."""
    from logging.config import dictConfig

    from django.conf import settings

    from feedforward.logs import keep_tracebacks_short

    dictConfig(settings.LOGGING)
    keep_tracebacks_short()


@worker_before_create_process.connect
def share_memory(**kwargs: object) -> None:
    """Before a worker's process is forked: what is loaded is left alone by the collector, so its pages stay shared."""
    gc.collect()
    gc.freeze()


@celeryd_init.connect
def refuse_unsafe_start(**kwargs: object) -> None:
    """A production worker refuses demo reviewers, DEBUG and sample secrets, as the web process does."""
    from feedforward import checks

    checks.refuse_unsafe_start()
