"""Who teaches a course."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.catalogue import lock_course
from courses.models import Course, CourseStaff, Enrolment
from feedforward.errors import DomainError

ADDABLE = (CourseStaff.Role.CO_INSTRUCTOR, CourseStaff.Role.ASSISTANT)


class StaffRefused(DomainError):
    """This person cannot have (or lose) this role in this course."""

    code = "staff_refused"


def add_staff(*, course: Course, user: User, role: str, actor: User) -> CourseStaff:
    """Put ``user`` on the staff as co-instructor or assistant, or change between the two.

    Raises :class:`StaffRefused` for the owner, for students of the course and for deactivated people.
    """
    if role not in ADDABLE:
        raise StaffRefused(_("Choose co-instructor or teaching assistant."), field="role")
    with transaction.atomic():
        lock_course(course)
        if not user.is_active:
            raise StaffRefused(_("This account is deactivated."))
        if Enrolment.objects.filter(course=course, student=user, status=Enrolment.Status.ACTIVE).exists():
            raise StaffRefused(
                _("%(name)s is a student of this course. Take them off the roster first.") % {"name": user.display_name}
            )
        member, made = CourseStaff.objects.get_or_create(course=course, user=user, defaults={"role": role})
        if member.role == CourseStaff.Role.OWNER:
            raise StaffRefused(_("%(name)s owns this course.") % {"name": user.display_name})
        changed = 0 if made else CourseStaff.objects.filter(pk=member.pk).exclude(role=role).update(role=role)
        grant_role_flag(user, role)
        if made or changed:
            audit.record(
                actor=actor, code="staff.added" if made else "staff.role_changed", obj=member, course_id=course.pk
            )
    member.role = role
    return member


def grant_role_flag(user: User, role: str) -> None:
    """Let the person open the pages the course role needs.

    Being on the staff of one course does not make an instructor, who may found courses: that is for an
    administrator to allow.
    """
    if role == CourseStaff.Role.CO_INSTRUCTOR and user.is_instructor:
        return
    User.objects.filter(pk=user.pk, is_assistant=False).update(is_assistant=True)
    user.is_assistant = True


def remove_staff(*, course: Course, user: User, actor: User) -> None:
    """Take ``user`` off the staff; the owner cannot be taken off, only followed by another owner."""
    with transaction.atomic():
        lock_course(course)
        member = CourseStaff.objects.filter(course=course, user=user).first()
        if member is None:
            raise StaffRefused(_("%(name)s is not on the staff any more.") % {"name": user.display_name})
        if member.role == CourseStaff.Role.OWNER:
            raise StaffRefused(_("A course needs its owner. An administrator can hand it to somebody else."))
        audit.record(actor=actor, code="staff.removed", obj=member, course_id=course.pk)
        member.delete()


def transfer_ownership(*, course: Course, user: User, actor: User) -> None:
    """Make ``user`` the owner; the owner until now stays as co-instructor."""
    with transaction.atomic():
        lock_course(course)
        if not (user.is_active and user.is_instructor):
            raise StaffRefused(_("%(name)s is not an instructor.") % {"name": user.display_name})
        if Enrolment.objects.filter(course=course, student=user, status=Enrolment.Status.ACTIVE).exists():
            raise StaffRefused(_("%(name)s is a student of this course.") % {"name": user.display_name})
        CourseStaff.objects.filter(course=course, role=CourseStaff.Role.OWNER).exclude(user=user).update(
            role=CourseStaff.Role.CO_INSTRUCTOR
        )
        CourseStaff.objects.update_or_create(course=course, user=user, defaults={"role": CourseStaff.Role.OWNER})
        Course.objects.filter(pk=course.pk).update(instructor=user)
        audit.record(actor=actor, code="course.owner_changed", obj=course, course_id=course.pk, fields=["instructor"])
    course.instructor = user
