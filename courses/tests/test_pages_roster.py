"""The pages of rosters and staff: inviting, lists, joining, removing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEvent, Invitation, User
from courses.catalogue import set_join_code
from courses.models import Course, CourseStaff, Enrolment
from courses.tests.cast import Cast, at, person, signed_in


def test_inviting_one_student(cast: Cast) -> None:
    client = signed_in(cast.bob)
    data = {"email": "New@Example.edu", "name": "New Person", "role": "administrator", "course": "x"}
    for _double_click in range(2):
        assert client.post(at("roster_invite", cast.course), data).status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.course, invitation.sent_count) == (
        "new@example.edu",
        "student",
        cast.course,
        1,
    )
    assert "new@example.edu" in client.get(at("roster", cast.course)).content.decode()
    client.post(at("invitation_change", cast.course, invitation), {"action": "withdraw"})
    invitation.refresh_from_db()
    assert invitation.status == "withdrawn"


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("not an address", "valid email"),
        ("a@example.edu\nBcc: b@example.edu", "valid email"),
        ("alice@example.edu", "takes this course already"),
        ("tom@example.edu", "teaches this course"),
        ("", "required"),
    ],
)
def test_who_cannot_be_invited(cast: Cast, email: str, words: str) -> None:
    answer = signed_in(cast.bob).post(at("roster_invite", cast.course), {"email": email, "name": "Kept"})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert words in body and "Kept" in body
    assert not Invitation.objects.exists()


def test_an_invitation_of_another_course_is_not_found(cast: Cast) -> None:
    signed_in(cast.charlie).post(at("roster_invite", cast.other), {"email": "x@example.edu"})
    foreign = Invitation.objects.get()
    answer = signed_in(cast.bob).post(at("invitation_change", cast.course, foreign), {"action": "withdraw"})
    assert answer.status_code == 404
    foreign.refresh_from_db()
    assert foreign.status == "open"


LIST = """email;name
nina@example.edu;Nina N.
not-an-address;Nobody
alice@example.edu;Alice
nina@example.edu;Nina again
tom@example.edu;Tom
;Empty
"""


def test_a_list_is_checked_before_anything_is_sent(cast: Cast) -> None:
    client = signed_in(cast.bob)
    answer = client.post(at("roster_import", cast.course), {"rows": LIST})
    assert answer.status_code == 200
    assert not Invitation.objects.exists()
    assert [(row.line, row.is_ready, row.already) for row in answer.context["rows"]] == [
        (2, True, False),
        (3, False, False),
        (4, False, True),
        (5, False, False),
        (6, False, False),
        (7, False, False),
    ]
    for _double_click in range(2):
        client.post(at("roster_import", cast.course), {"rows": LIST, "step": "send"})
    assert Invitation.objects.get().email == "nina@example.edu"


def test_a_csv_file_from_a_spreadsheet(cast: Cast) -> None:
    content = "Last Name,First Name,Email\nÅberg,Nina,nina@example.edu\n".encode("cp1252")
    file = SimpleUploadedFile("roster.csv", content, content_type="text/csv")
    answer = signed_in(cast.bob).post(at("roster_import", cast.course), {"file": file})
    (row,) = answer.context["rows"]
    assert (row.email, row.name) == ("nina@example.edu", "Nina Åberg")


@pytest.mark.parametrize(
    "data",
    [
        {"rows": ""},
        {"rows": "email,name\n"},
        {"rows": "\n".join(f"s{n}@example.edu" for n in range(1001))},
        {"file": SimpleUploadedFile("x.csv", b"\x00\x01\x02\x00")},
        {"file": SimpleUploadedFile("x.csv", b"a" * (1024 * 1024 + 1))},
    ],
)
def test_lists_that_cannot_be_read(cast: Cast, data: dict[str, Any]) -> None:
    answer = signed_in(cast.bob).post(at("roster_import", cast.course), data)
    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_export_guards_formulas_and_is_recorded(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(name="=HYPERLINK(1)")
    answer = signed_in(cast.bob).get(at("roster_export", cast.course))
    assert b"'=HYPERLINK(1)" in answer.getvalue()
    assert "attachment" in answer["Content-Disposition"]
    assert AuditEvent.objects.get(code="roster.exported").counts == {"rows": 2}


def test_removing_and_giving_back(cast: Cast) -> None:
    client = signed_in(cast.bob)
    url = at("roster_remove", cast.course, cast.alice)
    assert "Remove Alice" in client.get(url).content.decode()
    assert client.post(url, {"action": "remove"}).status_code == 302
    assert client.post(url, {"action": "remove"}).status_code == 409
    assert "Give Alice" in client.get(url).content.decode()
    client.post(url, {"action": "restore"})
    assert Enrolment.objects.get(course=cast.course, student=cast.alice).status == "active"


def test_joining_by_code_through_the_page(cast: Cast) -> None:
    code = set_join_code(course=cast.course, on=True, actor=cast.bob)
    client = signed_in(cast.dana)
    opened = client.get(f"{at('join_by_code')}?code={code}")
    assert code in opened.content.decode()
    assert not Enrolment.objects.filter(course=cast.course, student=cast.dana).exists()  # a link changes nothing
    assert client.post(at("join_by_code"), {"code": "WRONG123"}).status_code == 422
    assert client.post(at("join_by_code"), {"code": code}).url == at("course_detail", cast.course)
    assert Enrolment.objects.get(course=cast.course, student=cast.dana).status == "active"


def test_staff_pages(cast: Cast) -> None:
    client = signed_in(cast.bob)
    client.post(at("staff_invite", cast.course), {"email": "ta@example.edu", "role": "assistant"})
    assert Invitation.objects.get().role == "assistant"
    refused = client.post(at("staff_invite", cast.course), {"email": "ta@example.edu", "role": "administrator"})
    assert refused.status_code == 422
    url = at("staff_change", cast.course, cast.tom)
    client.post(url, {"action": "co_instructor"})
    assert CourseStaff.objects.get(course=cast.course, user=cast.tom).role == "co_instructor"
    assert client.post(at("staff_change", cast.course, cast.bob), {"action": "remove"}).status_code == 409
    client.post(url, {"action": "remove"})
    assert signed_in(cast.tom).get(at("roster", cast.course)).status_code == 404


def test_a_code_runs_out_fills_up_and_is_replaced(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    url = at("roster_code", cast.course)
    there = Enrolment.objects.filter(course=cast.course, status=Enrolment.Status.ACTIVE).count()
    assert bob.post(url, {"on": "1", "days": "7", "places": str(there + 1)}).status_code == 302
    cast.course.refresh_from_db()
    first = cast.course.join_code
    page = bob.get(at("roster", cast.course)).content.decode()
    assert first in page and f"up to {there + 1} students" in page
    newcomers = [person(f"new{number}", is_student=True) for number in range(3)]

    def join(who: User, code: str) -> Any:
        return signed_in(who).post(at("join_by_code"), {"code": code})

    assert join(newcomers[0], first).status_code == 302
    full = join(newcomers[1], first)
    assert full.status_code == 422 and "course is full" in full.content.decode()
    assert join(newcomers[0], first).status_code == 302  # who is in already comes in again
    # A new code ends the old one and its number of places.
    bob.post(url, {"on": "1", "days": "7", "places": ""})
    cast.course.refresh_from_db()
    second = cast.course.join_code
    assert second != first and cast.course.join_places is None
    assert "opens no course" in join(newcomers[1], first).content.decode()
    assert join(newcomers[1], second).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=5)):
        assert "opens no course" in join(newcomers[2], second).content.decode()
        assert "Ran out" in signed_in(cast.bob).get(at("roster", cast.course)).content.decode()
    # Nonsense changes nothing; an archived course opens to nobody.
    bob.post(url, {"on": "1", "days": "7", "places": "0"})
    bob.post(url, {"on": "1", "days": "9999"})
    cast.course.refresh_from_db()
    assert cast.course.join_code == second
    Course.objects.filter(pk=cast.course.pk).update(status="archived")
    assert "opens no course" in join(newcomers[2], second).content.decode()
