"""Reading a draft's file in a worker: claim it, parse it outside any transaction, store what was read."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from feedforward.dispatch import enqueue
from feedforward.outbox import queue_mail
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.isolation import extract, extract_paste
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.extraction.virus import ScannerUnavailable, scan
from submissions.intake import announce_ready, limits_for
from submissions.models import Draft, DraftContent

logger = logging.getLogger(__name__)

LEASE_S = 90
MAX_ATTEMPTS = 3


def read_draft(draft_id: int, *, now: datetime | None = None) -> None:
    """Read the draft's file: READY (or CHECKING), or FAILED with a reason the student can act on.

    Safe to run twice: a draft is claimed by one conditional UPDATE, and a late writer is refused by its
    fencing number. A file that ends its worker three times is given up.
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
        _fail(draft, Reason.CORRUPT)
        return
    limits = limits_for(draft.assignment)
    try:
        name = DraftContent.objects.filter(draft=draft).values_list("stored_name", flat=True).first() or ""
        document = read_stored(name, media_format=MediaFormat(draft.media_format), limits=limits)
    except Unreadable as error:
        logger.info("draft %s could not be read: %s %s", draft.pk, error.reason.value, error.detail)
        _fail(draft, error.reason)
        return
    except ScannerUnavailable as error:
        # Never read unchecked: the draft goes back, the try does not count, the sweeper brings it again.
        logger.warning("draft %s waits for the virus scanner: %s", draft.pk, error)
        draft.try_move(
            Draft.Status.RECEIVED, where={"fence": draft.fence}, attempts=F("attempts") - 1, lease_until=None
        )
        return
    except FileNotFoundError:
        logger.warning("draft %s has no stored file", draft.pk)
        _fail(draft, Reason.CORRUPT)
        return
    _store(draft, document)


def read_stored(name: str, *, media_format: MediaFormat, limits: Limits) -> ExtractedDocument:
    """Read one stored file of drafts, checked for viruses first; slow, so never inside a transaction.

    Raises Unreadable with a reason, ScannerUnavailable, FileNotFoundError.
    """
    with _local_file(name) as path:
        if settings.CLAMD_ADDRESS:
            scan(path, address=settings.CLAMD_ADDRESS)
        if media_format is MediaFormat.PASTE:
            return extract_paste(path.read_bytes().decode("utf-8", "replace"), limits)
        return extract(path, media_format=media_format, limits=limits)


@contextmanager
def _local_file(name: str) -> Iterator[Path]:
    """Give the stored file as a path: itself where the storage is local, else a private copy."""
    storage = storages["drafts"]
    if not name:
        raise FileNotFoundError
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        with tempfile.TemporaryDirectory(prefix="feedforward-read-") as folder:
            path = Path(folder) / "file"
            with storage.open(name) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            yield path
        return
    yield path


def _store(draft: Draft, document: ExtractedDocument) -> None:
    structure = json.loads(document.to_json())
    text = structure.pop("text")
    confirm = draft.assignment.confirm_text
    target = Draft.Status.CHECKING if confirm else Draft.Status.READY
    fence = draft.fence
    with transaction.atomic():
        won = draft.try_move(
            target,
            where={"fence": fence},
            lease_until=None,
            failure="",
            words=document.words,
            pages=document.pages,
            language=document.language[:10],
            not_read=structure.get("not_read", []),
            hidden_count=len(document.hidden),
            ready_at=None if confirm else timezone.now(),
        )
        if not won:
            logger.info("draft %s was taken over; this reading is dropped", draft.pk)
            return
        DraftContent.objects.filter(draft=draft).update(text=text, structure=structure)
        audit.record(
            actor=None,
            code="draft.read",
            obj=draft,
            course_id=draft.assignment.course_id,
            counts={"words": document.words, "hidden": len(document.hidden)},
        )
        if not confirm:
            transaction.on_commit(lambda: announce_ready(draft.pk))


def _fail(draft: Draft, reason: Reason) -> None:
    with transaction.atomic():
        if not draft.try_move(
            Draft.Status.FAILED, where={"fence": draft.fence}, failure=reason.value, lease_until=None
        ):
            return
        audit.record(
            actor=None, code="draft.unreadable", obj=draft, course_id=draft.assignment.course_id, fields=[reason.value]
        )
        queue_mail(
            kind="draft_unreadable",
            to=draft.student.email,
            user=draft.student,
            subject="We could not read your draft",
            template="draft_unreadable",
            context={"draft": draft, "sentence": Unreadable(reason).sentence()},
            dedupe_key=f"draft-unreadable-{draft.pk}-{draft.fence}",
        )


def sweep(*, now: datetime | None = None) -> int:
    """Enqueue drafts that no message stands for any more; returns how many."""
    now = now or timezone.now()
    lost = Draft.objects.filter(
        Q(status=Draft.Status.RECEIVED, submitted_at__lt=now - timedelta(seconds=10))
        | Q(status=Draft.Status.READING, lease_until__lt=now)
    ).values_list("pk", flat=True)[:500]
    from submissions.tasks import extract as extract_task

    count = 0
    for draft_id in lost:
        count += enqueue(extract_task, draft_id)
    return count
