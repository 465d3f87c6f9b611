"""Who takes a course: coming in, being taken off, leaving, coming back."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.catalogue import lock_course
from courses.models import Course, CourseStaff, Enrolment
from feedforward.errors import DomainError


class EnrolmentRefused(DomainError):
    """This person cannot be a student of this course."""

    code = "enrolment_refused"


class NotEnrolled(DomainError):
    """There is no place in the course to end."""

    code = "not_enrolled"


class JoinRefused(DomainError):
    """The code opens no course; the same words whether it is wrong, switched off or of a course not open."""

    code = "join_refused"


def enrol(*, course: Course, student: User, actor: User, places: int | None = None) -> Enrolment:
    """Give ``student`` a place in the course; a second time changes nothing.

    Somebody who left or was removed gets the old place back, with the same alias. Raises
    :class:`EnrolmentRefused` for course staff and deactivated people, and when ``places`` students are there already.
    """
    with transaction.atomic():
        lock_course(course)
        _check_may_be_student(course, student)
        if places is not None:
            there = Enrolment.objects.filter(course=course, status=Enrolment.Status.ACTIVE)
            if there.count() >= places and not there.filter(student=student).exists():
                raise EnrolmentRefused(_("This course is full. Ask your instructor for a place."), field="code")
        enrolment, made = Enrolment.objects.get_or_create(
            course=course, student=student, defaults={"alias": _free_alias(course)}
        )
        returned = 0
        if not made:
            returned = (
                Enrolment.objects.filter(pk=enrolment.pk)
                .exclude(status=Enrolment.Status.ACTIVE)
                .update(status=Enrolment.Status.ACTIVE, ended_at=None, joined_at=timezone.now())
            )
        User.objects.filter(pk=student.pk, is_student=False).update(is_student=True)
        if made or returned:
            audit.record(actor=actor, code="roster.enrolled", obj=enrolment, course_id=course.pk)
    student.is_student = True
    enrolment.refresh_from_db()
    return enrolment


def _check_may_be_student(course: Course, student: User) -> None:
    if not student.is_active:
        raise EnrolmentRefused(_("This account is deactivated."))
    if CourseStaff.objects.filter(course=course, user=student).exists():
        raise EnrolmentRefused(
            _("%(name)s teaches this course and cannot be its student as well.") % {"name": student.display_name}
        )


def _free_alias(course: Course) -> str:
    """Return a name that says nothing about the person or the order of joining: "Student 4821"."""
    taken = set(Enrolment.objects.filter(course=course).values_list("alias", flat=True))
    digits = 4
    while True:
        for _attempt in range(50):
            number = 10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1))
            alias = _("Student %(number)s") % {"number": number}
            if alias not in taken:
                return alias[:20]
        digits += 1


def remove_student(*, course: Course, student: User, actor: User) -> None:
    """Take ``student`` off the course at once. Drafts and feedback stay; the place can be given back."""
    with transaction.atomic():
        lock_course(course)
        _end_place(course, student, actor, Enrolment.Status.REMOVED, "roster.removed")


def leave(*, course: Course, actor: User) -> None:
    """Give up one's own place; what one handed in and received stays readable for oneself."""
    with transaction.atomic():
        lock_course(course)
        _end_place(course, actor, actor, Enrolment.Status.LEFT, "roster.left")


def _end_place(course: Course, student: User, actor: User, status: Enrolment.Status, code: str) -> None:
    sources = [Enrolment.Status.ACTIVE]
    if status == Enrolment.Status.REMOVED:
        sources.append(Enrolment.Status.LEFT)
    place = Enrolment.objects.filter(course=course, student=student, status__in=sources)
    enrolment = place.first()
    if enrolment is None or not place.update(status=status, ended_at=timezone.now()):
        raise NotEnrolled(_("%(name)s has no place in this course any more.") % {"name": student.display_name})
    audit.record(actor=actor, code=code, obj=enrolment, course_id=course.pk)


def join_by_code(*, code: str, actor: User, now: datetime | None = None) -> Enrolment:
    """Enrol ``actor`` in the active course with this join code. Raises :class:`JoinRefused`, :class:`EnrolmentRefused`.

    Somebody the staff removed does not come back by the code.
    """
    wanted = "".join(code.split()).replace("-", "").upper()
    now = now or timezone.now()
    open_now = Course.objects.active().exclude(join_until__lte=now)
    course = open_now.filter(join_code=wanted).first() if wanted else None
    if course is None:
        raise JoinRefused(_("This code opens no course. Ask your instructor for the present one."), field="code")
    if Enrolment.objects.filter(course=course, student=actor, status=Enrolment.Status.REMOVED).exists():
        raise JoinRefused(_("You were taken off this course. Your instructor can give your place back."), field="code")
    return enrol(course=course, student=actor, actor=actor, places=course.join_places)
