"""The pages of courses and assignments as people use them, and that they stay fast."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from courses.assignments import create_assignment
from courses.catalogue import change_lifecycle, create_course
from courses.models import Assignment, Course
from courses.roster import enrol
from courses.rubric_templates import load_library
from courses.rubrics import create_rubric
from courses.tests.cast import CRITERIA, Cast, at, person, signed_in


def test_founding_a_course_twice_by_one_form_makes_one(cast: Cast) -> None:
    client = signed_in(cast.bob)
    key = str(client.get(at("course_create")).context["form"]["key"].value())
    data = {"key": key, "title": "Rhetoric", "code": "RH 1", "term": "", "description": ""}
    first = client.post(at("course_create"), data)
    second = client.post(at("course_create"), data)
    assert first.url == second.url
    assert Course.objects.filter(title="Rhetoric").count() == 1


def test_an_id_of_something_else_makes_nothing_until_sent_again(cast: Cast) -> None:
    client = signed_in(cast.charlie)
    taken = str(cast.course.public_id)
    for url in (at("course_create"), at("course_copy", cast.other)):
        answer = client.post(url, {"key": taken, "title": "Mine"})
        assert answer.status_code == 422
        fresh = answer.context["form"]["key"].value()
        assert fresh != taken and fresh in answer.content.decode()
        assert client.post(url, {"key": fresh, "title": "Mine"}).status_code == 302
    assert Course.objects.get(pk=cast.course.pk).title == "Writing"
    assert Course.objects.filter(title="Mine", instructor=cast.charlie).count() == 2


def test_an_administrator_founds_a_course_for_an_instructor(cast: Cast) -> None:
    client = signed_in(cast.admin)
    refused = client.post(at("course_create"), {"title": "New", "instructor": "alice@example.edu"})
    assert refused.status_code == 422 and "No active instructor" in refused.content.decode()
    client.post(at("course_create"), {"title": "New", "instructor": "Bob@example.edu"})
    assert Course.objects.get(title="New").instructor == cast.bob


def test_errors_stand_beside_their_field_and_input_is_kept(cast: Cast) -> None:
    answer = signed_in(cast.bob).post(at("course_create"), {"title": " ", "term": "Spring 2027"})
    assert answer.status_code == 422
    assert "Spring 2027" in answer.content.decode()
    assert "title" in answer.context["form"].errors


def test_a_refused_step_of_life_says_so(cast: Cast) -> None:
    answer = signed_in(cast.bob).post(at("course_lifecycle", cast.course), {"action": "restore"})
    assert answer.status_code == 409
    assert Course.objects.get(pk=cast.course.pk).status == "active"


def test_copying_a_course_through_the_page(cast: Cast) -> None:
    client = signed_in(cast.carol)
    key = str(uuid.uuid4())
    for _again in range(2):
        answer = client.post(at("course_copy", cast.course), {"key": key, "title": "Writing 2", "term": "Spring"})
        assert answer.status_code == 302
    copy = Course.objects.get(title="Writing 2")
    assert (copy.instructor, copy.status, copy.assignments.count(), copy.rubrics.count()) == (cast.carol, "draft", 1, 1)


@pytest.mark.parametrize(
    "query", ["", "?q=writ", "?q=nothing%20here", "?state=archived", "?sort=term&page=99", "?sort=%00&state=x"]
)
def test_the_list_takes_any_filter(cast: Cast, query: str) -> None:
    answer = signed_in(cast.bob).get(at("course_list") + query)
    assert answer.status_code == 200
    assert ("Writing" in answer.content.decode()) == (
        query in {"", "?q=writ", "?sort=term&page=99", "?sort=%00&state=x"}
    )


def test_a_student_reads_instructions_and_levels_before_submitting(cast: Cast) -> None:
    Assignment.objects.filter(pk=cast.assignment.pk).update(instructions="Write <b>600</b> words.")
    body = signed_in(cast.alice).get(at("assignment_detail", cast.assignment)).content.decode()
    assert "A precise position comes first." in body
    assert "Write &lt;b&gt;600&lt;/b&gt; words." in body
    assert "Edit the rubric" not in body and "Reviewers" not in body


def test_opening_twice_is_no_error(cast: Cast) -> None:
    made = create_assignment(course=cast.course, title="Next", rubric=cast.rubric, actor=cast.bob)
    client = signed_in(cast.bob)
    for _double_click in range(2):
        assert client.post(at("assignment_publish", made)).status_code == 302
    assert Assignment.objects.get(pk=made.pk).status == "active"
    assert AuditEvent.objects.filter(code="assignment.activated", object_id=str(made.pk)).count() == 1


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.thorough
def test_queries_do_not_grow_with_rows(cast: Cast) -> None:
    load_library()
    bob, alice = signed_in(cast.bob), signed_in(cast.alice)
    pages = [
        (bob, at("course_list")),
        (bob, at("course_detail", cast.course)),
        (bob, at("roster", cast.course)),
        (bob, at("staff", cast.course)),
        (bob, at("rubric_list", cast.course)),
        (bob, at("rubric_edit", cast.rubric)),
        (bob, at("rubric_templates")),
        (bob, at("assignment_detail", cast.assignment)),
        (bob, at("assignment_edit", cast.assignment)),
        (alice, at("course_list")),
        (alice, at("course_detail", cast.course)),
        (alice, at("assignment_detail", cast.assignment)),
    ]
    for client, url in pages:
        client.get(url)  # the first visit of a session writes to it
    before = [queries(client, url) for client, url in pages]
    for number in range(8):
        enrol(course=cast.course, student=person(f"s{number}"), actor=cast.bob)
        create_assignment(course=cast.course, title=f"A{number}", rubric=cast.rubric, actor=cast.bob)
        create_rubric(course=cast.course, title=f"R{number}", criteria=CRITERIA, actor=cast.bob)
        course = create_course(title=f"C{number}", actor=cast.bob)
        change_lifecycle(obj=course, action="activate", actor=cast.bob)
        enrol(course=course, student=cast.alice, actor=cast.bob)
        signed_in(cast.bob).post(at("roster_invite", cast.course), {"email": f"i{number}@example.edu"})
    after = [queries(client, url) for client, url in pages]
    assert after == before
    assert max(after) <= 14, dict(zip([url for _client, url in pages], after, strict=True))
