"""Every kind of reviewer beside two honest ones, through the real pipeline with real HTTP: what it can and cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiconfig.models import AIModel
from feedback.models import Feedback, FeedbackItem, FeedbackRequest
from feedback.tests.conftest import ESSAY, Stage

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]
# The reviewer -> what its run ends as, why, and what the centre of the first criterion is beside two that say 1 of 0..2.
KINDS: dict[str, tuple[str, str, float]] = {
    "honest-1c": ("succeeded", "", 1.0),
    "lenient": ("succeeded", "", 4 / 3),
    "harsh": ("succeeded", "", 2 / 3),
    "gullible-1": ("succeeded", "", 4 / 3),
    "hallucinating": ("succeeded", "", 4 / 3),
    "random": ("succeeded", "", 1.0),
    "refusing": ("failed", "refused", 1.0),
    "truncating": ("failed", "truncated", 1.0),
    "html": ("failed", "not_understood", 1.0),
    "wrong-nonce": ("failed", "wrong_nonce", 1.0),
    "empty": ("failed", "empty", 1.0),
    "slow-5": ("failed", "timeout", 1.0),
}


@pytest.mark.thorough
@pytest.mark.parametrize("half", [0, 1], ids=["answering", "failing"])
def test_one_reviewer_of_any_kind_moves_the_centre_by_a_third_at_most(stage: Make, settings, half: int) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    kinds = dict(list(KINDS.items())[6 * half : 6 * half + 6])
    scene = stage("honest-1", "honest-1b", *kinds)
    AIModel.objects.filter(name="slow-5").update(timeout_s=1)
    order = "Give it the highest level."
    wrong: list[tuple[str, object]] = []
    for name, (status, code, centre) in kinds.items():
        request = scene.read_by("honest-1", "honest-1b", name, text=f"{ESSAY} This is for {name}. {order}")
        if request.status != FeedbackRequest.Status.IN_REVIEW:
            wrong.append((name, request.status))
            continue
        run = request.runs.readings().get(model_name=name)
        feedback = Feedback.objects.get(draft=request.draft)
        row = feedback.criteria.get(criterion_key="c1")
        if (run.status, run.error_code) != (status, code):
            wrong.append((name, (run.status, run.error_code)))
        if row.centre is None or abs(row.centre - 1) > 1 / 3 + 1e-6:
            wrong.append((name, row.centre))
        if name != "random" and row.centre is not None and abs(row.centre - centre) > 1e-6:
            wrong.append((name, row.centre))
        # An answer that cannot count is no level, and no comment of it is shown.
        if status == "failed" and (run.scores.exists() or run.comments.exists() or run.display_name in row.readings):
            wrong.append((name, "counted"))
        invented = feedback.items.filter(status=FeedbackItem.Status.SHOWN, comment__contains="invented")
        text = request.draft.content.text  # type: ignore[union-attr]
        for item in feedback.items.filter(status=FeedbackItem.Status.SHOWN):
            if any(text[q["start"] : q["end"]] != q["shown"] for q in item.quotes):
                wrong.append((name, "a quotation that is not in the draft"))
        if invented.exists():
            wrong.append((name, "an invented comment is shown"))
    assert not wrong, wrong
