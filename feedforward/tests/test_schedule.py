"""The clock sends what workers know, to queues that are listened to, through the same broker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploy.run.programs import site_programs
from feedforward import clock
from feedforward.celery import app
from feedforward.schedule import ROUTES, SCHEDULE


@pytest.fixture(scope="module", autouse=True)
def _tasks_loaded():
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", SCHEDULE)
def test_every_periodic_task_exists_and_expires_before_the_next_is_due(name):
    entry = SCHEDULE[name]
    assert entry["task"] in app.tasks
    assert 0 < entry["options"]["expires"] < entry["schedule"]


def test_routes_name_existing_tasks():
    for pattern in ROUTES:
        prefix = pattern.removesuffix("*")
        assert any(name == pattern or (pattern.endswith("*") and name.startswith(prefix)) for name in app.tasks), (
            pattern
        )


def test_every_queue_is_listened_to(tmp_path):
    from deploy.run.programs import Site
    from feedforward import broker

    found = broker.resolve(tmp_path, {"REDIS_URL": "redis://redis"})
    site = Site(tmp_path, tmp_path, "127.0.0.1", 8000, {}, found, demo=False)
    listened: set[str] = set()
    for program in site_programs(site):
        command = list(program.command)
        if "-Q" in command:
            listened |= set(command[command.index("-Q") + 1].split(","))
    assert listened == {route["queue"] for route in ROUTES.values()} | {app.conf.task_default_queue}


def test_clock_and_workers_agree_on_how_messages_travel():
    for key in ("task_default_queue", "task_serializer", "broker_transport_options", "timezone"):
        assert getattr(clock.app.conf, key) == getattr(app.conf, key), key
    assert clock.app.conf.beat_schedule == app.conf.beat_schedule


def test_clock_loads_neither_apps_nor_tasks():
    code = (
        "import sys, feedforward.clock as c; c.app.conf.broker_url; "
        "bad = [m for m in sys.modules if m.split('.')[-1] in ('models', 'tasks', 'views') "
        "and m.split('.')[0] in ('accounts', 'courses', 'aiconfig', 'submissions', 'feedback', 'privacy')]; "
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
