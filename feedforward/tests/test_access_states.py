"""The same addresses when the course is archived, deleted or not open yet, or somebody no longer belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Assignment, Course, CourseStaff, Enrolment
from feedforward.tests.access_table import ROWS, Row
from feedforward.tests.cast import ANONYMOUS, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.watching import writes

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
VISIT = ("django_session", "usersessions_usersession", 'INSERT INTO "accounts_auditevent"')
ABOUT_A_COURSE = [row for row in ROWS if row.about]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def ask(scene: Scene, row: Row, actor: str) -> tuple[int, list[str]]:
    """Ask as an actor and take it back; gives the status and what was written."""
    client = Client(raise_request_exception=False)
    client.force_login(scene.actor(actor))
    with transaction.atomic(), writes(but=VISIT) as written:
        answer = getattr(client, row.method.lower())(
            reverse(row.name, kwargs=row.kwargs(scene)), {**REAL_WORDS, **dict(row.data)}
        )
        transaction.set_rollback(True)
    return answer.status_code, written


@pytest.fixture
def state(scene: Scene) -> Iterator[Callable[..., None]]:
    """Change rows for one test."""
    with transaction.atomic():

        def change(queryset: Any, **values: Any) -> None:
            queryset.update(**values)

        yield change
        transaction.set_rollback(True)


def people_of(row: Row) -> list[str]:
    return sorted(row.allow - {ANONYMOUS, CLOSED})


# What an archived course still takes: a mark that somebody looks, and removing what a trial holds.
ARCHIVED_TAKES = frozenset({"desk_lease", "trial_remove"})
REAL_WORDS = {"plan": "will_do", "reply": "I shall do that.", "words": "Please look again.", "rating": "helpful"}


def test_archived_is_read_only(scene: Scene, state: Callable[..., None]) -> None:
    state(Course.objects.filter(pk=scene.course.pk), status="archived")
    wrote = {}
    for row in ABOUT_A_COURSE:
        if row.method == "POST":
            for actor in people_of(row):
                status, written = ask(scene, row, actor)
                assert status < 500, f"{row.name} {actor}"
                if written:
                    wrote[row.name] = written[:2]
    assert set(wrote) <= ARCHIVED_TAKES, wrote


@pytest.mark.parametrize("what", ["course", "assignment"])
def test_deleted_is_gone(scene: Scene, state: Callable[..., None], what: str) -> None:
    """For all: only what students wrote and were told stays theirs to read."""
    rows = {
        "course": Course.objects.filter(pk=scene.course.pk),
        "assignment": Assignment.objects.filter(pk=scene.assignment.pk),
    }
    state(rows[what], status="deleted", deleted_at=timezone.now())
    for row in ABOUT_A_COURSE:
        if (
            what == "assignment"
            and row.about == "course"
            and "assignment_id" not in row.kwargs(scene)
            and "public_id" not in row.kwargs(scene)
        ):
            continue
        for actor in people_of(row):
            status, written = ask(scene, row, actor)
            if row.about in {"own", "draft"} and actor == "owner":
                assert not written or row.method == "GET", f"{row.name}: {written}"
                continue
            assert status in {403, 404} and not written, f"{row.method} {row.name} {actor}: {status} {written}"


def test_a_course_that_is_not_open_yet_is_its_staffs(scene: Scene, state: Callable[..., None]) -> None:
    state(Course.objects.filter(pk=scene.course.pk), status="draft")
    for row in ABOUT_A_COURSE:
        if row.about == "course":
            for actor in sorted(row.allow & {"owner", "peer"}):
                status, written = ask(scene, row, actor)
                assert status in {403, 404} and not written, f"{row.method} {row.name} {actor}: {status}"


@pytest.mark.parametrize("actor", ["assistant", "co_instructor"])
def test_whoever_left_the_staff_sees_nothing(scene: Scene, state: Callable[..., None], actor: str) -> None:
    CourseStaff.objects.filter(course=scene.course, user=scene.actor(actor)).delete()
    for row in ABOUT_A_COURSE:
        if actor in row.allow:
            status, written = ask(scene, row, actor)
            assert status in {403, 404} and not written, f"{row.method} {row.name}: {status}"


def test_whoever_left_the_course_keeps_reading_and_changes_nothing(scene: Scene, state: Callable[..., None]) -> None:
    state(Enrolment.objects.filter(course=scene.course, student=scene.people.alice), status="removed")
    for row in ABOUT_A_COURSE:
        if "owner" in row.allow:
            status, written = ask(scene, row, "owner")
            if row.about == "course":
                assert status in {403, 404} and not written, f"{row.method} {row.name}: {status} {written}"
            elif row.method == "POST":
                assert not written, f"{row.method} {row.name}: {status} {written}"
