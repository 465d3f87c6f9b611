"""The student's home names every draft that waits for the student, and none that does not."""

from __future__ import annotations

import pytest

from courses.tests.cast import Cast, cast
from feedback.home import student_tasks
from submissions.intake import submit_draft
from submissions.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Cast:
    return cast()


def hand_in(people: Cast, *, status: str = "") -> Draft:
    text = "A duty is not a burden when everybody carries it. " * 12
    draft = submit_draft(assignment=people.assignment, student=people.alice, actor=people.alice, text=text).draft
    if status:
        Draft.objects.filter(pk=draft.pk).update(status=status, failure="EMPTY" if status == "failed" else "")
    return draft


def kinds(people: Cast) -> list[str]:
    return [task.kind for task in student_tasks(people.alice)]


@pytest.mark.parametrize(
    ("status", "kind"), [("", "waiting"), ("failed", "failed"), ("checking", "check"), ("ready", "waiting")]
)
def test_a_draft_without_feedback_is_named(people: Cast, status: str, kind: str) -> None:
    hand_in(people, status=status)
    assert kinds(people) == [kind]


def test_a_failed_file_is_forgotten_once_another_was_handed_in(people: Cast) -> None:
    hand_in(people, status="failed")
    hand_in(people)
    assert kinds(people) == ["waiting"]


def test_a_draft_taken_back_and_other_peoples_drafts_are_not_named(people: Cast) -> None:
    hand_in(people, status="withdrawn")
    assert kinds(people) == []
    assert student_tasks(people.bob) == []
