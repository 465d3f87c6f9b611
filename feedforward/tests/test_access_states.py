"""The same addresses when the course is archived, deleted or not open yet, or somebody no longer belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aiconfig.models import AssignmentModel
from courses.models import Assignment, Course, CourseStaff, Enrolment
from feedback.models import FeedbackRequest, ModelRun
from feedback.planning import freeze_plan
from feedforward.tests.access_table import ROWS, Row
from feedforward.tests.cast import ANONYMOUS, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.watching import writes
from submissions.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
VISIT = ("django_session", "usersessions_usersession", 'INSERT INTO "accounts_auditevent"')
ABOUT_A_COURSE = [row for row in ROWS if row.about]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def ask(scene: Scene, row: Row, actor: str, data: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """Ask as an actor and take it back; gives the status and what was written."""
    client = Client(raise_request_exception=False)
    client.force_login(scene.actor(actor))
    with transaction.atomic(), writes(but=VISIT) as written:
        answer = getattr(client, row.method.lower())(
            reverse(row.name, kwargs=row.kwargs(scene)), data or {**REAL_WORDS, **dict(row.data)}
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


# What the forms of these addresses can ask for: an empty form would be refused whatever the course's state.
ASKED = {
    "desk_decide": [
        {"action": name} for name in ("approve", "release", "retract", "settle", "rerun", "rerun_failed", "by_hand")
    ],
    "desk_note": [{"action": name} for name in ("shown", "suggested", "discarded", "edit", "swap")],
    "desk_level": [{"criterion": "c1", "level": "1"}],
    "desk_words": [{"words": "A word to the student."}, {"criterion": "c1", "words": "A word about this."}],
    "desk_add": [{"comment": "A note that somebody wrote by hand, long enough."}],
    "queue_bulk": [{"action": name} for name in ("approve", "release", "rerun_failed", "rerun_all_failed")],
    "course_edit": [{"title": "Another", "code": "X1", "term": "Now", "time_zone": "UTC"}],
    "assignment_edit": [{"title": "Another", "max_drafts": "3"}],
    "assignment_lifecycle": [{"action": name} for name in ("archive", "restore", "delete", "deactivate", "activate")],
    "roster_code": [{"on": "1"}, {"on": "0"}],
    "roster_remove": [{"action": "remove"}, {"action": "restore"}],
    "roster_invite": [{"email": "new@example.edu"}],
    "staff_invite": [{"email": "new@example.edu", "role": "assistant"}],
    "staff_change": [{"action": "remove"}, {"action": "co_instructor"}],
    "invitation_change": [{"action": "withdraw"}, {"action": "resend"}],
    "draft_replace": [{"source": "paste", "text": "Another text, long enough to be one. " * 20}],
    "submit": [{"source": "paste", "text": "Another text, long enough to be one. " * 20}],
    "feedback_contest": [{"words": "Please look again."}],
    "note_respond": [{"plan": "will_do"}, {"rating": "helpful"}, {"reply": "I shall do that."}],
    "rubric_save_template": [{"title": "Kept"}],
}


# What stays possible in an archived course, by direct POST too: less of it, or a copy elsewhere.
STILL = {("assignment_lifecycle", "delete"), ("invitation_change", "withdraw"), ("rubric_save_template", "")}
# An assistant reviews; what is paid for, and who is of the course, is for those who teach it.
NOT_ASSISTANTS = {"rerun", "rerun_failed", "rerun_all_failed", "settle", "retract", "release"}


@pytest.mark.parametrize("archived", [False, True])
def test_what_forms_ask_for_by_name(scene: Scene, state: Callable[..., None], archived: bool) -> None:
    """Every button of the course's pages: works in an open course, not in an archived one, and an assistant has fewer."""
    if archived:
        state(Course.objects.filter(pk=scene.course.pk), status="archived")
    # A model that would read again, and a reading that failed.
    AssignmentModel.objects.create(assignment=scene.assignment, ai_model=scene.model, position=1, runs=1)
    state(ModelRun.objects.filter(pk=scene.run.pk), status="failed", error_code="timeout")
    state(FeedbackRequest.objects.filter(pk=scene.run.request_id), plan=freeze_plan(scene.assignment))
    wrote = set()
    for row in ABOUT_A_COURSE:
        for body in ASKED.get(row.name, ()) if row.method == "POST" else ():
            # Those with the least and the most rights among them; archived is archived for everybody.
            allowed = people_of(row)
            for actor in {allowed[-1]} if archived else {allowed[0], allowed[-1]}:
                status, written = ask(scene, row, actor, body)
                assert status < 500, f"{row.name} {actor} {body}: {status}"
                if written:
                    wrote.add((row.name, body.get("action", ""), actor))
    assert not {what for what in wrote if what[1] in NOT_ASSISTANTS and what[2] == "assistant"}
    if archived:
        assert {what[:2] for what in wrote} == STILL
    else:
        assert len({what[:2] for what in wrote}) >= 28, sorted(wrote)
        assert {("desk_decide", "rerun", "instructor"), ("queue_bulk", "rerun_all_failed", "instructor")} <= wrote


@pytest.mark.parametrize(
    ("page", "before", "after"), [("draft_text", "checking", "ready"), ("draft_withdraw", "ready", "withdrawn")]
)
@pytest.mark.parametrize("over", ["", "archived", "left"])
def test_a_draft_moves_on_only_where_something_still_happens(
    scene: Scene, state: Callable[..., None], page: str, before: str, after: str, over: str
) -> None:
    """Confirming its text would have it read, which is paid for; taking it back would change what staff look at."""
    state(Draft.objects.filter(pk=scene.waiting.pk), status=before)
    if over == "archived":
        state(Course.objects.filter(pk=scene.course.pk), status="archived")
    elif over == "left":
        state(Enrolment.objects.filter(course=scene.course, student=scene.people.amy), status="left")
    client = Client()
    client.force_login(scene.people.amy)
    answer = client.post(reverse(page, kwargs={"public_id": scene.waiting.public_id}), follow=True)
    scene.waiting.refresh_from_db()
    assert scene.waiting.status == (before if over else after)
    assert answer.status_code == 200 and ("This is over" in answer.content.decode()) == bool(over)
