"""Two at once: on PostgreSQL, where they really are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from accounts.models import AuditEvent
from courses.catalogue import CourseReadOnly, change_lifecycle, update_course
from courses.models import Course, Enrolment, Rubric
from courses.roster import EnrolmentRefused, enrol, join_by_code
from courses.rubrics import RubricChanged, update_rubric
from courses.tests.cast import CRITERIA, Cast, cast, person

pytestmark = [
    pytest.mark.races,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return cast()


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment, each on its own connection; return results or the errors raised."""
    start, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[place] = call()
        except Exception as error:  # whatever it is, the test judges it
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return found


def test_enrolling_the_same_person_from_many_tabs(people: Cast) -> None:
    nina = person("nina")
    call = lambda: enrol(course=people.course, student=nina, actor=people.bob)  # noqa: E731
    answers = together(*[call] * 8)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Enrolment.objects.filter(course=people.course, student=nina).count() == 1
    assert AuditEvent.objects.filter(code="roster.enrolled", object_id=str(answers[0].pk)).count() == 1


def test_many_at_once_get_different_aliases(people: Cast) -> None:
    newcomers = [person(f"n{number}") for number in range(8)]
    together(*[lambda one=one: enrol(course=people.course, student=one, actor=people.bob) for one in newcomers])
    aliases = list(Enrolment.objects.filter(course=people.course).values_list("alias", flat=True))
    assert len(aliases) == len(set(aliases)) == 10


def test_one_of_two_editors_of_a_rubric_is_told(people: Cast) -> None:
    def save(title: str) -> Rubric:
        return update_rubric(
            rubric=Rubric.objects.get(pk=people.rubric.pk),
            title=title,
            criteria=CRITERIA,
            expected_revision=1,
            actor=people.bob,
        )

    answers = together(*[lambda title=f"T{number}": save(title) for number in range(6)])
    assert sum(isinstance(answer, RubricChanged) for answer in answers) == 5
    assert Rubric.objects.get(pk=people.rubric.pk).revision == 2


def test_nothing_slips_into_a_course_that_is_being_archived(people: Cast) -> None:
    answers = together(
        lambda: change_lifecycle(obj=people.course, action="archive", actor=people.bob),
        *[lambda n=n: update_course(course=people.course, title=f"T{n}", actor=people.carol) for n in range(6)],
    )
    assert all(not isinstance(answer, Exception) or isinstance(answer, CourseReadOnly) for answer in answers)
    archived_at = AuditEvent.objects.get(code="course.archived").pk
    assert not AuditEvent.objects.filter(code="course.changed", pk__gt=archived_at).exists()


def test_the_last_places_of_a_course_go_out_once(people: Cast) -> None:
    """Six people with the code at once, two places left: two come in, four are told."""
    there = Enrolment.objects.filter(course=people.course, status=Enrolment.Status.ACTIVE).count()
    Course.objects.filter(pk=people.course.pk).update(join_code="RACE2345", join_places=there + 2)
    newcomers = [person(f"late{number}") for number in range(6)]
    answers = together(*[lambda one=one: join_by_code(code="RACE2345", actor=one) for one in newcomers])
    assert sum(isinstance(answer, EnrolmentRefused) for answer in answers) == 4
    assert sum(isinstance(answer, Enrolment) for answer in answers) == 2
    assert Enrolment.objects.filter(course=people.course, status=Enrolment.Status.ACTIVE).count() == there + 2
