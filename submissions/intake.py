"""Handing in: one short transaction makes the numbered draft; no parser ever runs in a web process.

A file reaches the storage first, under a row that belongs to no draft; the transaction gives it its draft. Whatever ends the
process in between, the row finds the file again (submissions/files.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Assignment, Course, Enrolment
from feedforward.dispatch import enqueue
from feedforward.storage import StorageUnavailable
from feedforward.transitions import TransitionError
from submissions.examining import Incoming, NotAccepted, digest_of, examine
from submissions.files import discard, store
from submissions.models import Draft, DraftContent, DraftFile
from submissions.refusals import AnotherMeanwhile, SameFile
from submissions.retention import due_after_intake
from submissions.room import Room, closed_words, limits_for, room_for


@dataclass(frozen=True)
class Receipt:
    """What handing in gave: the draft, and whether this call made it (False: it had been handed in before)."""

    draft: Draft
    created: bool


def submit_draft(
    *,
    assignment: Assignment,
    student: User,
    actor: User,
    uploads: Sequence[File] = (),
    text: str = "",
    rich: str = "",
    submission_key: uuid.UUID | None = None,
    ask_about_same: bool = False,
    shown_number: int | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Take in files or pasted text as the student's next draft; ``rich`` is the HTML the text was pasted from, if any.

    Answers at once: files are checked without parsing, stored under random names, and reading them is left to
    a worker. A form sent twice (double click, lost answer) gives the draft it made the first time. ``shown_number`` is the
    number the student was told this would have (None: was not told any).

    Raises :class:`NotAccepted` with a sentence for the student (:class:`SameFile` with ``ask_about_same``,
    :class:`AnotherMeanwhile` where the next number is above ``shown_number``); then nothing is stored.
    """
    now = now or timezone.now()
    key = submission_key or uuid.uuid4()
    _require_may_submit(assignment, student, actor)
    again = _made_by(key, assignment, student)
    if again is not None:
        return Receipt(again, created=False)
    room = room_for(assignment=assignment, student=student, now=now)
    if not room.open:
        raise NotAccepted(room.refusal, code=room.refusal_code)
    _require_number(room, shown_number)
    incoming = _examined(assignment, actor, uploads, text, rich)
    if ask_about_same:
        _ask_about_same(assignment, student, incoming, apart_from=DraftFile.objects.none())
    rows = _stored(incoming, now)
    try:
        receipt = _make_draft(
            assignment=assignment,
            student=student,
            key=key,
            shown_number=shown_number,
            incoming=incoming,
            rows=rows,
            now=now,
        )
    except BaseException:
        discard(rows)  # whatever happened, the draft is not there: neither may its files be
        raise
    if not receipt.created:
        discard(rows)
    return receipt


def replace_files(
    *,
    draft: Draft,
    actor: User,
    uploads: Sequence[File] = (),
    text: str = "",
    rich: str = "",
    position: int | None = None,
    form_key: uuid.UUID | None = None,
    ask_about_same: bool = False,
    now: datetime | None = None,
) -> Receipt:
    """Put other files, or pasted text, in the place of what could not be read or was read wrongly. The draft keeps its number.

    ``position`` names the one file to replace; without it all of them go. Possible while the draft failed or is being checked
    and the assignment is open. Raises :class:`NotAccepted`; then the draft is as it was.
    """
    now = now or timezone.now()
    key = form_key or uuid.uuid4()
    assignment = draft.assignment
    _require_may_submit(assignment, draft.student, actor)
    if _made_by(key, assignment, draft.student) is not None:
        return Receipt(draft, created=False)
    _require_replaceable(draft, now)
    incoming = _examined(assignment, actor, uploads, text, rich)
    if ask_about_same:
        # Leaving some of the draft's own files out is a way to replace it; one that could not be read stays a slip.
        own = draft.files.filter(failure="") if position is None else DraftFile.objects.none()
        _ask_about_same(assignment, draft.student, incoming, apart_from=own)
    rows = _stored(incoming, now)
    try:
        with transaction.atomic():
            _lock(assignment, draft.student)
            if _made_by(key, assignment, draft.student) is not None:
                created = False
            else:
                draft.refresh_from_db()
                _require_replaceable(draft, now)
                _put(draft, incoming, rows, key=key, now=now, position=position)
                created = True
    except BaseException:
        discard(rows)
        raise
    if not created:
        discard(rows)
    return Receipt(draft, created=created)


def replaceable(draft: Draft, now: datetime) -> bool:
    """Whether other files may take the place of the draft's."""
    return (
        draft.status in (Draft.Status.FAILED, Draft.Status.CHECKING)
        and draft.content_removed_at is None
        and draft.assignment.phase(now) == "open"
    )


def _require_replaceable(draft: Draft, now: datetime) -> None:
    if replaceable(draft, now):
        return
    refusal, code = closed_words(draft.assignment, now)
    raise NotAccepted(
        refusal or _("This draft can no longer be changed. Its page shows where it is now."), code=code or "too_late"
    )


def _require_may_submit(assignment: Assignment, student: User, actor: User) -> None:
    if actor != student or not Assignment.objects.submittable_by(student).filter(pk=assignment.pk).exists():
        raise NotAccepted(_("You cannot hand in drafts for this assignment."), code="not_allowed")


def _require_number(room: Room, shown: int | None) -> None:
    """Refuse to use up a draft the student was not asked about. A lower number, after one that failed, costs nothing."""
    if shown is not None and room.next_number > shown:
        raise AnotherMeanwhile(room.next_number)


def _made_by(key: uuid.UUID, assignment: Assignment, student: User) -> Draft | None:
    """Return the draft that the form with this key made or changed."""
    by_form = Q(submission_key=key) | Q(content__files__form_key=key)
    return Draft.objects.filter(by_form, assignment=assignment, student=student).first()


def _lock(assignment: Assignment, student: User) -> None:
    """One hand-in of one student at a time. (SQLite's IMMEDIATE transactions have one writer anyway.)"""
    Enrolment.objects.select_for_update().get(course_id=assignment.course_id, student=student)


def _examined(assignment: Assignment, actor: User, uploads: Sequence[File], text: str, rich: str) -> list[Incoming]:
    try:
        return examine(assignment=assignment, uploads=uploads, text=text, rich=rich, limits=limits_for(assignment))
    except NotAccepted:
        audit.record(actor=actor, code="draft.refused", obj=assignment, course_id=assignment.course_id)
        raise


def _ask_about_same(
    assignment: Assignment, student: User, incoming: list[Incoming], *, apart_from: QuerySet[DraftFile]
) -> None:
    """Raise :class:`SameFile` when nothing of it is new: every file was in an earlier draft, or one is there twice.

    Looks at the student's own drafts only.
    """
    field = "text" if incoming[0].source == Draft.Source.PASTE else "file"
    digests = {item.sha256 for item in incoming}
    if len(digests) < len(incoming):
        raise SameFile(None, field=field)
    known = DraftFile.objects.filter(
        content__draft__assignment=assignment, content__draft__student=student, sha256__in=digests
    ).exclude(Q(content__draft__status=Draft.Status.WITHDRAWN) | Q(pk__in=apart_from.values("pk")))
    numbers = dict(known.order_by("-content__draft__number").values_list("sha256", "content__draft__number"))
    if len(numbers) == len(digests):
        raise SameFile(min(numbers.values()), field=field)


def _stored(incoming: list[Incoming], now: datetime) -> list[DraftFile]:
    rows: list[DraftFile] = []
    try:
        for item in incoming:
            rows.append(store(item.file, now=now))
    except StorageUnavailable:
        discard(rows)
        raise NotAccepted(
            _("Files cannot be stored here at the moment. Nothing was handed in; please try again in a few minutes."),
            code="storage_down",
        ) from None
    except BaseException:
        discard(rows)
        raise
    return rows


def _make_draft(
    *,
    assignment: Assignment,
    student: User,
    key: uuid.UUID,
    shown_number: int | None,
    incoming: list[Incoming],
    rows: list[DraftFile],
    now: datetime,
) -> Receipt:
    try:
        with transaction.atomic():
            _lock(assignment, student)
            again = _made_by(key, assignment, student)
            if again is not None:
                return Receipt(again, created=False)
            current = Assignment.objects.get(pk=assignment.pk)
            room = room_for(assignment=current, student=student, now=now)
            if not room.open:
                raise NotAccepted(room.refusal, code=room.refusal_code)
            _require_number(room, shown_number)
            draft = Draft.objects.filter(assignment=assignment, student=student, number=room.next_number).first()
            if draft is None:
                draft = Draft.objects.create(
                    assignment=current, student=student, number=room.next_number, submission_key=key, submitted_at=now
                )
            _put(draft, incoming, rows, key=key, now=now)
            return Receipt(draft, created=True)
    except IntegrityError:
        # Two answers to one form raced past each other; the other one is the draft.
        again = _made_by(key, assignment, student)
        if again is None:
            raise
        return Receipt(again, created=False)


def _put(
    draft: Draft,
    incoming: list[Incoming],
    rows: list[DraftFile],
    *,
    key: uuid.UUID,
    now: datetime,
    position: int | None = None,
) -> None:
    """Make the files the draft's own and have it read (anew); call inside ``atomic()``, under the student's lock."""
    new = draft.status == Draft.Status.RECEIVED
    content, _made = DraftContent.objects.get_or_create(draft=draft)
    old = list(content.files.all())
    if position is not None and old:
        if (
            len(incoming) != 1
            or incoming[0].source != Draft.Source.FILE
            or position not in {row.position for row in old}
        ):
            raise NotAccepted(_("Choose the one file that takes the place of the other."), code="form", field="file")
        leaving = [row for row in old if row.position == position]
    else:
        leaving, position = old, None
    # Let go first: two files cannot have one place. From here on the sweeper finds them, whatever happens.
    DraftFile.objects.filter(pk__in=[row.pk for row in leaving]).update(content=None, created_at=now)
    for place, (item, row) in enumerate(zip(incoming, rows, strict=True), start=position or 1):
        taken = DraftFile.objects.filter(pk=row.pk, content__isnull=True).update(
            content=content,
            position=place,
            original_name=item.name[:255],
            media_format=item.media_format,
            size_bytes=item.size,
            sha256=item.sha256,
            form_key=None if new else key,
        )
        if not taken:
            raise NotAccepted(_("The upload took too long. Please send it again."), code="too_slow")
    files = list(content.files.order_by("position"))
    size = sum(row.size_bytes for row in files)
    if size > limits_for(draft.assignment).max_bytes:
        raise NotAccepted(_("Together these files are too large for one draft."), code="TOO_BIG", field="file")
    DraftFile.objects.filter(content=content).update(failure="")
    facts: dict[str, Any] = {
        "source": incoming[0].source,
        "original_name": ", ".join(row.original_name for row in files)[:255],
        "media_format": files[0].media_format,
        "size_bytes": size,
        "sha256": digest_of([row.sha256 for row in files]),
        "submitted_at": now,
        "content_due_at": due_after_intake(draft.assignment, now),
        "content_removed_at": None,
    }
    if new:
        Draft.objects.filter(pk=draft.pk).update(**facts)
        draft.refresh_from_db()
    else:
        DraftContent.objects.filter(pk=content.pk).update(text="", structure={})
        try:
            draft.move(
                Draft.Status.RECEIVED,
                failure="",
                attempts=0,
                not_read=[],
                hidden_count=0,
                words=None,
                pages=None,
                **facts,
            )
        except TransitionError as error:
            raise NotAccepted(str(error), code="too_late") from None
    audit.record(
        actor=draft.student,
        code="draft.submitted" if new else "draft.replaced",
        obj=draft,
        course_id=draft.assignment.course_id,
        counts={"number": draft.number, "bytes": size, "files": len(files)},
    )
    transaction.on_commit(lambda: _after_intake(draft.pk, leaving))


def _after_intake(draft_id: int, leaving: list[DraftFile]) -> None:
    from submissions.tasks import extract

    discard(leaving)
    enqueue(extract, draft_id)


def _require_not_over(draft: Draft) -> None:
    """Raise :class:`NotAccepted` where nothing changes any more: the course is archived or deleted, or the author left it."""
    over = [Course.Status.ARCHIVED, Course.Status.DELETED]
    place = Enrolment.objects.filter(
        course_id=draft.assignment.course_id, student_id=draft.student_id, status=Enrolment.Status.ACTIVE
    )
    if draft.assignment.deleted_at is not None or not place.exclude(course__status__in=over).exists():
        raise NotAccepted(_("This is over; the draft can be read but not changed."), code="over")


def confirm_text(*, draft: Draft, actor: User) -> None:
    """The student says that what was read is what was written: CHECKING -> READY. Raises :class:`NotAccepted`."""
    if actor != draft.student:
        raise NotAccepted(_("Only the author can confirm the text."), code="not_allowed")
    with transaction.atomic():
        _require_not_over(draft)
        draft.move(Draft.Status.READY, ready_at=timezone.now())
        audit.record(actor=actor, code="draft.text_confirmed", obj=draft, course_id=draft.assignment.course_id)
        transaction.on_commit(lambda: announce_ready(draft.pk))


def withdraw_draft(*, draft: Draft, actor: User) -> None:
    """Take a draft back before feedback was released for it. Its number stays used up."""
    if actor != draft.student:
        raise NotAccepted(_("Only the author can take a draft back."), code="not_allowed")
    with transaction.atomic():
        _require_not_over(draft)
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
