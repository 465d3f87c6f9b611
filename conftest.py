"""What every test shares."""

from __future__ import annotations

import gc
import unittest.mock
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from feedforward.tests import canary

# Collecting a suite of this size makes a million objects that live to its end; looking through them for garbage every
# 700 new ones, as is usual, takes half of the time until the first test.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    """What was collected stays: no search for garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """No test may leave a student's word, a key or a prompt in what the site logs."""
    with canary.listening() as lines:
        yield
    assert not (told := canary.told(lines)), f"the log tells what it must not: {told}"


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Rate limits and cached sessions of one test are none of the next one's business."""
    from django.contrib.contenttypes.models import ContentType

    cache.clear()
    # What a test that was rolled back has made is remembered in the process, but no longer in the database.
    ContentType.objects.clear_cache()
    yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Tests with real transactions empty all tables, which the audit's triggers refuse; its own tests install them."""
    from django.db import connection

    from accounts import append_only

    with django_db_blocker.unblock():
        append_only.drop(connection)
        append_only.drop_head(connection)
    # After emptying the tables Django makes all permissions and content types again, which takes twenty times as long
    # and which nothing here asks for.
    with unittest.mock.patch("django.core.management.commands.flush.emit_post_migrate_signal"):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum up what the access tests asked, also when several processes did."""
    asked = [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "access" and report.when == "teardown"
    ]
    if asked:
        rows = {nodeid for nodeid, _value in asked if "::test_row" in nodeid}
        addresses = {nodeid.rpartition(" ")[2] for nodeid in rows}
        actors = {actor for _nodeid, (_count, who) in asked for actor in who}
        requests = sum(count for _nodeid, (count, _who) in asked)
        terminalreporter.write_line(
            f"access: {len(rows)} rows, {len(addresses)} addresses, {len(actors)} actors, {requests} requests"
        )
