"""Who opens and changes what on the pages of courses; archived is read-only."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Invitation
from courses.assignments import create_assignment
from courses.catalogue import change_lifecycle, create_course
from courses.roster import enrol, remove_student
from courses.tests.cast import Cast, at, rubric_form, signed_in

WHO = ("bob", "carol", "tom", "alice", "charlie", "dana", "admin")
PAGES: list[tuple[str, Callable[[Cast], str], tuple[int, ...]]] = [
    #                                                             bob  carol tom  alice charlie dana admin
    ("course_detail", lambda c: at("course_detail", c.course), (200, 200, 200, 200, 404, 404, 200)),
    ("course_edit", lambda c: at("course_edit", c.course), (200, 200, 403, 403, 404, 404, 200)),
    ("course_lifecycle", lambda c: at("course_lifecycle", c.course), (200, 403, 403, 403, 404, 404, 200)),
    ("course_copy", lambda c: at("course_copy", c.course), (200, 200, 403, 403, 404, 404, 200)),
    ("roster", lambda c: at("roster", c.course), (200, 200, 200, 403, 404, 404, 200)),
    ("roster_import", lambda c: at("roster_import", c.course), (200, 200, 403, 403, 404, 404, 200)),
    ("roster_export", lambda c: at("roster_export", c.course), (200, 200, 403, 403, 404, 404, 200)),
    ("roster_remove", lambda c: at("roster_remove", c.course, c.amy), (200, 200, 403, 403, 404, 404, 200)),
    ("staff", lambda c: at("staff", c.course), (200, 200, 200, 403, 404, 404, 200)),
    ("staff_change", lambda c: at("staff_change", c.course, c.tom), (200, 403, 403, 403, 404, 404, 200)),
    ("rubric_list", lambda c: at("rubric_list", c.course), (200, 200, 200, 403, 404, 404, 200)),
    ("rubric_create", lambda c: at("rubric_create", c.course), (200, 200, 403, 403, 404, 404, 403)),
    ("rubric_edit", lambda c: at("rubric_edit", c.rubric), (200, 200, 200, 403, 404, 404, 200)),
    ("rubric_export", lambda c: at("rubric_export", c.rubric), (200, 200, 200, 403, 404, 404, 200)),
    ("rubric_templates", lambda c: at("rubric_templates"), (200, 200, 200, 403, 200, 403, 200)),
    ("assignment_create", lambda c: at("assignment_create", c.course), (200, 200, 403, 403, 404, 404, 403)),
    ("assignment_detail", lambda c: at("assignment_detail", c.assignment), (200, 200, 200, 200, 404, 404, 200)),
    ("assignment_edit", lambda c: at("assignment_edit", c.assignment), (200, 200, 403, 403, 404, 404, 403)),
    ("assignment_lifecycle", lambda c: at("assignment_lifecycle", c.assignment), (200, 200, 403, 403, 404, 404, 200)),
    ("assignment_reviewers", lambda c: at("assignment_reviewers", c.assignment), (200, 200, 200, 403, 404, 404, 200)),
    ("course_leave", lambda c: at("course_leave", c.course), (404, 404, 404, 200, 404, 404, 404)),
    ("course_create", lambda c: at("course_create"), (200, 200, 403, 403, 200, 403, 200)),
    ("course_list", lambda c: at("course_list"), (200, 200, 200, 200, 200, 200, 200)),
    ("join_by_code", lambda c: at("join_by_code"), (200, 200, 200, 200, 200, 200, 200)),
]


@pytest.mark.thorough
@pytest.mark.parametrize("who", WHO)
def test_who_opens_which_page(cast: Cast, who: str) -> None:
    client, place = signed_in(getattr(cast, who)), WHO.index(who)
    got = {page: client.get(url(cast)).status_code for page, url, _expected in PAGES}
    assert got == {page: expected[place] for page, _url, expected in PAGES}


def test_nobody_opens_anything_without_signing_in(cast: Cast) -> None:
    client = Client()
    for page, url, _expected in PAGES:
        answer = client.get(url(cast))
        assert answer.status_code == 302 and "login" in answer["Location"], page


POSTS: list[tuple[str, Callable[[Cast], str], dict[str, str], set[str]]] = [
    ("course_edit", lambda c: at("course_edit", c.course), {"title": "New"}, {"bob", "carol", "admin"}),
    ("course_lifecycle", lambda c: at("course_lifecycle", c.course), {"action": "deactivate"}, {"bob", "admin"}),
    (
        "roster_invite",
        lambda c: at("roster_invite", c.course),
        {"email": "x@example.edu"},
        {"bob", "carol", "admin"},
    ),
    ("roster_code", lambda c: at("roster_code", c.course), {"on": "1"}, {"bob", "carol", "admin"}),
    ("roster_remove", lambda c: at("roster_remove", c.course, c.amy), {"action": "remove"}, {"bob", "carol", "admin"}),
    (
        "staff_invite",
        lambda c: at("staff_invite", c.course),
        {"email": "x@example.edu", "role": "assistant"},
        {"bob", "admin"},
    ),
    ("staff_change", lambda c: at("staff_change", c.course, c.tom), {"action": "remove"}, {"bob", "admin"}),
    ("staff_owner", lambda c: at("staff_owner", c.course), {"instructor": "charlie@example.edu"}, {"admin"}),
    ("rubric_template", lambda c: at("rubric_save_template", c.rubric), {"title": "Mine"}, {"bob", "carol"}),
    (
        "assignment_life",
        lambda c: at("assignment_lifecycle", c.assignment),
        {"action": "delete"},
        {"bob", "carol", "admin"},
    ),
    ("course_leave", lambda c: at("course_leave", c.course), {}, {"alice"}),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("page", "url", "data", "allowed"), POSTS, ids=[row[0] for row in POSTS])
@pytest.mark.parametrize("who", WHO)
def test_who_changes_what(
    cast: Cast, page: str, url: Callable[[Cast], str], data: dict[str, str], allowed: set[str], who: str
) -> None:
    before = AuditEvent.objects.count()
    answer = signed_in(getattr(cast, who)).post(url(cast), data)
    if who in allowed:
        assert answer.status_code == 302, answer.content[:2000]
        assert AuditEvent.objects.count() > before
    else:
        assert answer.status_code == (404 if who in {"charlie", "dana"} or page == "course_leave" else 403)
        assert AuditEvent.objects.count() == before


def test_a_missing_course_and_a_foreign_one_answer_alike(cast: Cast) -> None:
    client = signed_in(cast.dana)
    foreign = client.get(at("course_detail", cast.course))
    missing = client.get(reverse("course_detail", args=[uuid.uuid4()]))
    assert foreign.status_code == missing.status_code == 404
    assert b"Writing" not in foreign.content


def test_students_see_no_drafts_of_courses_or_assignments(cast: Cast) -> None:
    hidden = create_assignment(course=cast.course, title="Secret plan", actor=cast.bob)
    client = signed_in(cast.alice)
    assert "Secret plan" not in client.get(at("course_detail", cast.course)).content.decode()
    assert client.get(at("assignment_detail", hidden)).status_code == 404
    draft = create_course(title="Unready", actor=cast.bob)
    enrol(course=draft, student=cast.alice, actor=cast.bob)
    assert client.get(at("course_detail", draft)).status_code == 404
    assert "Unready" not in client.get(at("course_list")).content.decode()


def test_a_removed_student_is_out_at_once(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert client.get(at("course_detail", cast.course)).status_code == 200
    remove_student(course=cast.course, student=cast.alice, actor=cast.bob)
    assert client.get(at("course_detail", cast.course)).status_code == 404
    assert client.get(at("assignment_detail", cast.assignment)).status_code == 404


def test_archived_is_read_only_by_direct_post_too(cast: Cast) -> None:
    change_lifecycle(obj=cast.course, action="archive", actor=cast.bob)
    client = signed_in(cast.bob)
    before = AuditEvent.objects.count()
    attempts = {
        at("course_edit", cast.course): {"title": "No"},
        at("roster_invite", cast.course): {"email": "x@example.edu"},
        at("roster_import", cast.course): {"rows": "x@example.edu", "step": "send"},
        at("roster_code", cast.course): {"on": "1"},
        at("roster_remove", cast.course, cast.amy): {"action": "remove"},
        at("staff_invite", cast.course): {"email": "x@example.edu", "role": "assistant"},
        at("staff_change", cast.course, cast.tom): {"action": "remove"},
        at("rubric_create", cast.course): {**rubric_form("No"), "do": "save"},
        at("rubric_edit", cast.rubric): {**rubric_form("No"), "do": "save"},
        at("assignment_create", cast.course): {"title": "No"},
        at("assignment_edit", cast.assignment): {"title": "No"},
        at("assignment_publish", cast.assignment): {},
        at("assignment_lifecycle", cast.assignment): {"action": "restore"},
    }
    for url, data in attempts.items():
        answer = client.post(url, data)
        assert answer.status_code in {302, 409, 422}, url
    assert AuditEvent.objects.count() == before
    assert not Invitation.objects.exists()
    for url in (at("course_detail", cast.course), at("roster", cast.course), at("rubric_edit", cast.rubric)):
        assert client.get(url).status_code == 200
