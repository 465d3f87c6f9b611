"""The Celery application. Messages carry ids only; the tables hold the work (docs/architecture.md)."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")

app = Celery("feedforward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.task_routes = {
    "submissions.tasks.extract": {"queue": "extract"},
    "feedback.tasks.execute": {"queue": "runs"},
    "aiconfig.tasks.*": {"queue": "runs"},
    "feedforward.tasks.send_mail": {"queue": "mail"},
}

# Periodic jobs. ``expires`` just under the period: a stopped worker does not wake up to forty stale jobs.
app.conf.beat_schedule = {
    "sweep-drafts": {"task": "submissions.tasks.sweep", "schedule": 15.0, "options": {"expires": 14}},
    "sweep-feedback": {"task": "feedback.tasks.sweep", "schedule": 5.0, "options": {"expires": 4}},
    "sweep-mail": {"task": "feedforward.tasks.sweep_mail", "schedule": 60.0, "options": {"expires": 55}},
    "seal-audit": {"task": "accounts.tasks.seal_audit", "schedule": 60.0, "options": {"expires": 55}},
    "remove-content": {
        "task": "privacy.tasks.remove_content",
        "schedule": 3600.0,
        "options": {"expires": 3500},
    },
}


@setup_logging.connect
def use_django_logging(**kwargs: object) -> None:
    """Keep Celery from installing its own handlers: one log format, one scrub filter."""
    from logging.config import dictConfig

    from django.conf import settings

    dictConfig(settings.LOGGING)
