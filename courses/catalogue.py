"""Courses: made, changed, moved through their life, copied for the next term."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Assignment, Course, CourseStaff, Criterion, Level, Rubric
from feedforward.errors import DomainError
from feedforward.lifecycle import LifecycleModel
from feedforward.transitions import TransitionError

# Without the letters and digits that are mistaken for each other on a projector.
JOIN_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
JOIN_CODE_LENGTH = 8

COURSE_FIELDS = ("title", "code", "term", "description", "assistants_may_release", "time_zone")


class CourseReadOnly(DomainError):
    """The course is archived or deleted and takes no changes."""

    code = "course_read_only"


class CourseInvalid(DomainError):
    """A value of the course cannot be taken; ``field`` says which."""

    code = "course_invalid"


class LifecycleRefused(DomainError):
    """The step is not possible from the state the object is in now."""

    code = "lifecycle_refused"


def lock_course(course: Course) -> Course:
    """Return the course as it is now, locked until the transaction ends.

    Raises :class:`CourseReadOnly` when it is archived or deleted. Call inside ``atomic()``: it is what keeps a
    change from slipping in while somebody archives the course.
    """
    locked = Course.objects.select_for_update(no_key=True).get(pk=course.pk)
    if locked.is_read_only:
        raise CourseReadOnly(
            _("The course “%(title)s” is archived, so nothing in it can be changed.") % {"title": locked.title}
        )
    return locked


def create_course(
    *,
    title: str,
    actor: User,
    code: str = "",
    term: str = "",
    description: str = "",
    instructor: User | None = None,
    time_zone: str = "",
    assistants_may_release: bool = False,
    public_id: UUID | None = None,
) -> Course:
    """Make a course in state draft; ``instructor`` (default: ``actor``) becomes its owner.

    ``public_id`` is the id the new row gets: a form that carries it makes one course however often it is sent.
    """
    owner = instructor or actor
    if not (owner.is_instructor and owner.is_active):
        raise CourseInvalid(
            _("%(name)s is not an instructor, so the course cannot be theirs.") % {"name": owner.display_name},
            field="instructor",
        )
    course = Course(
        title=_required_title(title),
        code=code.strip(),
        term=term.strip(),
        description=description.strip(),
        instructor=owner,
        time_zone=time_zone,
        assistants_may_release=assistants_may_release,
        public_id=public_id or uuid4(),
    )
    with transaction.atomic():
        course.save()
        CourseStaff.objects.create(course=course, user=owner, role=CourseStaff.Role.OWNER)
        audit.record(actor=actor, code="course.created", obj=course, course_id=course.pk)
    return course


def update_course(*, course: Course, actor: User, **changes: object) -> Course:
    """Change any of ``COURSE_FIELDS``; names of what really changed go into the audit event."""
    unknown = set(changes) - set(COURSE_FIELDS)
    if unknown:
        raise TypeError(f"not fields of a course: {sorted(unknown)}")
    if "title" in changes:
        changes["title"] = _required_title(str(changes["title"]))
    with transaction.atomic():
        locked = lock_course(course)
        changed = [name for name, value in changes.items() if getattr(locked, name) != value]
        if changed:
            Course.objects.filter(pk=course.pk).update(**{name: changes[name] for name in changed})
            audit.record(actor=actor, code="course.changed", obj=course, course_id=course.pk, fields=changed)
    for name, value in changes.items():
        setattr(course, name, value)
    return course


def _required_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise CourseInvalid(_("Give the course a title."), field="title")
    return title


# --- life -----------------------------------------------------------------------------------------------

# What each button does to an object with the common lifecycle; bringing back from the archive is
# deactivating: the object is readable and writable again, but nobody submits until it is activated.
STEPS: Mapping[str, Callable[[LifecycleModel], None]] = {
    "activate": lambda obj: obj.activate(),
    "deactivate": lambda obj: obj.deactivate(),
    "archive": lambda obj: obj.archive(),
    "restore": lambda obj: obj.deactivate(),
    "delete": lambda obj: obj.soft_delete(),
}


def possible_actions(status: str) -> list[str]:
    """Return the steps possible from ``status``, in the order in which a life goes on."""
    targets = LifecycleModel.TRANSITIONS
    state = LifecycleModel.Status
    steps = {
        "activate": status in targets[state.ACTIVE],
        "deactivate": status == state.ACTIVE,
        "restore": status == state.ARCHIVED,
        "archive": status in targets[state.ARCHIVED],
        "delete": status in targets[state.DELETED],
    }
    return [name for name, possible in steps.items() if possible]


def change_lifecycle(*, obj: LifecycleModel, action: str, actor: User) -> LifecycleModel:
    """Do one step of the common lifecycle: activate, deactivate, archive, restore, delete.

    Raises :class:`LifecycleRefused` when the step is unknown or not possible from the present state, and
    :class:`CourseReadOnly` for an assignment whose course is archived (deleting stays possible).
    """
    step = STEPS.get(action)
    if step is None:
        raise LifecycleRefused(_("There is no such step."))
    course_id = obj.pk if isinstance(obj, Course) else getattr(obj, "course_id", None)
    try:
        with transaction.atomic():
            if isinstance(obj, Assignment) and action != "delete":
                lock_course(obj.course)
            if action not in possible_actions(
                type(obj)._default_manager.values_list("status", flat=True).get(pk=obj.pk)
            ):
                raise TransitionError(obj.refusal(obj.status, action))
            step(obj)
            audit.record(
                actor=actor,
                code=f"{obj._meta.model_name}.{AUDIT_WORDS[action]}",
                obj=obj,
                course_id=course_id,
            )
    except TransitionError as error:
        raise LifecycleRefused(str(error)) from None
    return obj


AUDIT_WORDS = {
    "activate": "activated",
    "deactivate": "deactivated",
    "archive": "archived",
    "restore": "restored",
    "delete": "deleted",
}


# --- joining by code --------------------------------------------------------------------------------------


def set_join_code(
    *, course: Course, on: bool, actor: User, until: datetime | None = None, places: int | None = None
) -> str:
    """Give the course a fresh join code, or take it away; returns the code ("" when off).

    The code opens the course before ``until`` (None: for good) while fewer than ``places`` students take it (None:
    any number). Whoever is invited by name is not held to either.

    Switching on again always gives another code: a code that went round once is spent.
    """
    for _attempt in range(5):
        code = "".join(secrets.choice(JOIN_ALPHABET) for _letter in range(JOIN_CODE_LENGTH)) if on else ""
        try:
            with transaction.atomic():
                locked = lock_course(course)
                if not on and not locked.join_code:
                    return ""
                values = {"join_code": code, "join_until": until if on else None, "join_places": places if on else None}
                Course.objects.filter(pk=course.pk).update(**values)
                audit.record(
                    actor=actor,
                    code="course.join_code_on" if on else "course.join_code_off",
                    obj=course,
                    course_id=course.pk,
                )
        except IntegrityError:
            continue  # 31**8 codes: another course already has this one
        for name, value in values.items():
            setattr(course, name, value)
        return code
    raise RuntimeError("no free join code found")


# --- copying ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CourseCopy:
    """A copied course and, for whatever hangs on assignments above this floor, (old id, new id) of each."""

    course: Course
    assignment_ids: tuple[tuple[int, int], ...]


def copy_course(
    *,
    course: Course,
    title: str,
    actor: User,
    code: str = "",
    term: str = "",
    instructor: User | None = None,
    public_id: UUID | None = None,
) -> CourseCopy:
    """Copy description, rubrics and assignments into a new draft course owned by ``instructor`` or ``actor``.

    Left behind: people, dates, drafts, feedback, the join code. Archived assignments come along as drafts,
    deleted ones do not.
    """
    with transaction.atomic():
        copy = create_course(
            title=title,
            code=code,
            term=term,
            description=course.description,
            time_zone=course.time_zone,
            assistants_may_release=course.assistants_may_release,
            instructor=instructor,
            actor=actor,
            public_id=public_id,
        )
        rubric_ids: dict[int, int] = {}
        for rubric in Rubric.objects.filter(course=course).order_by("pk").prefetch_related("criteria__levels"):
            rubric_ids[rubric.pk] = copy_rubric(rubric, course=copy).pk
        pairs = []
        for assignment in Assignment.objects.alive().filter(course=course).order_by("pk"):
            old_id = assignment.pk
            twin = Assignment(course=copy, rubric_id=rubric_ids.get(assignment.rubric_id or 0))
            for name in COPIED_ASSIGNMENT_FIELDS:
                setattr(twin, name, getattr(assignment, name))
            twin.save()
            pairs.append((old_id, twin.pk))
        audit.record(
            actor=actor,
            code="course.copied",
            obj=copy,
            course_id=copy.pk,
            counts={"rubrics": len(rubric_ids), "assignments": len(pairs), "from": course.pk},
        )
    return CourseCopy(course=copy, assignment_ids=tuple(pairs))


COPIED_ASSIGNMENT_FIELDS = (
    "title",
    "instructions",
    "max_drafts",
    "hours_between",
    "max_files",
    "min_words",
    "max_words",
    "asked_sections",
    "key_terms",
    "formats",
    "feedback_language",
    "custom_instructions",
    "aggregation",
    "adaptive_runs",
    "model_wording",
    "levels_shown",
    "practice",
    "blind_review",
    "confirm_text",
    "retention_days",
)


def copy_rubric(rubric: Rubric, *, course: Course) -> Rubric:
    """Return a copy of ``rubric`` (with its criteria and levels) in ``course``; call inside ``atomic()``."""
    copy = Rubric.objects.create(
        course=course, title=rubric.title, pass_position=rubric.pass_position, keys_given=rubric.keys_given
    )
    for criterion in rubric.criteria.all():
        twin = Criterion.objects.create(
            rubric=copy,
            key=criterion.key,
            position=criterion.position,
            title=criterion.title,
            description=criterion.description,
            weight=criterion.weight,
            higher_order=criterion.higher_order,
            language_matters=criterion.language_matters,
        )
        Level.objects.bulk_create(
            Level(
                criterion=twin,
                position=level.position,
                label=level.label,
                descriptor=level.descriptor,
                points=level.points,
            )
            for level in criterion.levels.all()
        )
    return copy
