"""The people and the course of the tests: alice learns from bob; charlie and dana are from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.assignments import create_assignment, publish
from courses.catalogue import change_lifecycle, create_course
from courses.models import Assignment, Course, Rubric
from courses.roster import enrol
from courses.rubrics import CriterionSpec, LevelSpec, create_rubric
from courses.staffing import add_staff

CRITERIA = (
    CriterionSpec(
        title="Claim",
        weight=Decimal(60),
        levels=(
            LevelSpec("Beginning", "No position can be found.", Decimal(0)),
            LevelSpec("Developing", "A position is stated late.", Decimal(1)),
            LevelSpec("Strong", "A precise position comes first.", Decimal(2)),
        ),
    ),
    CriterionSpec(
        title="Clarity",
        weight=Decimal(40),
        higher_order=False,
        levels=(
            LevelSpec("Beginning", "Sentences have to be read twice."),
            LevelSpec("Strong", "Every sentence is clear at first reading."),
        ),
    ),
)


def person(name: str, **roles: bool) -> User:
    return User.objects.create_user(f"{name}@example.edu", "correct horse battery", name=name.title(), **roles)


@dataclass
class Cast:
    """``bob`` owns ``course``, ``carol`` is co-instructor, ``tom`` assists, ``alice`` and ``amy`` take it."""

    bob: User
    carol: User
    tom: User
    alice: User
    amy: User
    charlie: User  # instructor of another course
    dana: User  # student of another course
    admin: User
    course: Course
    other: Course
    rubric: Rubric
    assignment: Assignment


def cast() -> Cast:
    bob = person("bob", is_instructor=True)
    carol = person("carol", is_instructor=True)
    tom = person("tom", is_assistant=True)
    alice, amy = person("alice", is_student=True), person("amy", is_student=True)
    charlie, dana = person("charlie", is_instructor=True), person("dana", is_student=True)
    admin = person("admin", is_administrator=True, is_staff=True, is_superuser=True)
    course = create_course(title="Writing", code="WR 101", term="Autumn", description="", actor=bob)
    change_lifecycle(obj=course, action="activate", actor=bob)
    add_staff(course=course, user=carol, role="co_instructor", actor=bob)
    add_staff(course=course, user=tom, role="assistant", actor=bob)
    for student in (alice, amy):
        enrol(course=course, student=student, actor=bob)
    rubric = create_rubric(course=course, title="Essay", criteria=CRITERIA, actor=bob)
    assignment = create_assignment(course=course, title="First essay", rubric=rubric, actor=bob)
    publish(assignment=assignment, actor=bob)
    other = create_course(title="Chemistry", actor=charlie)
    change_lifecycle(obj=other, action="activate", actor=charlie)
    enrol(course=other, student=dana, actor=charlie)
    for row in (course, assignment, other):
        row.refresh_from_db()
    return Cast(
        bob=bob,
        carol=carol,
        tom=tom,
        alice=alice,
        amy=amy,
        charlie=charlie,
        dana=dana,
        admin=admin,
        course=course,
        other=other,
        rubric=rubric,
        assignment=assignment,
    )


def at(name: str, *rows: Any) -> str:
    """The address of a page about these rows."""
    return reverse(name, args=[row.public_id for row in rows])


def signed_in(user: User) -> Client:
    """A browser of this person."""
    client = Client()
    client.force_login(user)
    return client


def rubric_form(title: str, **more: str) -> dict[str, str]:
    """What the editor's form sends for a rubric of one criterion."""
    return {
        "title": title,
        "criteria": "1",
        "c0-title": "Claim",
        "c0-weight": "2",
        "c0-higher_order": "on",
        "c0-levels": "2",
        "c0-l0-label": "Low",
        "c0-l0-descriptor": "Nothing is claimed.",
        "c0-l1-label": "High",
        "c0-l1-descriptor": "A precise claim comes first.",
        **more,
    }
