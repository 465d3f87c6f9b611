"""Readers and workers that are killed, stopped or poisoned: the draft ends read or refused, never stuck."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from courses.tests.cast import cast
from feedforward.models import OutgoingMail
from feedforward.storage import draft_storage
from submissions import reading
from submissions.extraction import isolation
from submissions.intake import submit_draft
from submissions.models import Draft
from submissions.reading import LEASE_S, MAX_ATTEMPTS, read_draft

# Takes a reader some seconds, so that there is time to kill it in the middle.
SLOW = b"{\\rtf1 " + b"{\\v a}b " * 600_000 + b"}"
GOOD = b"The otter keeps its favourite stone in a pocket of skin."


def hand_in(people: SimpleNamespace, data: bytes, name: str) -> Draft:
    upload = SimpleUploadedFile(name, data)
    return submit_draft(assignment=people.assignment, student=people.alice, actor=people.alice, uploads=[upload]).draft


def make_good(draft: Draft) -> None:
    """Put a file in its place that needs no reader's time."""
    row = draft.files.get()
    draft_storage().delete(row.stored_name)
    draft_storage().save(row.stored_name, SimpleUploadedFile("good", GOOD))
    draft.files.update(media_format="txt")


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Killer:
    """Kills every reader (or, with ``whole``, every reading process) of this process as soon as it appears."""

    def __init__(self, *, whole: bool, most: int) -> None:
        self.killed = 0
        self._whole, self._most, self._done = whole, most, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join(5)

    def _run(self) -> None:
        seen: set[int] = set()
        while not self._done.wait(0.02) and self.killed < self._most:
            for process in children_of(os.getpid()):
                for reader in set(children_of(process)) - seen:
                    seen.add(reader)
                    os.kill(process if self._whole else reader, signal.SIGKILL)
                    self.killed += 1


@pytest.fixture(autouse=True)
def _no_idle_processes() -> Iterator[None]:
    isolation.close()
    yield
    isolation.close()


@pytest.fixture
def people(transactional_db: None) -> SimpleNamespace:
    return cast()


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the readers in /proc")
@pytest.mark.parametrize("whole", [False, True], ids=["the reader", "the reading process"])
def test_a_reader_killed_once_is_tried_again(people: SimpleNamespace, whole: bool, settings: Any) -> None:
    draft = hand_in(people, SLOW, "slow.rtf")
    with Killer(whole=whole, most=1) as killer:
        read_draft(draft.pk)
    assert killer.killed == 1
    draft.refresh_from_db()
    assert (draft.status, draft.attempts, draft.lease_until) == (Draft.Status.RECEIVED, 1, None)
    assert not OutgoingMail.objects.exists(), "nobody is told of a fault that is ours"
    Draft.objects.filter(pk=draft.pk).update(submitted_at=timezone.now() - timedelta(minutes=1))
    assert reading.sweep() == 1
    make_good(draft)
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.status, draft.attempts) == (Draft.Status.READY, 2)


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the readers in /proc")
def test_a_poison_file_is_given_up_after_three_tries(people: SimpleNamespace) -> None:
    draft = hand_in(people, SLOW, "slow.rtf")
    with Killer(whole=False, most=10) as killer:
        for _ in range(MAX_ATTEMPTS + 2):
            read_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.status, draft.failure) == (Draft.Status.FAILED, "CORRUPT")
    assert killer.killed == MAX_ATTEMPTS
    assert OutgoingMail.objects.filter(kind="draft_unreadable").count() == 1


WORKER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "feedforward.settings_test"
import django
from django.conf import settings
from feedforward import settings_test
settings_test.DATABASES["default"]["NAME"] = sys.argv[2]
settings_test.STORAGES["drafts"]["OPTIONS"]["options"]["location"] = sys.argv[3]
django.setup()
from submissions import reading
reading.HEARTBEAT_S = 0.2
reading.read_draft(int(sys.argv[1]))
"""


@pytest.mark.thorough
@pytest.mark.skipif(connection.vendor != "sqlite", reason="hands a second process the name of the test's database file")
def test_a_worker_killed_while_it_reads(people: SimpleNamespace) -> None:
    """It renews its lease while it lives; once it is dead the lease runs out and another worker reads the draft."""
    draft = hand_in(people, SLOW, "slow.rtf")
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(draft.pk), str(connection.settings_dict["NAME"]), draft_storage().location],
        cwd=site.BASE_DIR,
        stderr=subprocess.DEVNULL,
    )
    try:
        first = wait_for(draft, lambda row: row.lease_until is not None).lease_until
        renewed = wait_for(draft, lambda row: row.lease_until is not None and row.lease_until > first)
    finally:
        worker.kill()
        worker.wait(10)
    assert renewed.status == Draft.Status.READING
    read_draft(draft.pk)  # too early: for all anybody knows the worker lives
    draft.refresh_from_db()
    assert (draft.status, draft.attempts) == (Draft.Status.READING, 1)
    later = timezone.now() + timedelta(seconds=LEASE_S + 1)
    assert reading.sweep(now=later) == 1
    make_good(draft)
    read_draft(draft.pk, now=later)
    draft.refresh_from_db()
    assert (draft.status, draft.attempts) == (Draft.Status.READY, 2)


def wait_for(draft: Draft, good: Any) -> Draft:
    for _ in range(600):
        row = Draft.objects.get(pk=draft.pk)
        if good(row):
            return row
        time.sleep(0.05)
    raise AssertionError("the worker did not come so far")


@pytest.mark.thorough
def test_a_worker_that_was_stopped_writes_nothing_late(people: SimpleNamespace) -> None:
    """Its lease ran out, another read the draft; then it wakes and finds its fence too low."""
    draft = hand_in(people, GOOD, "good.txt")
    sleeper = Draft.objects.select_related("assignment__course", "student").get(pk=draft.pk)
    Draft.objects.filter(pk=draft.pk).update(status="reading", fence=1, attempts=1, lease_until=timezone.now())
    sleeper.refresh_from_db()
    read_draft(draft.pk, now=timezone.now() + timedelta(seconds=1))
    draft.refresh_from_db()
    assert (draft.status, draft.fence) == (Draft.Status.READY, 2)
    reading._fail(sleeper, reading._Failed(reading.Reason.CORRUPT))
    draft.refresh_from_db()
    assert draft.status == Draft.Status.READY and not OutgoingMail.objects.exists()
