"""What an assignment's drafts say together: through its pages, its files and the plans made from it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, User
from aiconfig.catalogue import create_model, create_provider
from aiconfig.plans import ModelChoice, set_assignment_models
from courses.models import Assignment, Enrolment
from courses.tests.cast import Cast, at, cast, signed_in
from feedback.insight.report import compute_due, mark_due
from feedback.models import CriterionResult, Feedback, FeedbackItem, FeedbackRequest, InsightReport
from feedback.planning import freeze_plan
from feedback.release import release, retract
from submissions.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Cast:
    cache.clear()
    made = cast()
    provider = create_provider(
        name="Loopback",
        kind="openai_compatible",
        base_url="http://127.0.0.1:9/v1",
        key="sk-0123456789",
        actor=made.admin,
    )
    provider.activate()
    choices = []
    for name in ("near", "kind"):
        model = create_model(provider=provider, name=name, display_name=name.title(), actor=made.admin)
        model.activate()
        choices.append(ModelChoice(ai_model_id=model.pk))
    set_assignment_models(assignment=made.assignment, choices=choices, actor=made.bob)
    return made


def desks(people: Cast, count: int, *, own_level: int | None = None, by_hand: bool = False) -> list[Feedback]:
    """Add ``count`` drafts of as many students that lie read on the desk: Near is right, Kind one level too kind."""
    snapshot = freeze_plan(people.assignment)["rubric"]["criteria"]
    start = User.objects.count()
    students = User.objects.bulk_create(
        [User(email=f"s{start + n}@example.edu", name=f"Student {start + n:03}", password="!") for n in range(count)]
    )
    now = timezone.now()
    drafts = Draft.objects.bulk_create(
        [
            Draft(
                assignment=people.assignment,
                student=student,
                number=1,
                status="ready",
                submitted_at=now - timedelta(hours=5),
                content_due_at=now + timedelta(days=30),
            )
            for student in students
        ]
    )
    FeedbackRequest.objects.bulk_create(
        [FeedbackRequest(draft=draft, status="in_review", plan={"models": []}, finished_at=now) for draft in drafts]
    )
    made = Feedback.objects.bulk_create(
        [Feedback(draft=draft, summary="Read on.", by_hand=by_hand) for draft in drafts]
    )
    rows, notes = [], []
    for number, feedback in enumerate(made):
        for criterion in snapshot:
            top = len(criterion["levels"]) - 1
            true = number % (top + 1)
            rows.append(
                CriterionResult(
                    feedback=feedback,
                    criterion_key=criterion["key"],
                    position=0,
                    snapshot=criterion,
                    suggested_level=true,
                    level=own_level,
                    readings={
                        "Near": {"median": float(true), "runs": [true], "fallback": False},
                        "Kind": {"median": float(min(true + 1, top)), "runs": [min(true + 1, top)], "fallback": False},
                    },
                )
            )
        notes.append(
            FeedbackItem(
                feedback=feedback,
                status="shown",
                group="priority",
                criterion_key="c1",
                kind="issue",
                tag="evidence",
                comment="Say where this comes from.",
                rating="helpful" if number == 0 else "",
                edited_by=people.bob if number == 1 else None,
            )
        )
    CriterionResult.objects.bulk_create(rows)
    FeedbackItem.objects.bulk_create(notes)
    return made


def confirm(people: Cast, count: int, **more: Any) -> list[Feedback]:
    """Release ``count`` drafts as a person does, and compute what is due."""
    made = desks(people, count, **more)
    for feedback in made:
        release(feedback=feedback, actor=people.bob)
    compute_due(now=timezone.now() + timedelta(minutes=2))
    return made


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def rows_of(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_before_anything_is_released_the_page_says_what_is_missing(people: Cast) -> None:
    desks(people, 3)
    page = words(signed_in(people.bob).get(at("insight", people.assignment)))
    assert "There are 0 so far" in page and "20 are missing" in page and "nothing released yet" in page
    assert "Weighted kappa" not in page


@pytest.mark.thorough
def test_from_twenty_confirmed_drafts_on_there_are_coefficients_with_intervals(people: Cast) -> None:
    confirm(people, 19)
    client = signed_in(people.bob)
    page = words(client.get(at("insight", people.assignment)))
    assert "There are 19 so far" in page and "1 is missing" in page and "too few drafts" in page
    # A draft marked by hand, or released by nobody, confirms nothing about the reviewers.
    confirm(people, 1, by_hand=True)
    assert "There are 19 so far" in words(client.get(at("insight", people.assignment)))
    confirm(people, 1)
    page = words(client.get(at("insight", people.assignment)))
    assert "Weighted kappa" in page and "1.00 (1.00 to 1.00)" in page
    assert "100% the same, 100% within one level" in page
    assert re.search(r"Kind \d+ kinder by 0\.[56]", page) and re.search(r"Near \d+ neither", page)
    assert re.search(r"Evidence to work on Claim 2\d drafts 100% helpful 3", page)
    assert "5 hours" in page


def test_what_is_shown_of_levels_and_editing(people: Cast) -> None:
    confirm(people, 6)
    made = desks(people, 2, own_level=0)
    CriterionResult.objects.filter(feedback=made[0], criterion_key="c1").update(level=None, suggested_level=None)
    for feedback in made:
        release(feedback=feedback, actor=people.bob)
    page = words(signed_in(people.tom).get(at("insight", people.assignment)))
    # Claim: levels 0, 1, 2, 0, 1, 2 as suggested, one draft undecided, one set to the lowest by hand.
    assert "Beginning 3 (43%) Developing 2 (29%) Strong 2 (29%)" in page
    assert "1 draft without a level" in page
    assert "Notes 6 2 0 of the reviewers’ notes 25%" in page


def test_releases_and_taking_back_make_the_report_due_once(people: Cast) -> None:
    first, second = desks(people, 2)
    release(feedback=first, actor=people.bob)
    due = InsightReport.objects.get(assignment=people.assignment).due_at
    release(feedback=second, actor=people.bob)
    assert InsightReport.objects.get(assignment=people.assignment).due_at == due
    assert compute_due(now=timezone.now()) == 0, "releases in a row are waited for"
    later = timezone.now() + timedelta(minutes=2)
    assert (compute_due(now=later), compute_due(now=later)) == (1, 0)
    report = InsightReport.objects.get(assignment=people.assignment)
    assert report.numbers["confirmed"] == 2 and report.due_at is None
    retract(feedback=first, actor=people.bob)
    compute_due(now=later + timedelta(minutes=2))
    assert InsightReport.objects.get(assignment=people.assignment).numbers["confirmed"] == 1


def test_a_release_while_the_report_is_computed_is_not_forgotten(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from feedback.insight import report

    (one, two) = desks(people, 2)
    release(feedback=one, actor=people.bob)
    real = report.confirmed_drafts

    def meanwhile(assignment_id: int) -> Any:
        found = real(assignment_id)
        mark_due(assignment_id=assignment_id, now=timezone.now())
        return found

    monkeypatch.setattr(report, "confirmed_drafts", meanwhile)
    compute_due(now=timezone.now() + timedelta(minutes=2))
    monkeypatch.undo()
    release(feedback=two, actor=people.bob)
    assert compute_due(now=timezone.now() + timedelta(minutes=4)) == 1
    assert InsightReport.objects.get(assignment=people.assignment).numbers["confirmed"] == 2


@pytest.mark.thorough
def test_weights_are_used_once_each_model_has_thirty_confirmed_drafts(people: Cast) -> None:
    Assignment.objects.filter(pk=people.assignment.pk).update(aggregation="weighted")
    people.assignment.refresh_from_db()
    confirm(people, 29)
    plan = freeze_plan(people.assignment)
    assert (plan["method"], plan["method_chosen"], plan["weights"]) == ("clamped_mean", "weighted", {})
    client = signed_in(people.carol)
    page = words(client.get(at("calibration", people.assignment)))
    assert "29 of 30" in page and "clamped mean" in page
    confirm(people, 1)
    plan = freeze_plan(people.assignment)
    assert plan["method"] == "weighted" and plan["weights"]["Near"] == pytest.approx(0.75)
    page = words(client.get(at("calibration", people.assignment)))
    assert "Near 30 " in page and "0.75" in page and "0.25" in page and "kinder by" in page
    panel = client.get(at("calibration", people.assignment), headers={"HX-Request": "true"})
    assert panel.status_code == 200 and b"<html" not in panel.content
    Assignment.objects.filter(pk=people.assignment.pk).update(aggregation="majority")
    people.assignment.refresh_from_db()
    assert freeze_plan(people.assignment)["method"] == "majority"


@pytest.mark.thorough
def test_the_numbers_as_a_file_hold_no_name_and_no_formula(people: Cast) -> None:
    Assignment.objects.filter(pk=people.assignment.pk).update(title="=1+1")
    people.rubric.criteria.filter(key="c1").update(title="=cmd()")
    confirm(people, 20)
    rows = rows_of(signed_in(people.tom).get(at("insight_export", people.assignment)))
    assert rows[0] == ["part", "about", "what", "value", "low", "high", "n"]
    kappa = next(row for row in rows if row[2].startswith("quadratic"))
    assert kappa[1] == "'=cmd()" and kappa[3:] == ["1.0", "1.0", "1.0", "20"]
    assert not [row for row in rows if any("Student" in cell or "@" in cell for cell in row)]
    assert AuditEvent.objects.filter(code="insight.exported", actor=people.tom).exists()


def test_levels_and_points_as_a_file(people: Cast) -> None:
    first, second, third = desks(people, 3)
    User.objects.filter(pk=first.draft.student_id).update(name="=HYPERLINK(1)")
    CriterionResult.objects.filter(feedback=second, criterion_key="c1").update(suggested_level=None)
    release(feedback=third, actor=people.bob)
    client = signed_in(people.bob)
    head, *rows = rows_of(client.get(at("results_export", people.assignment)))
    found = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    one, two, three = (found[feedback.draft.student.email] for feedback in (first, second, third))
    assert one["student"] == "'=HYPERLINK(1)" and one["Claim"] == "Beginning" and one["Claim, points"] == "0.0"
    assert (one["points"], one["out of"], one["weighted, percent"]) == ("0.0", "2.0", "0.0")
    # Nobody could score it: empty, not 0, and the criterion is named.
    assert (two["Claim"], two["Claim, points"], two["points"], two["without a level"]) == ("", "", "", "Claim")
    assert (three["Claim, points"], three["points"], three["state"]) == ("2.0", "2.0", "Released")
    assert two["state"] == "In review" and not two["released"] and three["released"]
    Assignment.objects.filter(pk=people.assignment.pk).update(blind_review=True)
    # Aliases that run against the names: the order of the lines says nothing that the roster could be laid beside.
    by_name = User.objects.filter(drafts__assignment=people.assignment).order_by("-name", "-pk")
    for number, student in enumerate(by_name):
        Enrolment.objects.create(course=people.course, student=student, alias=f"Student {2000 + number}")
    lines = rows_of(client.get(at("results_export", people.assignment)))[1:]
    assert len({line[0] for line in lines}) > 2 and [line[0] for line in lines] == sorted(line[0] for line in lines)
    blind = rows_of(client.get(at("results_export", people.assignment)))
    assert not [cell for row in blind for cell in row if "@" in cell or "Student 0" in cell]
    assert AuditEvent.objects.filter(code="results.exported", actor=people.bob).count() == 3


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("insight", {"bob", "carol", "tom"}),
        ("insight_export", {"bob", "carol", "tom"}),
        ("results_export", {"bob", "carol"}),
        ("calibration", {"bob", "carol", "tom", "admin"}),
    ],
)
def test_who_may_see_it(people: Cast, name: str, allowed: set[str]) -> None:
    for who in ("bob", "carol", "tom", "charlie", "alice", "dana", "admin"):
        status = signed_in(getattr(people, who)).get(at(name, people.assignment)).status_code
        assert (status == 200) == (who in allowed), (who, status)
        assert status in {200, 403, 404}
    assert signed_in(people.charlie).get(at(name, people.assignment)).status_code == 404


@pytest.mark.thorough
def test_the_page_asks_as_often_for_many_drafts_as_for_few(people: Cast) -> None:
    confirm(people, 20)
    client = signed_in(people.bob)
    counts = []
    for more in (0, 15):
        for feedback in desks(people, more):
            release(feedback=feedback, actor=people.bob)
        with CaptureQueriesContext(connection) as asked:
            client.get(at("insight", people.assignment))
        counts.append(len(asked))
        with CaptureQueriesContext(connection) as exported:
            rows_of(client.get(at("results_export", people.assignment)))
        counts.append(len(exported))
    assert counts[2:] <= counts[:2], counts


def test_points_are_on_the_desk_and_where_levels_are_shown_to_the_student(people: Cast) -> None:
    Assignment.objects.filter(pk=people.assignment.pk).update(levels_shown="always")
    (first,) = desks(people, 1)
    Draft.objects.filter(pk=first.draft_id).update(student=people.alice)
    CriterionResult.objects.filter(feedback=first, criterion_key="c1").update(suggested_level=None, withheld=True)
    client, url = signed_in(people.bob), f"/review/{first.draft.public_id}/"
    page = words(client.get(url, {"tab": "rubric"}))
    assert "No points yet: no level for Claim" in page and "open, of 2 points" in page
    client.post(f"{url}level/", {"criterion": "c1", "level": "1"})
    page = words(client.get(url, {"tab": "rubric"}))
    assert "1 of 2 points" in page
    first.refresh_from_db()
    release(feedback=first, actor=people.bob)
    alice = signed_in(people.alice)
    read = f"/drafts/{first.draft.public_id}/feedback/"
    assert "1 of 2 points" in words(alice.get(read))
    download = read.removesuffix("/") + ".md"
    assert "1 of 2 points" in alice.get(download).content.decode()
    Assignment.objects.filter(pk=people.assignment.pk).update(levels_shown="never")
    assert "points" not in words(alice.get(read)) and "points" not in alice.get(download).content.decode()
