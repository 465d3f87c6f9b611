"""Assignments: made, changed, opened to students."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.catalogue import change_lifecycle, lock_course
from courses.models import Assignment, Course, Rubric
from feedforward.errors import DomainError

# What students may hand in, by file name extension; an assignment's empty list means all of them.
FORMATS: Mapping[str, str] = {
    "docx": "Word (.docx)",
    "pdf": "PDF",
    "odt": "OpenDocument (.odt)",
    "rtf": "Rich text (.rtf)",
    "txt": "Plain text (.txt)",
    "md": "Markdown (.md)",
}


class AssignmentFields(TypedDict, total=False):
    """What may be set on an assignment; times are aware, ``None`` means no limit."""

    title: str
    instructions: str
    rubric: Rubric | None
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    max_drafts: int
    hours_between: int
    max_files: int
    min_words: int | None
    max_words: int | None
    asked_sections: list[str]
    key_terms: list[str]
    formats: list[str]
    feedback_language: str
    custom_instructions: str
    aggregation: str
    adaptive_runs: bool
    model_wording: bool
    levels_shown: str
    practice: bool
    blind_review: bool
    confirm_text: bool
    retention_days: int | None


class AssignmentInvalid(DomainError):
    """The assignment cannot be saved; ``errors`` holds the sentences by field."""

    code = "assignment_invalid"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = {field: list(sentences) for field, sentences in errors.items()}
        self.field = next(iter(self.errors), None)


class AssignmentReadOnly(DomainError):
    """The assignment is archived or deleted and takes no changes."""

    code = "assignment_read_only"


class NotReadyToPublish(DomainError):
    """Something is missing before students can work on the assignment."""

    code = "not_ready_to_publish"


def create_assignment(
    *, course: Course, actor: User, public_id: UUID | None = None, **fields: Unpack[AssignmentFields]
) -> Assignment:
    """Make an assignment in state draft; a title and a rubric are enough. Raises :class:`AssignmentInvalid`."""
    assignment = Assignment(course=course, public_id=public_id or uuid4())
    _fill(assignment, fields)
    with transaction.atomic():
        lock_course(course)
        assignment.save()
        audit.record(actor=actor, code="assignment.created", obj=assignment, course_id=course.pk)
    return assignment


def update_assignment(*, assignment: Assignment, actor: User, **fields: Unpack[AssignmentFields]) -> Assignment:
    """Change any field; the audit event names those that really changed. Raises :class:`AssignmentInvalid`."""
    with transaction.atomic():
        lock_course(assignment.course)
        current = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
        if current.is_read_only:
            raise AssignmentReadOnly(
                _("The assignment “%(title)s” is archived, so it cannot be changed.") % {"title": current.title}
            )
        before = {name: getattr(current, name) for name in fields}
        _fill(current, fields)
        changed = [name for name in fields if getattr(current, name) != before[name]]
        if changed:
            current.save(update_fields=changed)
            audit.record(
                actor=actor,
                code="assignment.changed",
                obj=current,
                course_id=current.course_id,
                fields=changed,
            )
    for name in fields:
        setattr(assignment, name, getattr(current, name))
    return assignment


def _fill(assignment: Assignment, fields: AssignmentFields) -> None:
    """Set ``fields`` on the object and refuse what does not fit together."""
    unknown = set(fields) - set(AssignmentFields.__annotations__)
    if unknown:
        raise TypeError(f"not fields of an assignment: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(assignment, name, value)
    errors: dict[str, list[str]] = {}
    try:
        assignment.full_clean(
            exclude=["course", "rubric", "formats"], validate_unique=False, validate_constraints=False
        )
    except ValidationError as error:
        errors = {field: list(sentences) for field, sentences in error.message_dict.items()}
    for field, sentence in _contradictions(assignment):
        errors.setdefault(field, []).append(sentence)
    if errors:
        raise AssignmentInvalid(errors)


def _contradictions(assignment: Assignment) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    opens, due, closes = assignment.opens_at, assignment.due_at, assignment.closes_at
    if opens and due and due <= opens:
        found.append(("due_at", _("Due before it opens.")))
    if opens and closes and closes <= opens:
        found.append(("closes_at", _("Closes before it opens.")))
    if due and closes and closes < due:
        found.append(("closes_at", _("Closes before it is due.")))
    if assignment.min_words and assignment.max_words and assignment.min_words > assignment.max_words:
        found.append(("max_words", _("The most words are fewer than the fewest.")))
    if assignment.max_words == 0:
        found.append(("max_words", _("Leave it empty for no limit.")))
    unknown = [name for name in assignment.formats if name not in FORMATS]
    if unknown:
        found.append(("formats", _("Unknown format: %(names)s.") % {"names": ", ".join(map(str, unknown))}))
    rubric = assignment.rubric
    if rubric is not None and rubric.course_id != assignment.course_id:
        found.append(("rubric", _("This rubric belongs to another course.")))
    return found


def publish(*, assignment: Assignment, actor: User, now: datetime | None = None) -> Assignment:
    """Open the assignment to the students of its course (draft or inactive -> active).

    Raises :class:`NotReadyToPublish` without a rubric or when it would close in the past, and
    :class:`courses.catalogue.LifecycleRefused` when it is already open or archived.
    """
    now = now or timezone.now()
    with transaction.atomic():
        current = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
        require_ready(current, now=now)
        change_lifecycle(obj=current, action="activate", actor=actor)
    return current


def require_ready(assignment: Assignment, *, now: datetime) -> None:
    """Raise :class:`NotReadyToPublish`, with the field to change, while students could not work with the assignment."""
    if assignment.rubric is None or not assignment.rubric.criteria.exists():
        raise NotReadyToPublish(_("Choose a rubric first: drafts are read against it."), field="rubric")
    if assignment.closes_at and assignment.closes_at <= now:
        raise NotReadyToPublish(
            _("It closes in the past, so nobody could hand in. Change the closing date first."), field="closes_at"
        )


def change_assignment(*, assignment: Assignment, action: str, actor: User) -> Assignment:
    """Do one step of the assignment's life; activating checks what :func:`publish` checks."""
    if action == "activate":
        return publish(assignment=assignment, actor=actor)
    change_lifecycle(obj=assignment, action=action, actor=actor)
    return assignment
