"""Inviting people to a course: who may be invited when, on top of the invitations themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.invitations import LIFETIME, invite
from accounts.models import Invitation, User
from courses.models import Course, CourseStaff, Enrolment
from feedforward.errors import DomainError

# A form sent twice by a nervous finger sends one mail.
AGAIN_AFTER = timedelta(seconds=60)
COURSE_ROLES = frozenset({Invitation.Role.STUDENT, Invitation.Role.ASSISTANT, Invitation.Role.CO_INSTRUCTOR})


class InvitingRefused(DomainError):
    """Nobody, or not this person, can be invited to the course."""

    code = "inviting_refused"


def refuse_if_closed(course: Course) -> None:
    """Raise :class:`InvitingRefused` unless the course is being prepared or active."""
    status = Course.objects.values_list("status", flat=True).get(pk=course.pk)
    if status not in {Course.Status.DRAFT, Course.Status.ACTIVE}:
        raise InvitingRefused(_("Nobody can be invited while the course is inactive or archived."))


def invite_to_course(
    *, course: Course, email: str, role: str, actor: User, name: str = "", now: datetime | None = None
) -> Invitation:
    """Invite an address to the course as student, assistant or co-instructor.

    Raises :class:`InvitingRefused` for people who are in the course already, and what
    :func:`accounts.invitations.invite` raises.
    """
    now = now or timezone.now()
    if role not in COURSE_ROLES:
        raise InvitingRefused(_("Nobody is invited to a course in this role."), field="role")
    refuse_if_closed(course)
    email = email.strip().lower()
    member = CourseStaff.objects.filter(course=course, user__email=email).values_list("role", flat=True).first()
    is_student = Enrolment.objects.filter(course=course, student__email=email, status=Enrolment.Status.ACTIVE).exists()
    if role == Invitation.Role.STUDENT and is_student:
        raise InvitingRefused(_("%(email)s takes this course already.") % {"email": email}, field="email")
    if role == Invitation.Role.STUDENT and member:
        raise InvitingRefused(_("%(email)s teaches this course.") % {"email": email}, field="email")
    if role != Invitation.Role.STUDENT and is_student:
        raise InvitingRefused(
            _("%(email)s is a student of this course. Take them off the roster first.") % {"email": email},
            field="email",
        )
    if member in {role, CourseStaff.Role.OWNER}:
        raise InvitingRefused(_("%(email)s has this role already.") % {"email": email}, field="email")
    just_sent = Invitation.objects.filter(
        course=course,
        email=email,
        role=role,
        status=Invitation.Status.OPEN,
        expires_at__gt=now + LIFETIME - AGAIN_AFTER,
    ).first()
    if just_sent is not None:
        return just_sent
    return invite(email=email, name=name, role=role, course=course, actor=actor, now=now)
