"""Two processes at once: who wins, and that nothing is done twice or lost. On PostgreSQL these are real races."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from feedback.combining import try_aggregate
from feedback.leases import claim_runs, renew
from feedback.models import Feedback, FeedbackRequest, ModelRun
from feedback.release import ReleaseRefused, release
from feedback.requests import request_feedback
from feedback.review import EditedMeanwhile, set_summary
from feedback.sweeping import sweep
from feedback.tests.conftest import ESSAY, Stage
from feedforward.models import OutgoingMail
from submissions.intake import NotAccepted, submit_draft
from submissions.models import Draft
from submissions.reading import read_draft

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races, pytest.mark.thorough]
Make = Callable[..., Stage]
ROUNDS = 5


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run ``jobs`` in threads that start together; returns results or the exceptions they raised, in order."""
    barrier = threading.Barrier(len(jobs))
    results: list[object] = [None] * len(jobs)

    def work(index: int, job: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=20)
            results[index] = job()
        except Exception as error:  # the test looks at whatever was raised
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_the_draft_limit_holds_when_submits_arrive_together(stage: Make) -> None:
    made = stage("honest-1")
    made.assignment.max_drafts = 2
    made.assignment.save(update_fields=["max_drafts"])
    alice = made.people.alice

    def submit() -> object:
        return submit_draft(assignment=made.assignment, student=alice, actor=alice, text=ESSAY)

    results = at_once(*[submit] * 6)
    refused = [r for r in results if isinstance(r, NotAccepted)]
    assert len(refused) == 4, results
    assert sorted(Draft.objects.values_list("number", flat=True)) == [1, 2]


def test_a_double_click_makes_one_draft(stage: Make) -> None:
    made = stage("honest-1")
    alice, key = made.people.alice, uuid.uuid4()

    def submit() -> object:
        return submit_draft(
            assignment=made.assignment, student=alice, actor=alice, text=ESSAY, submission_key=key
        ).draft.pk

    results = at_once(*[submit] * 4)
    assert len(set(results)) == 1, results
    assert Draft.objects.count() == 1


def test_one_of_many_readers_takes_the_draft(stage: Make) -> None:
    made = stage("honest-1")
    draft = made.submit()
    at_once(*[lambda: read_draft(draft.pk)] * 4)
    draft.refresh_from_db()
    assert (draft.status, draft.attempts) == ("ready", 1)
    assert FeedbackRequest.objects.filter(draft=draft).count() == 1


def test_claims_share_no_run(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", "honest-1c", runs_each=3)
    request = made.read(made.submit())
    results = at_once(*[lambda: [run.pk for run in claim_runs(request, now=timezone.now())]] * 4)
    taken = [pk for claimed in results for pk in claimed]  # type: ignore[attr-defined]
    assert sorted(taken) == sorted(request.runs.values_list("pk", flat=True))


def test_the_last_runs_combine_exactly_once(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    for _ in range(ROUNDS):
        made.assignment.max_drafts = 20
        made.assignment.save(update_fields=["max_drafts"])
        request = made.read(made.submit())
        runs = claim_runs(request, now=timezone.now())

        def finish(run: ModelRun, request_id: int = request.pk) -> bool:
            run.move(
                ModelRun.Status.FAILED,
                where={"fence": run.fence},
                error_code="test",
                lease_until=None,
                finished_at=timezone.now(),
            )
            return try_aggregate(request_id)

        results = at_once(*[lambda run=run: finish(run) for run in runs])
        assert sorted(map(bool, results)) == [False, True], results
        request.refresh_from_db()
        assert request.status == FeedbackRequest.Status.NEEDS_HUMAN
        assert Feedback.objects.filter(draft=request.draft).count() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(stage: Make) -> None:
    made = stage("honest-1")
    request = made.read(made.submit())
    now = timezone.now()
    (stopped,) = claim_runs(request, now=now)
    assert claim_runs(request, now=now + timedelta(seconds=1)) == []
    (taken,) = claim_runs(request, now=now + timedelta(minutes=5))
    assert taken.fence == stopped.fence + 1
    late = stopped.try_move(ModelRun.Status.FAILED, where={"fence": stopped.fence}, error_code="late", lease_until=None)
    assert late is False
    assert renew({stopped.pk: stopped.fence}, now=now) == 0
    assert renew({taken.pk: taken.fence}, now=now) == 1


def test_release_at_once_tells_the_student_once(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    request = made.through()
    feedback = Feedback.objects.get(draft=request.draft)

    def go(actor: object) -> object:
        return release(feedback=Feedback.objects.get(pk=feedback.pk), actor=actor)  # type: ignore[arg-type]

    results = at_once(*[lambda who=who: go(who) for who in (made.people.bob, made.people.carol)] * 2)
    assert all(isinstance(r, Feedback | ReleaseRefused) for r in results), results
    assert OutgoingMail.objects.filter(kind="feedback_released").count() == 1


def test_two_editors_of_one_version_do_not_overwrite_each_other(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    request = made.through()
    feedback = Feedback.objects.get(draft=request.draft)
    version = feedback.version

    def write(words: str, actor: object) -> object:
        set_summary(
            feedback=Feedback.objects.get(pk=feedback.pk),
            summary=words,
            actor=actor,
            version=version,  # type: ignore[arg-type]
        )
        return words

    results = at_once(lambda: write("bob", made.people.bob), lambda: write("carol", made.people.carol))
    assert sum(isinstance(r, EditedMeanwhile) for r in results) == 1, results
    feedback.refresh_from_db()
    assert feedback.summary in results


def test_requests_asked_for_at_once_are_one(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    draft = made.submit()
    read_draft(draft.pk)
    FeedbackRequest.objects.filter(draft=draft).delete()
    at_once(*[lambda: request_feedback(draft.pk)] * 4)
    assert FeedbackRequest.objects.filter(draft=draft).count() == 1
    assert ModelRun.objects.filter(request__draft=draft).count() == 2


def test_the_sweeper_finds_what_a_lost_message_left(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    draft = made.submit()
    read_draft(draft.pk)
    FeedbackRequest.objects.filter(draft=draft).delete()
    later = timezone.now() + timedelta(minutes=1)
    sweep(now=later)
    request = FeedbackRequest.objects.get(draft=draft)
    assert sweep(now=later + timedelta(seconds=30)) == 1
    made.execute(request)
    request.refresh_from_db()
    assert request.status == FeedbackRequest.Status.IN_REVIEW
