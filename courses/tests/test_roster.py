"""Coming into a course and leaving it; who teaches it; what an invitation means for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, Invitation, User
from accounts.signals import invitation_accepted
from courses.catalogue import CourseReadOnly, change_lifecycle
from courses.models import CourseStaff, Enrolment
from courses.roster import EnrolmentRefused, NotEnrolled, enrol, leave, remove_student
from courses.staffing import StaffRefused, add_staff, remove_staff, transfer_ownership
from courses.tests.cast import Cast, person


def test_enrolling_twice_makes_one_place_and_one_event(cast: Cast) -> None:
    newcomer = person("nina")
    first = enrol(course=cast.course, student=newcomer, actor=cast.bob)
    second = enrol(course=cast.course, student=newcomer, actor=cast.bob)
    assert first.pk == second.pk
    assert User.objects.get(pk=newcomer.pk).is_student
    assert AuditEvent.objects.filter(code="roster.enrolled", object_id=str(first.pk)).count() == 1


def test_a_place_given_back_keeps_its_alias(cast: Cast) -> None:
    alias = Enrolment.objects.get(course=cast.course, student=cast.alice).alias
    remove_student(course=cast.course, student=cast.alice, actor=cast.bob)
    place = Enrolment.objects.get(course=cast.course, student=cast.alice)
    assert place.status == "removed" and place.ended_at
    back = enrol(course=cast.course, student=cast.alice, actor=cast.bob)
    assert (back.pk, back.alias, back.status, back.ended_at) == (place.pk, alias, "active", None)


def test_aliases_differ(cast: Cast) -> None:
    for number in range(30):
        enrol(course=cast.course, student=person(f"s{number}"), actor=cast.bob)
    aliases = list(Enrolment.objects.filter(course=cast.course).values_list("alias", flat=True))
    assert len(set(aliases)) == len(aliases) == 32
    assert all(alias.startswith("Student ") for alias in aliases)


def test_leaving_and_removing_once_only(cast: Cast) -> None:
    leave(course=cast.course, actor=cast.alice)
    with pytest.raises(NotEnrolled):
        leave(course=cast.course, actor=cast.alice)
    remove_student(course=cast.course, student=cast.alice, actor=cast.bob)
    with pytest.raises(NotEnrolled):
        remove_student(course=cast.course, student=cast.alice, actor=cast.bob)
    with pytest.raises(NotEnrolled):
        remove_student(course=cast.course, student=cast.dana, actor=cast.bob)


def test_staff_are_not_students_of_their_course(cast: Cast) -> None:
    with pytest.raises(EnrolmentRefused, match="teaches"):
        enrol(course=cast.course, student=cast.tom, actor=cast.bob)
    with pytest.raises(StaffRefused, match="student"):
        add_staff(course=cast.course, user=cast.alice, role="assistant", actor=cast.bob)


def test_deactivated_people_come_into_no_course(cast: Cast) -> None:
    User.objects.filter(pk=cast.dana.pk).update(is_active=False)
    cast.dana.refresh_from_db()
    with pytest.raises(EnrolmentRefused, match="deactivated"):
        enrol(course=cast.course, student=cast.dana, actor=cast.bob)
    with pytest.raises(StaffRefused, match="deactivated"):
        add_staff(course=cast.course, user=cast.dana, role="assistant", actor=cast.bob)


def test_roles_of_staff(cast: Cast) -> None:
    add_staff(course=cast.course, user=cast.dana, role="assistant", actor=cast.bob)
    assert User.objects.get(pk=cast.dana.pk).is_assistant
    add_staff(course=cast.course, user=cast.dana, role="co_instructor", actor=cast.bob)
    assert not User.objects.get(pk=cast.dana.pk).is_instructor  # founding courses is for administrators to allow
    assert CourseStaff.objects.get(course=cast.course, user=cast.dana).role == "co_instructor"
    for refused in ("owner", "admin", ""):
        with pytest.raises(StaffRefused):
            add_staff(course=cast.course, user=cast.charlie, role=refused, actor=cast.bob)
    with pytest.raises(StaffRefused, match="owner"):
        remove_staff(course=cast.course, user=cast.bob, actor=cast.bob)
    remove_staff(course=cast.course, user=cast.dana, actor=cast.bob)
    with pytest.raises(StaffRefused, match="any more"):
        remove_staff(course=cast.course, user=cast.dana, actor=cast.bob)


def test_handing_a_course_over(cast: Cast) -> None:
    transfer_ownership(course=cast.course, user=cast.charlie, actor=cast.admin)
    roles = dict(CourseStaff.objects.filter(course=cast.course).values_list("user__name", "role"))
    assert roles == {"Charlie": "owner", "Bob": "co_instructor", "Carol": "co_instructor", "Tom": "assistant"}
    with pytest.raises(StaffRefused, match="not an instructor"):
        transfer_ownership(course=cast.course, user=cast.dana, actor=cast.admin)


def invitation(cast: Cast, role: str) -> Invitation:
    return Invitation.objects.create(
        email="new@example.edu",
        role=role,
        course=None if role in {"instructor", "administrator"} else cast.course,
        token_hash=role,
        expires_at=timezone.now() + timedelta(days=7),
    )


@pytest.mark.parametrize(
    ("role", "places", "staff_role"),
    [
        ("student", 1, None),
        ("assistant", 0, "assistant"),
        ("co_instructor", 0, "co_instructor"),
        ("instructor", 0, None),
    ],
)
def test_what_an_accepted_invitation_means(cast: Cast, role: str, places: int, staff_role: str | None) -> None:
    newcomer = person("new")
    invitation_accepted.send(sender=Invitation, invitation=invitation(cast, role), user=newcomer, now=timezone.now())
    assert Enrolment.objects.filter(course=cast.course, student=newcomer).count() == places
    member = CourseStaff.objects.filter(course=cast.course, user=newcomer).first()
    assert (member.role if member else None) == staff_role


def test_an_invitation_to_an_archived_course_is_refused_whole(cast: Cast) -> None:
    invited = invitation(cast, "student")
    change_lifecycle(obj=cast.course, action="archive", actor=cast.bob)
    newcomer = person("new")
    with pytest.raises(CourseReadOnly), transaction.atomic():
        invited.move("accepted", accepted_at=timezone.now(), accepted_by=newcomer)
        invitation_accepted.send(sender=Invitation, invitation=invited, user=newcomer, now=timezone.now())
    assert Invitation.objects.get(pk=invited.pk).status == "open"
