"""The pages of courses as people use them: lists, rosters, rubrics, assignments, and their refusals."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Invitation, User
from courses.assignments import create_assignment
from courses.catalogue import change_lifecycle, create_course, set_join_code
from courses.models import Assignment, Course, CourseStaff, Enrolment, Rubric, RubricTemplate
from courses.roster import enrol, remove_student
from courses.rubric_templates import load_library
from courses.rubrics import create_rubric, spec_of
from courses.tests.cast import CRITERIA, Cast, person


def at(name: str, *rows: Any) -> str:
    return reverse(name, args=[row.public_id for row in rows])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- who may open what ----------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(("page", "url", "expected"), PAGES, ids=[page for page, _url, _expected in PAGES])
def test_who_opens_which_page(cast: Cast, page: str, url: Callable[[Cast], str], expected: tuple[int, ...]) -> None:
    got = tuple(signed_in(getattr(cast, name)).get(url(cast)).status_code for name in WHO)
    assert dict(zip(WHO, got, strict=True)) == dict(zip(WHO, expected, strict=True))
    assert Client().get(url(cast)).status_code == 302  # to the sign-in page


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


# --- courses ----------------------------------------------------------------------------------------------------


def test_founding_a_course_twice_by_one_form_makes_one(cast: Cast) -> None:
    client = signed_in(cast.bob)
    key = str(client.get(at("course_create")).context["form"]["key"].value())
    data = {"key": key, "title": "Rhetoric", "code": "RH 1", "term": "", "description": ""}
    first = client.post(at("course_create"), data)
    second = client.post(at("course_create"), data)
    assert first.url == second.url
    assert Course.objects.filter(title="Rhetoric").count() == 1


def test_a_key_of_somebody_elses_course_opens_nothing(cast: Cast) -> None:
    client = signed_in(cast.charlie)
    client.raise_request_exception = False
    answer = client.post(at("course_create"), {"key": str(cast.course.public_id), "title": "Mine"})
    assert answer.status_code >= 400
    assert Course.objects.get(pk=cast.course.pk).title == "Writing"


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


# --- roster -----------------------------------------------------------------------------------------------------


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


def test_export_defuses_formulas_and_is_recorded(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(name="=HYPERLINK(1)")
    answer = signed_in(cast.bob).get(at("roster_export", cast.course))
    assert b"'=HYPERLINK(1)" in answer.content
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


# --- rubrics ------------------------------------------------------------------------------------------------------


def rubric_form(title: str, **more: str) -> dict[str, str]:
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


def test_a_rubric_written_by_plain_posts(cast: Cast) -> None:
    client = signed_in(cast.bob)
    url = at("rubric_create", cast.course)
    before = Rubric.objects.count()
    form = rubric_form("Report")
    page = client.post(url, {**form, "do": "criterion-add"})
    assert [len(criterion.levels) for criterion in page.context["draft"].criteria] == [2, 2]
    page = client.post(url, {**form, "do": "level-add:0"})
    assert len(page.context["draft"].criteria[0].levels) == 3
    page = client.post(url, {**form, "do": "level-reverse:0"})
    assert page.context["draft"].criteria[0].levels[0].label == "High"
    assert Rubric.objects.count() == before
    key = str(uuid.uuid4())
    for _double_click in range(2):
        saved = client.post(url, {**form, "do": "save", "key": key})
        assert saved.status_code == 302
    rubric = Rubric.objects.get(title="Report")
    assert spec_of(rubric).criteria[0].levels[1].label == "High"


@pytest.mark.parametrize(
    "button",
    [
        "criterion-up:0",
        "criterion-down:9",
        "level-remove:0:7",
        "level-up:x",
        "explode",
        "criterion-remove:-1",
        "",
        "::::",
    ],
)
def test_buttons_that_do_nothing_keep_what_was_typed(cast: Cast, button: str) -> None:
    page = signed_in(cast.bob).post(at("rubric_edit", cast.rubric), {**rubric_form("Typed"), "do": button})
    assert page.status_code == 200
    assert "A precise claim comes first." in page.content.decode()
    assert Rubric.objects.get(pk=cast.rubric.pk).title == "Essay"


def test_editing_a_rubric_and_being_overtaken(cast: Cast) -> None:
    client = signed_in(cast.bob)
    url = at("rubric_edit", cast.rubric)
    assert client.post(url, rubric_form("Mine", revision="1", **{"c0-key": "c1"})).status_code == 302
    late = client.post(url, rubric_form("Late", revision="1", **{"c0-key": "c1"}))
    assert late.status_code == 409
    assert "Late" in late.content.decode()
    again = client.post(url, rubric_form("Late", revision="2", **{"c0-key": "c1"}))
    assert again.status_code == 302
    assert spec_of(cast.rubric).title == "Late"


def test_rubric_errors_stand_beside_their_fields(cast: Cast) -> None:
    form = rubric_form("", **{"c0-weight": "many", "c0-l1-label": "low", "c0-l0-points": "NaN"})
    page = signed_in(cast.bob).post(at("rubric_create", cast.course), {**form, "do": "save"})
    assert page.status_code == 422
    criterion = page.context["draft"].criteria[0]
    assert set(criterion.errors) == {"weight"}
    assert set(criterion.levels[0].errors) == {"points"}
    page = signed_in(cast.bob).post(
        at("rubric_create", cast.course), {**rubric_form("", **{"c0-l1-label": "low"}), "do": "save"}
    )
    assert page.context["draft"].errors == {"title": "Give the rubric a title."}
    assert set(page.context["draft"].criteria[0].levels[1].errors) == {"label"}


def test_starting_from_a_template_a_table_and_blank(cast: Cast) -> None:
    load_library()
    client = signed_in(cast.bob)
    url = at("rubric_create", cast.course)
    template = RubricTemplate.objects.get(slug="essay")
    assert template.title in client.get(url).content.decode()
    key = str(uuid.uuid4())
    first = client.post(url, {"start": "template", "template": str(template.public_id), "key": key})
    assert client.post(url, {"start": "template", "template": str(template.public_id), "key": key}).url == first.url
    assert "Claim and line of reasoning" in client.get(first.url).content.decode()
    table = "Criterion\tStrong (2)\tWeak (1)\nClaim\tPrecise\tMissing\n"
    page = client.post(url, {"start": "import", "text": table})
    assert page.context["draft"].criteria[0].levels[0].label == "Weak"
    refused = client.post(url, {"start": "import", "text": "nothing"})
    assert refused.status_code == 422 and "No table" in refused.content.decode()
    assert client.get(url + "?start=blank").context["draft"].criteria[0].levels[0].label == "Beginning"


def test_a_rubric_goes_out_as_a_file_and_comes_in_again(cast: Cast) -> None:
    client = signed_in(cast.bob)
    file = client.get(at("rubric_export", cast.rubric))
    assert file["Content-Disposition"] == 'attachment; filename="essay.ffrubric"'
    upload = SimpleUploadedFile("essay.ffrubric", file.content)
    page = client.post(at("rubric_create", cast.course), {"start": "import", "file": upload})
    assert [criterion.title for criterion in page.context["draft"].criteria] == ["Claim", "Clarity"]


def test_templates_of_ones_own(cast: Cast) -> None:
    client = signed_in(cast.bob)
    for _double_click in range(2):
        client.post(at("rubric_save_template", cast.rubric), {"title": "Mine"})
    template = RubricTemplate.objects.get(owner=cast.bob)
    other = signed_in(cast.carol)
    assert "Mine" not in other.get(at("rubric_templates")).content.decode()
    refused = other.post(at("rubric_templates"), {"template": str(template.public_id), "action": "delete"})
    assert refused.status_code == 404
    client.post(at("rubric_templates"), {"template": str(template.public_id), "action": "delete"})
    template.refresh_from_db()
    assert template.status == "deleted"


# --- assignments --------------------------------------------------------------------------------------------------


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


# --- speed ----------------------------------------------------------------------------------------------------------


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


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
