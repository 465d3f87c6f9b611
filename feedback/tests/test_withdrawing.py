"""Taking a draft back: before release it ends the readings, after release it is too late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from feedback.models import Feedback, FeedbackRequest, ModelRun
from feedback.release import ReleaseRefused, release
from feedback.tests.conftest import Stage
from submissions.intake import withdraw_draft

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]


def test_a_withdrawn_draft_is_read_no_further(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    request = made.read(made.submit())
    withdraw_draft(draft=request.draft, actor=made.people.alice)
    made.execute(request)
    request.refresh_from_db()
    assert request.status == FeedbackRequest.Status.CANCELLED
    assert set(ModelRun.objects.values_list("status", flat=True)) == {"cancelled"}


def test_feedback_on_a_withdrawn_draft_is_not_released(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    request = made.through()
    withdraw_draft(draft=request.draft, actor=made.people.alice)
    with pytest.raises(ReleaseRefused):
        release(feedback=Feedback.objects.get(draft=request.draft), actor=made.people.bob)


def test_what_was_released_stays(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    request = made.through()
    release(feedback=Feedback.objects.get(draft=request.draft), actor=made.people.bob)
    client = Client()
    client.force_login(made.people.alice)
    answer = client.post(reverse("draft_withdraw", args=[request.draft.public_id]), follow=True)
    request.draft.refresh_from_db()
    assert request.draft.status == "ready"
    assert "has been released" in answer.content.decode()
