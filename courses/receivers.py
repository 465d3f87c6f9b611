"""What an accepted invitation means for the course it names."""

from __future__ import annotations

from typing import Any

from accounts.models import Invitation, User
from courses.roster import enrol
from courses.staffing import add_staff


def take_invited_person(sender: Any, *, invitation: Invitation, user: User, **kwargs: Any) -> None:
    """Enrol the invited student or add the invited member of staff, in the transaction of the acceptance.

    A refusal (:class:`feedforward.errors.DomainError`) undoes the acceptance: the invitation stays open and the
    page says why.
    """
    course = invitation.course
    if course is None:
        return
    if invitation.role == Invitation.Role.STUDENT:
        enrol(course=course, student=user, actor=user)
    elif invitation.role in {Invitation.Role.ASSISTANT, Invitation.Role.CO_INSTRUCTOR}:
        add_staff(course=course, user=user, role=invitation.role, actor=user)
