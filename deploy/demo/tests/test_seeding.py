"""The demo course by the real write functions, its readings by the demo reviewers over HTTP."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from aiconfig.models import AIModel, Provider
from courses.models import Assignment, Course, Enrolment
from deploy.demo import reviewers, scenario, seeding
from deploy.demo.logins import LOGINS, PASSWORD
from feedback import runs
from feedback.combining import try_aggregate
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun
from feedback.requests import request_feedback
from submissions.models import Draft
from submissions.reading import read_draft

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = {scenario.STUDENT, "goran.petrak@demo.example"}


@pytest.fixture
def reviewer_url(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = reviewers.make_server(0, longest_s=0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.DEMO_REVIEWER_URL = f"http://127.0.0.1:{server.server_port}/v1"
    monkeypatch.delenv("DEMO_REVIEWER_KEY", raising=False)
    # Two of the stories tell all kinds of steps; reading every file is for the extraction's own tests.
    monkeypatch.setattr(scenario, "STORIES", tuple(s for s in scenario.STORIES if s.email in TOLD))
    fewer = tuple(dataclasses.replace(a, runs=1) for a in scenario.ASSIGNMENTS)
    monkeypatch.setattr(scenario, "ASSIGNMENTS", fewer)
    yield settings.DEMO_REVIEWER_URL
    server.shutdown()
    server.server_close()


def work() -> None:
    """Do the workers' part: read the files, carry out the runs, combine."""
    for pk in Draft.objects.filter(status=Draft.Status.RECEIVED).values_list("pk", flat=True):
        read_draft(pk)
        request_feedback(pk)
    for _ in range(4):
        for pk in FeedbackRequest.objects.filter(status__in=["open", "aggregating"]).values_list("pk", flat=True):
            if not try_aggregate(pk):
                runs.execute(pk)


def counts() -> Counter[str]:
    models = (User, Course, Enrolment, Assignment, Provider, AIModel, Draft, Feedback, ModelRun, AuditEvent)
    return Counter({model.__name__: model.objects.count() for model in models})


@pytest.mark.thorough
def test_the_stories_are_told_to_their_end_once(reviewer_url: str) -> None:
    seeding.seed()
    first = counts()
    seeding.seed()
    assert counts() == first, "seeding again adds nothing"
    assert not seeding.finished()

    work()
    while seeding.advance(now=timezone.now()):
        work()
    work()
    assert seeding.finish_if_done(waiting=0) and seeding.finished()

    drafts = {(d.student.email, d.number): d for d in Draft.objects.select_related("student")}
    assert drafts["goran.petrak@demo.example", 1].status == Draft.Status.FAILED
    released = [Feedback.objects.get(draft=drafts[scenario.STUDENT, n]) for n in (1, 2)]
    assert [f.status for f in released] == ["released", "released"]
    assert all(f.released_at and f.summary for f in released)
    assert released[0].first_read_at and not released[1].first_read_at, "the second waits to be read"
    items = FeedbackItem.objects.filter(feedback__in=released, status="shown")
    assert {"priority", "strength"} <= {item.group for item in items}
    assert items.exclude(plan="").count() >= 3
    runs_made = ModelRun.objects.filter(request__draft__in=drafts.values())
    assert runs_made and {run.status for run in runs_made} == {"succeeded"}
    assert all("rules, not AI" in run.display_name for run in runs_made)
    # What the student did about the first round is seen in the second.
    assert any(item.outcome for item in items.filter(feedback=released[0], group="priority"))

    # A visitor takes something back: no later start undoes that.
    before = counts()
    seeding.seed()
    assert counts() == before


def test_the_provider_follows_the_reviewers_to_another_port(reviewer_url: str) -> None:
    seeding.seed()
    seeding.point_provider_to("http://127.0.0.1:9/v1")
    provider = Provider.objects.get(is_demo=True)
    assert provider.base_url == "http://127.0.0.1:9/v1" and provider.api_key
    events = AuditEvent.objects.count()
    seeding.point_provider_to("http://127.0.0.1:9/v1")
    assert AuditEvent.objects.count() == events


def test_everybody_named_can_log_in(reviewer_url: str) -> None:
    seeding.seed()
    for email, _ in LOGINS:
        user = User.objects.get(email=email)
        assert user.check_password(PASSWORD) and user.is_active
        assert "(demo)" in user.name and email.endswith("@demo.example")


def test_a_site_without_the_demo_course_is_left_alone(reviewer_url: str) -> None:
    assert seeding.demo_course() is None
    assert seeding.advance(now=timezone.now()) == 0
    seeding.point_provider_to("http://127.0.0.1:9/v1")
    assert sum(counts().values()) == 0


def test_every_document_of_the_scenario_is_there() -> None:
    named = {step.document for s in scenario.STORIES for step in s.steps if isinstance(step, scenario.Submit)}
    assert named == {path.name for path in scenario.DOCUMENTS.iterdir()}
    emails = [p.email for p in scenario.STUDENTS]
    assert len(emails) == len(set(emails))
    keys = {a.key for a in scenario.ASSIGNMENTS}
    for story in scenario.STORIES:
        assert story.email in emails and story.assignment in keys
        assert all(dataclasses.is_dataclass(step) for step in story.steps)
        days = [step.days_ago for step in story.steps]
        assert days == sorted(days, reverse=True)
