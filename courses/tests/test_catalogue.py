"""Courses: made, changed, moved through their life, copied."""

from __future__ import annotations

import pytest

from accounts.models import AuditEvent
from courses.assignments import create_assignment, update_assignment
from courses.catalogue import (
    CourseInvalid,
    CourseReadOnly,
    LifecycleRefused,
    change_lifecycle,
    copy_course,
    create_course,
    possible_actions,
    set_join_code,
    update_course,
)
from courses.models import Assignment, Course, CourseStaff, Enrolment
from courses.roster import JoinRefused, enrol, join_by_code, leave, remove_student
from courses.rubrics import create_rubric, spec_of, update_rubric
from courses.staffing import add_staff, remove_staff
from courses.tests.cast import CRITERIA, Cast


def test_a_new_course_is_a_draft_owned_by_its_instructor(cast: Cast) -> None:
    course = create_course(title="  New   course ", actor=cast.bob)
    assert (course.title, course.status, course.instructor) == ("New course", "draft", cast.bob)
    assert CourseStaff.objects.get(course=course).role == "owner"
    assert AuditEvent.objects.filter(code="course.created", course_id=course.pk, actor=cast.bob).count() == 1


def test_a_course_needs_a_title_and_an_instructor(cast: Cast) -> None:
    with pytest.raises(CourseInvalid, match="title"):
        create_course(title="   ", actor=cast.bob)
    with pytest.raises(CourseInvalid, match="not an instructor"):
        create_course(title="Mine", actor=cast.alice)
    assert create_course(title="Theirs", actor=cast.admin, instructor=cast.bob).instructor == cast.bob


def test_changes_are_recorded_by_field_name_only(cast: Cast) -> None:
    update_course(course=cast.course, title="Writing well", code=cast.course.code, actor=cast.bob)
    event = AuditEvent.objects.get(code="course.changed")
    assert event.fields == ["title"]
    update_course(course=cast.course, title="Writing well", actor=cast.bob)
    assert AuditEvent.objects.filter(code="course.changed").count() == 1


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (["deactivate", "activate", "archive", "restore", "activate"], None),
        (["archive", "delete"], None),
        (["activate"], "activate"),
        (["archive", "archive"], "archive"),
        (["archive", "activate"], "activate"),
        (["archive", "deactivate"], "deactivate"),
        (["delete", "restore"], "restore"),
        (["restore"], "restore"),
        (["explode"], "explode"),
    ],
)
def test_the_life_of_a_course(cast: Cast, path: list[str], refused: str | None) -> None:
    for number, action in enumerate(path):
        before = Course.objects.get(pk=cast.course.pk).status
        if refused == action and number == len(path) - 1:
            with pytest.raises(LifecycleRefused):
                change_lifecycle(obj=cast.course, action=action, actor=cast.bob)
            assert Course.objects.get(pk=cast.course.pk).status == before
            assert action not in possible_actions(before)
        else:
            assert action in possible_actions(before)
            change_lifecycle(obj=cast.course, action=action, actor=cast.bob)


def test_archiving_takes_the_assignments_along(cast: Cast) -> None:
    change_lifecycle(obj=cast.course, action="archive", actor=cast.bob)
    cast.assignment.refresh_from_db()
    assert cast.assignment.status == "archived"


def test_an_archived_course_takes_no_change_through_any_write_function(cast: Cast) -> None:
    change_lifecycle(obj=cast.course, action="archive", actor=cast.bob)
    course, actor = cast.course, cast.bob
    attempts = [
        lambda: update_course(course=course, title="No", actor=actor),
        lambda: set_join_code(course=course, on=True, actor=actor),
        lambda: enrol(course=course, student=cast.dana, actor=actor),
        lambda: remove_student(course=course, student=cast.alice, actor=actor),
        lambda: leave(course=course, actor=cast.alice),
        lambda: add_staff(course=course, user=cast.charlie, role="assistant", actor=actor),
        lambda: remove_staff(course=course, user=cast.tom, actor=actor),
        lambda: create_rubric(course=course, title="No", criteria=CRITERIA, actor=actor),
        lambda: update_rubric(rubric=cast.rubric, title="No", criteria=CRITERIA, actor=actor),
        lambda: create_assignment(course=course, title="No", actor=actor),
        lambda: update_assignment(assignment=cast.assignment, title="No", actor=actor),
        lambda: change_lifecycle(obj=cast.assignment, action="restore", actor=actor),
    ]
    events = AuditEvent.objects.count()
    for attempt in attempts:
        with pytest.raises(CourseReadOnly):
            attempt()
    assert AuditEvent.objects.count() == events


def test_a_copy_has_everything_but_people_and_dates(cast: Cast) -> None:
    set_join_code(course=cast.course, on=True, actor=cast.bob)
    copied = copy_course(course=cast.course, title="Writing, spring", term="Spring", actor=cast.carol)
    copy = copied.course
    assert (copy.status, copy.instructor, copy.join_code) == ("draft", cast.carol, "")
    assert not Enrolment.objects.filter(course=copy).exists()
    twin = Assignment.objects.get(course=copy)
    assert copied.assignment_ids == ((cast.assignment.pk, twin.pk),)
    assert (twin.status, twin.title, twin.due_at) == ("draft", "First essay", None)
    assert twin.rubric_id != cast.rubric.pk
    assert spec_of(twin.rubric) == spec_of(cast.rubric)


def test_joining_by_code(cast: Cast) -> None:
    code = set_join_code(course=cast.course, on=True, actor=cast.bob)
    enrolment = join_by_code(code=f" {code[:4].lower()}-{code[4:]} ", actor=cast.dana)
    assert enrolment.course == cast.course
    again = set_join_code(course=cast.course, on=True, actor=cast.bob)
    assert again != code
    for wrong in (code, "", "NOTACODE"):
        with pytest.raises(JoinRefused):
            join_by_code(code=wrong, actor=cast.alice)
    set_join_code(course=cast.course, on=False, actor=cast.bob)
    with pytest.raises(JoinRefused):
        join_by_code(code=again, actor=cast.alice)


def test_the_code_does_not_bring_back_who_was_removed(cast: Cast) -> None:
    code = set_join_code(course=cast.course, on=True, actor=cast.bob)
    remove_student(course=cast.course, student=cast.alice, actor=cast.bob)
    with pytest.raises(JoinRefused, match="taken off"):
        join_by_code(code=code, actor=cast.alice)
    leave(course=cast.course, actor=cast.amy)
    assert join_by_code(code=code, actor=cast.amy).status == "active"
