"""Drafts longer than a model's window, through the real pipeline with real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from aiconfig.models import AIModel, ModelPrice
from feedback import runs as carrying_out
from feedback.models import Comment, CriterionScore, Feedback, FeedbackRequest
from feedback.requests import rerun
from feedback.tests.conftest import Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
Make = Callable[..., Stage]
WINDOW = 8_000
LONG = "\n\n".join(
    f"Section {n} argues that the buses of district {n} should be free for everybody. "
    f"The council of district {n} counted the riders of each line during the whole month of May. "
    f"Its report says that riders of district {n} would pay for parking instead of tickets. " * 2
    for n in range(1, 41)
)


def narrow(name: str) -> None:
    AIModel.objects.filter(name=name).update(context_tokens=WINDOW)


def codes(request: FeedbackRequest) -> dict[str, dict[str, object]]:
    return {flag["code"]: flag for flag in Feedback.objects.get(draft=request.draft).flags}


def test_a_long_draft_is_read_in_parts_that_outlive_a_killed_worker(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b")
    narrow("honest-1")
    price = Decimal(1000)
    ModelPrice.objects.create(
        ai_model_id=scene.models["honest-1"],
        input_usd_per_million=price,
        output_usd_per_million=price,
        valid_from=timezone.now().date() - timedelta(days=2),
    )
    request = scene.read(scene.submit(LONG))
    scene.provider.calls.clear()
    carrying_out.execute(request.pk)  # the levels, and the rows of the parts
    parts = request.runs.filter(purpose="part").order_by("part")
    count = parts.count()
    assert count >= 3 and list(parts.values_list("part", flat=True)) == list(range(1, count + 1))
    assert {part.ai_model.name for part in parts} == {"honest-1"}

    # A worker killed while one part was answered and the others were under way: its leases run out.
    done = parts[0]
    parts.exclude(pk=done.pk).update(not_before=timezone.now() + timedelta(hours=1))
    carrying_out.execute(request.pk)
    gone = timezone.now() - timedelta(seconds=1)
    parts.filter(status="pending").update(status="running", lease_until=gone, fence=3, attempts=1, not_before=None)
    scene.execute(request, rounds=4)
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    assert set(parts.values_list("status", flat=True)) == {"succeeded"} and parts.count() == count
    # Each part once, one pass for the levels; the other model read it in one.
    assert scene.provider.calls == {"honest-1": count + 1, "honest-1b": 1}
    assert all(run.cost_usd == Decimal("1.2") for run in request.runs.filter(ai_model__name="honest-1"))

    found = codes(request)
    assert found["CHUNKED"]["severity"] == "info" and "NOT_READ_TO_END" not in found
    feedback = Feedback.objects.get(draft=request.draft)
    row = feedback.criteria.get(criterion_key="c1")
    assert row.suggested_level == 1 and [len(said["runs"]) for said in row.readings.values()] == [1, 1]
    text = request.draft.content.text  # type: ignore[union-attr]
    places = {quote["sentence_id"] for item in feedback.items.all() for quote in item.quotes}
    assert len(places) >= count, "comments come from every part"
    for item in feedback.items.all():
        for quote in item.quotes:
            assert text[quote["start"] : quote["end"]] == quote["shown"]


def test_a_part_without_an_answer_is_said_and_can_be_repeated(stage: Make) -> None:
    scene = stage("partial", "honest-1b", fallback=("honest-1",))
    narrow("partial")
    request = scene.execute(scene.read(scene.submit(LONG)), rounds=6)
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    failed = request.runs.filter(purpose="part", status="failed")
    assert failed.exists() and {run.error_code for run in failed} == {"refused"}
    assert request.runs.readings().filter(ai_model__name="honest-1").count() == 0, "a part has no stand-in"
    flag = codes(request)["NOT_READ_TO_END"]
    assert flag["severity"] == "must" and "Parts of the long draft got no comments: Partial" in str(flag["detail"])
    before = request.runs.filter(purpose="part").count()
    rerun(request=request, actor=scene.people.bob, only_failed=True)
    request.refresh_from_db()
    scene.execute(request, rounds=4)
    assert (request.status, request.runs.filter(purpose="part").count()) == ("in_review", before)


def test_a_stand_in_with_a_wider_window_reads_it_in_one(stage: Make) -> None:
    scene = stage("honest-1", "honest-1b", fallback=("lenient",))
    narrow("honest-1b")
    request = scene.read(scene.submit(LONG))
    carrying_out.execute(request.pk)
    parts = request.runs.filter(purpose="part")
    assert parts.exists()
    # The model is switched off while its levels are asked for: nothing was stored, and the worker died.
    reading = request.runs.readings().filter(ai_model__name="honest-1b")
    CriterionScore.objects.filter(run__in=reading).delete()
    Comment.objects.filter(run__in=reading).delete()
    reading.update(status="running", lease_until=timezone.now() - timedelta(seconds=1))
    AIModel.objects.filter(name="honest-1b").update(status="inactive")
    parts.update(not_before=timezone.now() + timedelta(hours=1))
    scene.execute(request, rounds=6)
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    assert set(parts.values_list("status", flat=True)) == {"cancelled"}
    found = codes(request)
    assert "CHUNKED" not in found and "NOT_READ_TO_END" not in found and "FALLBACK_MODEL" in found
