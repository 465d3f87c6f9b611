"""Assignments: made, changed, opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from courses.assignments import (
    AssignmentInvalid,
    AssignmentReadOnly,
    NotReadyToPublish,
    change_assignment,
    create_assignment,
    publish,
    update_assignment,
)
from courses.catalogue import LifecycleRefused, create_course
from courses.models import Assignment
from courses.rubrics import create_rubric
from courses.tests.cast import CRITERIA, Cast

NOW = timezone.now()


def test_a_title_and_a_rubric_are_enough(cast: Cast) -> None:
    made = create_assignment(course=cast.course, title="Second essay", rubric=cast.rubric, actor=cast.bob)
    made.refresh_from_db()
    assert (made.status, made.max_drafts, made.levels_shown, made.aggregation, made.practice) == (
        "draft",
        3,
        "never",
        "clamped_mean",
        False,
    )
    assert publish(assignment=made, actor=cast.bob).status == "active"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"opens_at": NOW, "due_at": NOW - timedelta(hours=1)}, "due_at"),
        ({"opens_at": NOW, "closes_at": NOW}, "closes_at"),
        ({"due_at": NOW, "closes_at": NOW - timedelta(hours=1)}, "closes_at"),
        ({"max_drafts": 0}, "max_drafts"),
        ({"max_drafts": 21}, "max_drafts"),
        ({"max_drafts": None}, "max_drafts"),
        ({"hours_between": 721}, "hours_between"),
        ({"min_words": 500, "max_words": 400}, "max_words"),
        ({"max_words": 0}, "max_words"),
        ({"formats": ["docx", "exe"]}, "formats"),
        ({"aggregation": "maximum"}, "aggregation"),
        ({"levels_shown": "sometimes"}, "levels_shown"),
    ],
)
def test_what_cannot_be_saved(cast: Cast, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(AssignmentInvalid) as refused:
        create_assignment(course=cast.course, actor=cast.bob, **{"title": "New", **fields})
    assert list(refused.value.errors) == [field]
    with pytest.raises(AssignmentInvalid):
        update_assignment(assignment=cast.assignment, actor=cast.bob, **fields)
    assert Assignment.objects.count() == 1
    assert not AuditEvent.objects.filter(code="assignment.changed").exists()


def test_a_rubric_of_another_course_is_refused(cast: Cast) -> None:
    foreign = create_rubric(course=cast.other, title="Foreign", criteria=CRITERIA, actor=cast.charlie)
    with pytest.raises(AssignmentInvalid, match="another course"):
        update_assignment(assignment=cast.assignment, rubric=foreign, actor=cast.bob)


def test_changes_are_recorded_by_field_name(cast: Cast) -> None:
    update_assignment(assignment=cast.assignment, title="First essay", max_drafts=4, actor=cast.bob)
    assert AuditEvent.objects.get(code="assignment.changed").fields == ["max_drafts"]
    assert Assignment.objects.get(pk=cast.assignment.pk).max_drafts == 4


def test_opening_needs_a_rubric_and_time(cast: Cast) -> None:
    made = create_assignment(course=cast.course, title="New", actor=cast.bob)
    with pytest.raises(NotReadyToPublish, match="rubric"):
        publish(assignment=made, actor=cast.bob)
    update_assignment(
        assignment=made, rubric=cast.rubric, closes_at=timezone.now() - timedelta(hours=1), actor=cast.bob
    )
    with pytest.raises(NotReadyToPublish, match="past"):
        publish(assignment=made, actor=cast.bob)
    update_assignment(assignment=made, closes_at=None, actor=cast.bob)
    publish(assignment=made, actor=cast.bob)
    with pytest.raises(LifecycleRefused):
        publish(assignment=made, actor=cast.bob)


def test_an_archived_assignment_takes_no_changes_until_restored(cast: Cast) -> None:
    change_assignment(assignment=cast.assignment, action="archive", actor=cast.bob)
    with pytest.raises(AssignmentReadOnly):
        update_assignment(assignment=cast.assignment, title="No", actor=cast.bob)
    change_assignment(assignment=cast.assignment, action="restore", actor=cast.bob)
    assert update_assignment(assignment=cast.assignment, title="Yes", actor=cast.bob).title == "Yes"


def test_unknown_fields_are_a_programming_error(cast: Cast) -> None:
    with pytest.raises(TypeError):
        update_assignment(assignment=cast.assignment, actor=cast.bob, status="active")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        create_assignment(course=create_course(title="C", actor=cast.bob), actor=cast.bob, course_id=1)  # type: ignore[call-arg]
