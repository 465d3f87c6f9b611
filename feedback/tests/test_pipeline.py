"""One draft through the real pipeline with real HTTP to stub reviewers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiconfig.models import AIModel
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun
from feedback.release import release
from feedback.requests import request_feedback, rerun
from feedback.tests.conftest import ESSAY, REVISED, Stage
from feedforward.models import OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]


def test_three_models_that_agree_end_on_the_desk(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "honest-1c")
    request = scene.through()
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    feedback = Feedback.objects.get(draft=request.draft)
    rows = {row.criterion_key: row for row in feedback.criteria.all()}
    assert {row.suggested_level for row in rows.values()} == {1}
    assert all(not row.withheld for row in rows.values())
    shown = feedback.items.filter(status=FeedbackItem.Status.SHOWN)
    assert {item.group for item in shown} == {"priority", "strength"}
    text = request.draft.content.text
    for item in shown:
        for quote in item.quotes:
            assert text[quote["start"] : quote["end"]] == quote["shown"]
    assert OutgoingMail.objects.filter(kind="review_waits").exists()


def test_practice_is_released_by_nobody_unless_the_draft_worries(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "honest-1c")
    scene.assignment.practice = True
    scene.assignment.save(update_fields=["practice"])
    request = scene.through()
    assert request.status == FeedbackRequest.Status.RELEASED
    assert not OutgoingMail.objects.filter(kind="review_waits").exists()

    worrying = scene.through(ESSAY + "\n\nI do not want to live any more and I am going to kill myself tonight.")
    assert worrying.status == FeedbackRequest.Status.IN_REVIEW
    feedback = Feedback.objects.get(draft=worrying.draft)
    assert feedback.status != Feedback.Status.RELEASED and not feedback.practice
    assert "STUDENT_CONCERN" in {flag["code"] for flag in feedback.flags}
    assert OutgoingMail.objects.filter(kind="review_waits").exists()


def test_asking_twice_makes_one_request_and_one_feedback(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "honest-1c")
    request = scene.through()
    again = request_feedback(request.draft_id)
    assert again is not None and again.pk == request.pk
    scene.execute(request)
    assert Feedback.objects.filter(draft=request.draft).count() == 1
    assert ModelRun.objects.filter(request=request).count() == 3


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("refusing", "refused"),
        ("truncating", "truncated"),
        ("wrong-nonce", "wrong_nonce"),
        ("unauthorised", "wrong_key"),
        ("html", "not_understood"),
        ("nonesuch", "not_found"),
    ],
)
def test_a_run_without_a_usable_answer_is_missing_never_a_level(stage: Make, settings, model: str, code: str) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    scene = stage("honest-1", "honest-1b", model)
    request = scene.through()
    failed = ModelRun.objects.get(request=request, model_name=model)
    assert failed.status == ModelRun.Status.FAILED
    assert failed.error_code == code
    assert failed.scores.count() == 0
    row = Feedback.objects.get(draft=request.draft).criteria.first()
    assert row is not None and row.suggested_level == 1
    assert failed.display_name not in row.readings


def test_all_failed_needs_a_person_and_says_why(stage: Make, settings) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    scene = stage("unauthorised", "unauthorised-2", "unauthorised-3")
    request = scene.through()
    assert request.status == FeedbackRequest.Status.NEEDS_HUMAN
    assert "key" in request.reason
    assert "sk-canary" not in request.reason
    feedback = Feedback.objects.get(draft=request.draft)
    assert feedback.by_hand
    assert all(row.shown_level is None for row in feedback.criteria.all())
    assert OutgoingMail.objects.filter(kind="needs_person").exists()


def test_no_model_at_all_is_the_same_desk(stage: Make) -> None:
    scene = stage()
    request = scene.through()
    assert request.status == FeedbackRequest.Status.NEEDS_HUMAN
    assert Feedback.objects.get(draft=request.draft).criteria.count() == 2


def test_a_fallback_takes_over_and_is_recorded(stage: Make, settings) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    scene = stage("honest-1", "unauthorised", fallback=("lenient",))
    request = scene.through()
    run = ModelRun.objects.get(request=request, slot=1)
    assert (run.status, run.model_name, run.fallback_step) == ("succeeded", "lenient", 1)
    flags = Feedback.objects.get(draft=request.draft).flags
    assert "FALLBACK_MODEL" in {flag["code"] for flag in flags}


def test_a_busy_provider_delays_the_run_and_loses_nothing(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "busy-30")
    draft = scene.submit()
    request = scene.execute(scene.read(draft), rounds=1)
    assert request.status == FeedbackRequest.Status.OPEN
    run = ModelRun.objects.get(request=request, model_name="busy-30")
    assert run.status == ModelRun.Status.PENDING and run.not_before is not None
    assert ModelRun.objects.filter(request=request, status="succeeded").count() == 2


def test_models_that_disagree_are_asked_once_more_and_the_level_is_withheld(stage: Make) -> None:
    scene = stage("lenient", "harsh", "honest-1", adaptive=True)
    request = scene.through()
    assert ModelRun.objects.filter(request=request, is_extra=True).count() == 3
    feedback = Feedback.objects.get(draft=request.draft)
    row = feedback.criteria.get(criterion_key="c1")
    assert row.withheld and row.suggested_level is None
    assert feedback.must_count >= 1


def test_a_rerun_keeps_what_people_wrote(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "honest-1c")
    request = scene.through()
    feedback = Feedback.objects.get(draft=request.draft)
    item = feedback.items.filter(status="shown").first()
    assert item is not None
    FeedbackItem.objects.filter(pk=item.pk).update(comment="My own words.", edited_by=scene.people.bob)
    feedback.criteria.filter(criterion_key="c1").update(level=2, level_set_by=scene.people.bob)
    rerun(request=request, actor=scene.people.bob)
    request.refresh_from_db()
    scene.execute(request)
    request.refresh_from_db()
    assert request.status == FeedbackRequest.Status.IN_REVIEW and request.round == 2
    assert feedback.items.get(pk=item.pk).comment == "My own words."
    assert feedback.criteria.get(criterion_key="c1").level == 2


def test_release_then_second_draft_carries_the_goals(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", "honest-1c")
    first = scene.through()
    feedback = Feedback.objects.get(draft=first.draft)
    release(feedback=feedback, actor=scene.people.bob)
    feedback.refresh_from_db()
    assert feedback.status == Feedback.Status.RELEASED
    first.draft.refresh_from_db()
    assert first.draft.content_due_at is not None
    assert OutgoingMail.objects.filter(kind="feedback_released", to=scene.people.alice.email).count() == 1
    scene.provider.prompts.clear()
    second = scene.through(REVISED)
    assert second.draft.number == 2
    sent = "\n".join(m["content"] for _, messages in scene.provider.prompts for m in messages)
    assert "goal g" in sent
    assert "alice" not in sent.lower().replace("palice", "")
    goal = feedback.items.get(group="priority", status="shown")
    assert goal.outcome in {"addressed", "partly", "cannot_tell", "attempted_not_yet"}


def test_no_name_number_or_address_leaves(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b")
    scene.provider.prompts.clear()
    scene.through(f"By {scene.people.alice.name}, {scene.people.alice.email}.\n\n" + REVISED)
    sent = "\n".join(m["content"] for _, messages in scene.provider.prompts for m in messages)
    assert scene.people.alice.email not in sent
    assert f"By {scene.people.alice.name}" not in sent


def test_a_fault_of_ours_in_one_run_leaves_the_others_their_answers(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedback import asking

    real = asking.verify
    broken: list[str] = []

    def verify_badly_once(*args: object, **kwargs: object) -> object:
        if not broken:
            broken.append("once")
            raise RuntimeError("a fault of ours")
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "verify", verify_badly_once)
    request = stage("honest-1", "honest-1b", "honest-1c").through()
    statuses = sorted(request.runs.values_list("status", "error_code"))
    assert statuses == [("failed", "internal"), ("succeeded", ""), ("succeeded", "")]
    assert request.status == FeedbackRequest.Status.IN_REVIEW


def test_a_model_without_structured_output_is_asked_in_words_and_remembered(stage: Make) -> None:
    scene = stage("plain-1", "honest-1")
    AIModel.objects.filter(name="plain-1").update(output_mode="auto")
    before = scene.provider.refused
    request = scene.through()
    run = request.runs.get(ai_model__name="plain-1")
    assert (run.status, run.attempts, run.parameters["sent"]["output"]) == ("succeeded", 1, "prompt")
    # The words of the prompt fit the way it is asked.
    assert "no introduction, no code fence" in run.transcript.messages[0]["content"]
    scene.through(ESSAY + "\n\nOnce more.")
    assert scene.provider.refused == before + 1
