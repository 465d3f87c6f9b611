"""Letting a model word notes: what it is sent, what is taken, and that nothing it does keeps a draft from the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Assignment
from feedback import rewording
from feedback import runs as carrying_out
from feedback.merging.rewording import read_wording
from feedback.models import Feedback, FeedbackItem, FeedbackRequest
from feedback.reading.json_text import AnswerRejected
from feedback.tests.conftest import ESSAY, Stage
from feedback.tests.stub_reviewers import WORDED, StubProvider

Make = Callable[..., Stage]
NONCE = "k7f2m9x4qa"


@pytest.fixture(autouse=True)
def _worded_well_again(provider: StubProvider) -> Iterator[None]:
    yield
    provider.wording = "good"


def worded_stage(stage: Make, *names: str) -> Stage:
    scene = stage(*(names or ("honest-1", "other-1")))
    Assignment.objects.filter(pk=scene.assignment.pk).update(model_wording=True)
    return scene


def priority_of(request: FeedbackRequest) -> FeedbackItem:
    return Feedback.objects.get(draft=request.draft).items.get(group="priority", status="shown")


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_a_worded_note_is_marked_and_its_comments_stay_in_reach(stage: Make) -> None:
    scene = worded_stage(stage)
    scene.provider.prompts.clear()
    name = scene.people.alice.name = "Alice Quintana"
    scene.people.alice.save(update_fields=["name"])
    request = scene.execute(scene.read(scene.submit(f"By {name}.\n\n{ESSAY}")), rounds=6)
    note = priority_of(request)
    assert (note.comment, note.worded_by) == (WORDED, "Honest-1")
    assert {source["model"] for source in note.sources} == {"Honest-1", "Other-1"}
    run = request.runs.get(purpose="wording")
    assert (run.status, run.input_tokens, run.summary["refused"]) == ("succeeded", 900, {})
    model, messages = scene.provider.prompts[-1]
    sent = "\n".join(message["content"] for message in messages)
    assert model == "honest-1" and "comment 1 | " in sent
    assert name not in sent and "Public transport should be free" not in sent

    client = Client()
    client.force_login(scene.people.bob)
    page = client.get(reverse("desk", args=[request.draft.public_id])).content.decode()  # type: ignore[union-attr]
    assert "worded by Honest-1" in page and "Use Other-1’s words" in page and "Use Honest-1’s words" in page
    original = note.sources[0]["comment"]
    client.post(reverse("desk_note", args=[note.public_id]), {"action": "swap", "source": "0"})
    note.refresh_from_db()
    assert note.comment == original
    page = client.get(reverse("desk", args=[request.draft.public_id])).content.decode()  # type: ignore[union-attr]
    assert "worded by" not in page


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_whatever_goes_wrong_the_desk_has_the_reviewers_own_words(
    stage: Make, provider: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = worded_stage(stage)
    monkeypatch.setattr(rewording, "TIMEOUT_S", 1.0)
    for wording, status in {
        "novel": "succeeded",
        "citation": "succeeded",
        "grade": "succeeded",
        "refusal": "failed",
        "broken": "failed",
        "slow": "failed",
    }.items():
        provider.wording = wording
        Assignment.objects.filter(pk=scene.assignment.pk).update(max_drafts=20)
        scene.assignment.refresh_from_db()
        request = scene.execute(scene.read(scene.submit(f"{ESSAY}\n\nThis is version {wording}.")), rounds=6)
        assert request.status == FeedbackRequest.Status.IN_REVIEW, wording
        note = priority_of(request)
        run = request.runs.get(purpose="wording")
        assert run.status == status, (wording, run.error_code)
        assert note.worded_by == "" and note.comment == note.sources[0]["comment"], wording
        if status == "succeeded":
            assert run.summary["refused"], wording
        # One try, and no other model in its place.
        assert (run.attempts, run.calls) == (1, 1), wording


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_off_by_default_and_a_lost_try_is_not_repeated(stage: Make) -> None:
    scene = stage("honest-1", "other-1")
    assert not scene.through().runs.filter(purpose="wording").exists()
    Assignment.objects.filter(pk=scene.assignment.pk).update(model_wording=True)
    request = scene.read(scene.submit(ESSAY + "\n\nOnce more."))
    carrying_out.execute(request.pk)
    gone = timezone.now() - timedelta(seconds=1)
    assert request.runs.filter(purpose="wording").update(status="running", lease_until=gone, attempts=1, fence=1)
    scene.execute(request, rounds=4)
    run = request.runs.get(purpose="wording")
    assert (request.status, run.status, run.error_code) == ("in_review", "failed", "interrupted")
    assert priority_of(request).worded_by == ""


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "EMPTY"),
        ('{"nonce": "aaaaaaaaaa", "notes": []}', "WRONG_NONCE"),
        (f'{{"nonce": "{NONCE}"}}', "SCHEMA"),
        (f'{{"nonce": "{NONCE}", "notes": ["n1"]}}', "SCHEMA"),
        (f'{{"nonce": "{NONCE}", "notes": [{{"cluster_id": "n1", "text": " ", "used": [0]}}]}}', "SCHEMA"),
        (f'{{"nonce": "{NONCE}", "notes": [{{"cluster_id": "n1", "text": "x", "used": [true]}}]}}', "SCHEMA"),
        (f'{{"nonce": "{NONCE}", "notes": [{{"cluster_id": 1, "text": "x", "used": [0]}}]}}', "SCHEMA"),
    ],
)
def test_an_answer_of_another_form_is_no_wording(raw: str, reason: str) -> None:
    with pytest.raises(AnswerRejected) as caught:
        read_wording(raw, finish_reason="stop", nonce=NONCE)
    assert caught.value.reason == reason
