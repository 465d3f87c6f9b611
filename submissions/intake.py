"""Handing in: one short transaction makes the numbered draft; no parser ever runs in a web process."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Assignment, Enrolment
from feedforward.dispatch import enqueue
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.precheck import clean_name, precheck, precheck_paste
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.models import Draft, DraftContent
from submissions.retention import due_after_intake

HEAD_BYTES = 4096
CHUNK_BYTES = 1 << 16


class NotAccepted(DomainError):
    """The draft cannot be handed in; the message says why and what to do. Nothing was stored."""

    code = "not_accepted"


@dataclass(frozen=True)
class Receipt:
    """What handing in gave: the draft, and whether this call made it (False: it had been handed in before)."""

    draft: Draft
    created: bool


@dataclass(frozen=True)
class Room:
    """What is left: ``used`` of ``allowed`` drafts, the number the next one gets, and why not now, if so."""

    used: int
    allowed: int
    next_number: int
    next_at: datetime | None
    refusal: str
    refusal_code: str = ""

    @property
    def open(self) -> bool:
        return not self.refusal


def limits_for(assignment: Assignment) -> Limits:
    """Return the limits on a file of this assignment, from the site's settings."""
    return Limits(
        max_bytes=settings.DRAFT_MAX_BYTES,
        max_pages=settings.DRAFT_MAX_PAGES,
        max_words=settings.DRAFT_MAX_WORDS,
        timeout_s=settings.EXTRACT_TIMEOUT_S,
        memory_mb=settings.EXTRACT_MEMORY_MB,
    )


def limit_words(limits: Limits) -> dict[str, int]:
    """Return the numbers a verdict's sentence may name."""
    return {
        "max_mb": limits.max_bytes // (1024 * 1024),
        "max_words": limits.max_words,
        "max_pages": limits.max_pages,
    }


def room_for(*, assignment: Assignment, student: User, now: datetime) -> Room:
    """Return whether ``student`` may hand in a draft now, and the draft number it would get.

    A draft whose file could not be read keeps its number: the next file takes its place.
    """
    drafts = list(
        Draft.objects.filter(assignment=assignment, student=student)
        .order_by("-number")
        .values_list("number", "status", "submitted_at")
    )
    counted = [d for d in drafts if d[1] not in (Draft.Status.FAILED, Draft.Status.WITHDRAWN)]
    highest = drafts[0][0] if drafts else 0
    failed_last = bool(drafts) and drafts[0][1] == Draft.Status.FAILED
    number = highest if failed_last else highest + 1
    used, allowed = len(counted), assignment.max_drafts
    next_at = None
    refusal = code = ""
    phase = assignment.phase(now)
    if phase == "upcoming":
        refusal, code = _("This assignment has not opened yet."), "not_open"
    elif phase != "open":
        refusal, code = _("This assignment is closed; no more drafts can be handed in."), "closed"
    elif used >= allowed:
        refusal = _("You have handed in all %(allowed)s drafts of this assignment.") % {"allowed": allowed}
        code = "draft_limit"
    elif counted and assignment.hours_between and not failed_last:
        next_at = max(d[2] for d in counted) + timedelta(hours=assignment.hours_between)
        if now < next_at:
            refusal, code = _("The next draft can be handed in later; the page says when."), "too_soon"
    return Room(used, allowed, number, next_at, refusal, code)


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(stream):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk
    stream.seek(0)


@dataclass(frozen=True)
class Incoming:
    """What came in, checked without parsing and not stored yet. ``sha256`` in hex, ``size`` in bytes."""

    source: str
    name: str
    media_format: str
    size: int
    sha256: str
    file: File


def examine(*, upload: File | None, text: str, declared_type: str, assignment: Assignment, limits: Limits) -> Incoming:
    """Check one file, or the text where there is none. Raises :class:`NotAccepted` with a sentence and its field."""
    try:
        if upload is not None:
            return _examine_file(upload, declared_type=declared_type, assignment=assignment, limits=limits)
        return _examine_paste(text, limits=limits)
    except Unreadable as error:
        field = "file" if upload is not None else "text"
        raise NotAccepted(error.sentence(**limit_words(limits)), code=error.reason.value, field=field) from None


def _examine_file(upload: File, *, declared_type: str, assignment: Assignment, limits: Limits) -> Incoming:
    name = upload.name or ""
    size = upload.size or 0
    if size > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    upload.seek(0)
    head = upload.read(HEAD_BYTES)

    def reopen() -> BinaryIO:
        upload.seek(0)
        return upload.file  # type: ignore[return-value]

    media_format = precheck(
        name=name, declared_type=declared_type, size=size, head=head, open_file=reopen, limits=limits
    )
    if assignment.formats and media_format.value not in assignment.formats:
        raise Unreadable(Reason.TYPE)
    upload.seek(0)
    digest = _digest(upload)  # type: ignore[arg-type]
    return Incoming(Draft.Source.FILE, clean_name(name), media_format.value, size, digest, upload)


def _examine_paste(text: str, *, limits: Limits) -> Incoming:
    precheck_paste(text, limits)
    # Lone surrogates and NUL cannot be stored by either database; they mean nothing in an essay.
    raw = text.replace("\x00", "").encode("utf-8", "ignore")
    if len(raw) > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    file = ContentFile(raw)
    return Incoming(Draft.Source.PASTE, "", MediaFormat.PASTE.value, len(raw), hashlib.sha256(raw).hexdigest(), file)


def submit_draft(
    *,
    assignment: Assignment,
    student: User,
    actor: User,
    upload: File | None = None,
    text: str = "",
    declared_type: str = "",
    submission_key: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Take in one file or pasted text as the student's next draft.

    Answers at once: the file is checked without parsing, stored under a random name, and reading it is left to
    a worker. A form sent twice (double click, lost answer) gives the draft it made the first time.

    Raises :class:`NotAccepted` with a sentence for the student; then nothing is stored.
    """
    now = now or timezone.now()
    key = submission_key or uuid.uuid4()
    if actor != student or not Assignment.objects.submittable_by(student).filter(pk=assignment.pk).exists():
        raise NotAccepted(_("You cannot hand in drafts for this assignment."), code="not_allowed")
    again = Draft.objects.filter(assignment=assignment, student=student, submission_key=key).first()
    if again is not None:
        return Receipt(again, created=False)
    room = room_for(assignment=assignment, student=student, now=now)
    if not room.open:
        raise NotAccepted(room.refusal, code=room.refusal_code)

    try:
        incoming = examine(
            upload=upload,
            text=text,
            declared_type=declared_type,
            assignment=assignment,
            limits=limits_for(assignment),
        )
    except NotAccepted:
        audit.record(actor=actor, code="draft.refused", obj=assignment, course_id=assignment.course_id)
        raise

    storage = storages["drafts"]
    stored = storage.save(f"{now:%Y/%m}/{uuid.uuid4().hex}", incoming.file)
    try:
        receipt = _make_draft(
            assignment=assignment, student=student, actor=actor, key=key, incoming=incoming, stored=stored, now=now
        )
    except BaseException:
        # Whatever happened, the row is not there: neither may the file be.
        storage.delete(stored)
        raise
    if not receipt.created:
        storage.delete(stored)
    return receipt


def _make_draft(
    *,
    assignment: Assignment,
    student: User,
    actor: User,
    key: uuid.UUID,
    incoming: Incoming,
    stored: str,
    now: datetime,
) -> Receipt:
    try:
        with transaction.atomic():
            # One hand-in of one student at a time: the limit is checked under this lock. (SQLite's IMMEDIATE
            # transactions have one writer anyway.)
            Enrolment.objects.select_for_update().get(course_id=assignment.course_id, student=student)
            again = Draft.objects.filter(assignment=assignment, student=student, submission_key=key).first()
            if again is not None:
                return Receipt(again, created=False)
            current = Assignment.objects.get(pk=assignment.pk)
            room = room_for(assignment=current, student=student, now=now)
            if not room.open:
                raise NotAccepted(room.refusal, code=room.refusal_code)
            facts: dict[str, Any] = {
                "source": incoming.source,
                "original_name": incoming.name[:255],
                "media_format": incoming.media_format,
                "size_bytes": incoming.size,
                "sha256": incoming.sha256,
                "submission_key": key,
                "submitted_at": now,
                "content_due_at": due_after_intake(current, now),
                "content_removed_at": None,
            }
            draft = Draft.objects.filter(assignment=assignment, student=student, number=room.next_number).first()
            old_file = ""
            if draft is None:
                draft = Draft.objects.create(assignment=current, student=student, number=room.next_number, **facts)
                DraftContent.objects.create(draft=draft, stored_name=stored)
            else:  # takes the place of a file that could not be read
                old_file = DraftContent.objects.filter(draft=draft).values_list("stored_name", flat=True).first() or ""
                draft.move(Draft.Status.RECEIVED, failure="", attempts=0, not_read=[], hidden_count=0, **facts)
                DraftContent.objects.update_or_create(
                    draft=draft, defaults={"stored_name": stored, "text": "", "structure": {}}
                )
            audit.record(
                actor=actor,
                code="draft.submitted",
                obj=draft,
                course_id=current.course_id,
                counts={"number": draft.number, "bytes": incoming.size},
            )
            transaction.on_commit(lambda: _after_intake(draft.pk, old_file))
            return Receipt(draft, created=True)
    except IntegrityError:
        # Two answers to one form raced past each other; the other one is the draft.
        again = Draft.objects.filter(assignment=assignment, student=student, submission_key=key).first()
        if again is None:
            raise
        return Receipt(again, created=False)


def _after_intake(draft_id: int, old_file: str) -> None:
    from submissions.tasks import extract

    if old_file:
        storages["drafts"].delete(old_file)
    enqueue(extract, draft_id)


def confirm_text(*, draft: Draft, actor: User) -> None:
    """The student says that what was read is what was written: CHECKING -> READY."""
    if actor != draft.student:
        raise NotAccepted(_("Only the author can confirm the text."), code="not_allowed")
    with transaction.atomic():
        draft.move(Draft.Status.READY, ready_at=timezone.now())
        audit.record(actor=actor, code="draft.text_confirmed", obj=draft, course_id=draft.assignment.course_id)
        transaction.on_commit(lambda: announce_ready(draft.pk))


def withdraw_draft(*, draft: Draft, actor: User) -> None:
    """Take a draft back before feedback was released for it. Its number stays used up."""
    if actor != draft.student:
        raise NotAccepted(_("Only the author can take a draft back."), code="not_allowed")
    with transaction.atomic():
        # A look at the floor above by name only: what was released cannot be unread.
        if Draft.objects.filter(pk=draft.pk, feedback__status="released").exists():
            raise NotAccepted(_("Feedback on this draft has been released, so it stays."), code="too_late")
        try:
            draft.move(Draft.Status.WITHDRAWN)
        except TransitionError as error:
            raise NotAccepted(str(error), code="too_late") from None
        audit.record(actor=actor, code="draft.withdrawn", obj=draft, course_id=draft.assignment.course_id)


def announce_ready(draft_id: int) -> None:
    """Tell the floor above that a draft's text is there."""
    from submissions.signals import draft_ready

    draft_ready.send(sender=Draft, draft_id=draft_id)
