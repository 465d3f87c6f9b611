"""The application of the beat process: it sends names of due tasks, so it loads neither apps nor tasks.

A beat that loaded all of Django would hold 35 MB more for nothing. The settings are read as a plain module.
"""

from __future__ import annotations

from celery import Celery
from celery.signals import setup_logging

from feedforward.schedule import ROUTES, SCHEDULE

app = Celery("feedforward-clock", fixups=set(), set_as_current=False)
app.config_from_object("feedforward.settings", namespace="CELERY")
app.conf.task_routes = ROUTES
app.conf.beat_schedule = SCHEDULE


@setup_logging.connect
def use_plain_logging(**kwargs: object) -> None:
    """Warnings and errors only, in the form of the other processes' lines; nothing here can hold a student's words."""
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(name)s [-] %(message)s")
