"""Reading a draft's files in a worker: claim it, parse outside any transaction, store what was read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from feedforward.dispatch import enqueue
from feedforward.outbox import queue_mail
from feedforward.sealing import Unopenable
from feedforward.storage import StorageUnavailable, draft_storage
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.isolation import Interrupted, extract_bytes, extract_paste, extract_rich_paste
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.extraction.virus import ScannerUnavailable, scan
from submissions.failures import failure_sentence
from submissions.files import sweep_strays
from submissions.intake import announce_ready
from submissions.joining import Joined, join
from submissions.models import Draft, DraftContent, DraftFile
from submissions.room import limits_for

logger = logging.getLogger(__name__)

# A reader that lives says so; one that died is noticed within a lease and a sweep.
LEASE_S = 20
HEARTBEAT_S = 5
MAX_ATTEMPTS = 3
MIN_TIME_S = 2.0


class NotNow(Exception):
    """Something on our side did not answer: the draft goes back and waits; the try does not count."""


class _Failed(Exception):
    """Why the draft cannot be read, and which of its files (by row) are the reason."""

    def __init__(self, reason: Reason, files: tuple[tuple[int, Reason], ...] = ()) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.files = files


def read_draft(draft_id: int, *, now: datetime | None = None) -> None:
    """Read the draft's files: READY (or CHECKING), or FAILED with a reason the student can act on.

    Safe to run twice: a draft is claimed by one conditional UPDATE, and a late writer is refused by its
    fencing number. A file that ends its reader or its worker three times is given up.
    """
    now = now or timezone.now()
    draft = Draft.objects.select_related("assignment__course", "student").filter(pk=draft_id).first()
    if draft is None:
        return
    claimed = Draft.objects.filter(
        Q(status=Draft.Status.RECEIVED) | Q(status=Draft.Status.READING, lease_until__lt=now), pk=draft_id
    ).update(
        status=Draft.Status.READING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=now + timedelta(seconds=LEASE_S),
    )
    if not claimed:
        return
    draft.refresh_from_db(fields=["status", "fence", "attempts", "lease_until"])
    if draft.attempts > MAX_ATTEMPTS:
        _fail(draft, _Failed(Reason.CORRUPT))
        return
    try:
        with held(draft):
            joined = _read_files(draft)
    except _Failed as failed:
        _fail(draft, failed)
    except NotNow as error:
        # Never read unchecked, never given up for our own fault: the sweeper brings it again.
        logger.warning("draft %s waits: %s", draft.pk, error)
        draft.try_move(
            Draft.Status.RECEIVED, where={"fence": draft.fence}, attempts=F("attempts") - 1, lease_until=None
        )
    except Interrupted as error:
        logger.warning("draft %s, try %s of %s: %s", draft.pk, draft.attempts, MAX_ATTEMPTS, error)
        if draft.attempts >= MAX_ATTEMPTS:
            _fail(draft, _Failed(Reason.CORRUPT))
        else:
            draft.try_move(Draft.Status.RECEIVED, where={"fence": draft.fence}, lease_until=None)
    else:
        _store(draft, joined)


@contextmanager
def held(row: Any) -> Iterator[None]:
    """Renew the lease of a claimed row while the block runs. A process that is killed renews nothing, and another takes over.

    ``row`` has ``status``, ``fence`` and ``lease_until``, as drafts have.
    """
    model, claimed = type(row), {"pk": row.pk, "fence": row.fence, "status": row.status}
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(HEARTBEAT_S):
                until = timezone.now() + timedelta(seconds=LEASE_S)
                model._default_manager.filter(**claimed).update(lease_until=until)
        except DatabaseError as error:  # the lease runs out and the fence decides
            logger.warning("lease of %s %s not renewed: %s", model.__name__, row.pk, type(error).__name__)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{row.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(1.0)


def _read_files(draft: Draft) -> Joined:
    """Read every file within limits that count together. Raises _Failed, NotNow, Interrupted."""
    files = list(draft.files)
    if not files:
        raise _Failed(Reason.LOST)
    whole = limits_for(draft.assignment)
    left = whole if len(files) == 1 else replace(whole, min_words=1)
    left = replace(left, ocr_timeout_s=whole.ocr_timeout_s / len(files))
    deadline = time.monotonic() + whole.timeout_s + (whole.ocr_timeout_s if whole.ocr else 0.0)
    documents: list[tuple[int, ExtractedDocument]] = []
    failures: list[tuple[int, Reason]] = []
    for row in files:
        try:
            document = read_stored(
                row.stored_name,
                media_format=MediaFormat(row.media_format),
                limits=replace(left, timeout_s=min(whole.timeout_s, max(deadline - time.monotonic(), MIN_TIME_S))),
            )
        except Unreadable as error:
            logger.info("draft %s, file %s: %s %s", draft.pk, row.position, error.reason.value, error.detail)
            failures.append((row.pk, error.reason))
            continue
        documents.append((row.position, document))
        left = replace(
            left,
            max_words=max(left.max_words - document.words, 0),
            max_pages=max(left.max_pages - (document.pages or 0), 0),
        )
    if failures:
        raise _Failed(failures[0][1], tuple(failures))
    joined = join(documents)
    if joined.words < whole.min_words:
        raise _Failed(Reason.TOO_SHORT)
    return joined


def read_stored(name: str, *, media_format: MediaFormat, limits: Limits) -> ExtractedDocument:
    """Read one stored file, checked for viruses first; slow, so never inside a transaction.

    The opened content never touches a disk. Raises Unreadable with a reason, :class:`NotNow`, Interrupted.
    """
    try:
        with draft_storage().open(name) as file:
            data = file.read()
    except StorageUnavailable as error:
        raise NotNow(f"the storage does not answer ({error})") from None
    except (FileNotFoundError, Unopenable) as error:
        raise Unreadable(Reason.LOST, type(error).__name__) from None
    if settings.CLAMD_ADDRESS:
        try:
            scan(data, address=settings.CLAMD_ADDRESS)
        except ScannerUnavailable as error:
            raise NotNow(f"the virus scanner does not answer ({error})") from None
    if media_format is MediaFormat.PASTE:
        return extract_paste(data.decode("utf-8", "replace"), limits)
    if media_format is MediaFormat.HTML:
        return extract_rich_paste(data, limits)
    return extract_bytes(data, media_format=media_format, limits=limits)[0]


def _store(draft: Draft, joined: Joined) -> None:
    confirm = draft.assignment.confirm_text
    target = Draft.Status.CHECKING if confirm else Draft.Status.READY
    with transaction.atomic():
        won = draft.try_move(
            target,
            where={"fence": draft.fence},
            lease_until=None,
            failure="",
            words=joined.words,
            pages=joined.pages,
            language=joined.language[:10],
            not_read=joined.not_read,
            hidden_count=joined.hidden_count,
            ready_at=None if confirm else timezone.now(),
        )
        if not won:
            logger.info("draft %s was taken over; this reading is dropped", draft.pk)
            return
        DraftContent.objects.filter(draft=draft).update(text=joined.text, structure=joined.structure)
        audit.record(
            actor=None,
            code="draft.read",
            obj=draft,
            course_id=draft.assignment.course_id,
            counts={"words": joined.words, "hidden": joined.hidden_count},
        )
        if not confirm:
            transaction.on_commit(lambda: announce_ready(draft.pk))


def _fail(draft: Draft, failed: _Failed) -> None:
    with transaction.atomic():
        if not draft.try_move(
            Draft.Status.FAILED, where={"fence": draft.fence}, failure=failed.reason.value, lease_until=None
        ):
            return
        for pk, reason in failed.files:
            DraftFile.objects.filter(pk=pk).update(failure=reason.value)
        audit.record(
            actor=None,
            code="draft.unreadable",
            obj=draft,
            course_id=draft.assignment.course_id,
            fields=[failed.reason.value],
        )
        queue_mail(
            kind="draft_unreadable",
            to=draft.student.email,
            user=draft.student,
            subject="We could not read your draft",
            template="draft_unreadable",
            context={"draft": draft, "sentence": failure_sentence(draft, names=False)},
            dedupe_key=f"draft-unreadable-{draft.pk}-{draft.fence}",
        )


def sweep(*, now: datetime | None = None) -> int:
    """Enqueue drafts that no message stands for any more, and remove files without a draft; returns how many drafts."""
    now = now or timezone.now()
    lost = Draft.objects.filter(
        Q(status=Draft.Status.RECEIVED, submitted_at__lt=now - timedelta(seconds=10))
        | Q(status=Draft.Status.READING, lease_until__lt=now)
    ).values_list("pk", flat=True)[:500]
    from submissions.tasks import extract as extract_task

    count = 0
    for draft_id in lost:
        count += enqueue(extract_task, draft_id)
    sweep_strays(now=now)
    return count
