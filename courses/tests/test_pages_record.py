"""The record of a course: its owner sees its events and no others, and no names where drafts are reviewed blind."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from accounts import audit
from accounts.models import AuditEvent
from courses.models import Assignment
from courses.tests.cast import Cast, at, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def events(cast: Cast) -> None:
    audit.record(actor=cast.alice, code="draft.submitted", course_id=cast.course.pk, obj=cast.course)
    audit.record(actor=cast.dana, code="draft.submitted", course_id=cast.other.pk, obj=cast.other)
    audit.record(actor=cast.admin, code="provider.key_set")


def page(cast: Cast, query: str = "") -> str:
    return signed_in(cast.bob).get(at("course_record", cast.course) + query).content.decode()


def exported(cast: Cast, query: str = "") -> list[list[str]]:
    answer = signed_in(cast.bob).get(at("course_record_export", cast.course) + query)
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))[1:]


def test_it_holds_the_events_of_this_course(cast: Cast, events: None) -> None:
    said = page(cast)
    assert "handed in a draft" in said and "founded a course" in said and "Alice" in said
    assert "Dana" not in said and "key" not in said.split("<main")[1].split("</main")[0].lower()
    assert {row[5] for row in exported(cast)} == {str(cast.course.pk)}
    assert AuditEvent.objects.filter(code="audit.exported", actor=cast.bob, course_id=cast.course.pk).count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=alice", {"draft.submitted"}),
        ("?q=handed", {"draft.submitted"}),
        ("?family=draft", {"draft.submitted"}),
        ("?q=dana", set()),
        ("?since=2999-01-01", set()),
        ("?until=1999-01-01", set()),
        ("?q=founded", {"course.created"}),
    ],
)
def test_it_can_be_searched(cast: Cast, events: None, query: str, found: set[str]) -> None:
    assert {row[1] for row in exported(cast, query)} == found


def test_names_are_veiled_where_drafts_are_reviewed_blind(cast: Cast, events: None) -> None:
    Assignment.objects.filter(pk=cast.assignment.pk).update(blind_review=True)
    row = next(row for row in exported(cast, "?family=draft"))
    assert (row[2], row[8]) == ("a student", "")
    assert "Alice" not in page(cast, "?family=draft") and "alice@" not in str(exported(cast))
    assert exported(cast, "?q=alice") == []
    # Those who teach stay named.
    assert any(row[2] == cast.bob.email for row in exported(cast))


@pytest.mark.thorough
def test_queries_do_not_grow_with_events(cast: Cast, events: None, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        audit.record(actor=cast.alice, code="draft.submitted", course_id=cast.course.pk, counts={"n": number})
    client = signed_in(cast.bob)
    client.get(at("course_record", cast.course))
    with django_assert_max_num_queries(15):
        client.get(at("course_record", cast.course))
