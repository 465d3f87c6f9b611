"""What becomes of a run that got no answer: put back for later, handed to a model that stands in, or ended by name."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from aiconfig.models import AIModel
from feedback.asking import drop_parts
from feedback.models import FeedbackRequest, ModelRun

FIRST_BACKOFF_S = 2.0
LONGEST_BACKOFF_S = 60.0
# A draft waits at most this long for models; then it is a person's turn.
PATIENCE = timedelta(minutes=18)
# Waits that are not the run's fault: they cost it no attempt.
WAITS = frozenset({"paused", "budget_held"})


def backoff_s(attempts: int) -> float:
    """Return the wait before try ``attempts`` + 1: doubling from 2 s to 60 s, with full jitter on the upper half."""
    ceiling = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** max(0, attempts - 1))
    return ceiling * (0.5 + random.random() / 2)


def put_back(request: FeedbackRequest, run: ModelRun, *, not_before: datetime, code: str, words: str) -> None:
    """RUNNING -> PENDING, due at ``not_before``. A pause that was not this run's fault costs it no attempt."""
    if run.purpose == ModelRun.Purpose.WORDING:
        # Nobody waits for nicer words: the desk comes with the reviewers' own.
        give_up_model(request, run, code=code, words=words)
        return
    fields: dict[str, Any] = {"not_before": not_before, "error_code": code, "error_words": words[:300]}
    if code in WAITS:
        fields["attempts"] = max(0, run.attempts - 1)
        if timezone.now() - request.created_at > PATIENCE:
            give_up_model(request, run, code=code, words=words, final=True)
            return
    run.try_move(ModelRun.Status.PENDING, where={"fence": run.fence}, lease_until=None, **fields)


def give_up_model(request: FeedbackRequest, run: ModelRun, *, code: str, words: str, final: bool = False) -> None:
    """Hand the run to the assignment's next fallback model, recorded; FAILED with a reason when there is none."""
    now = timezone.now()
    # A comparison, a part or a wording is this model's or nobody's.
    reads = run.purpose == ModelRun.Purpose.READING
    fallbacks = [] if final or not reads else request.plan["fallbacks"]
    taken = set(request.runs.readings().filter(round=run.round).values_list("ai_model_id", flat=True))
    usable = set(
        AIModel.objects.usable().filter(pk__in=[f["ai_model"] for f in fallbacks]).values_list("pk", flat=True)
    )
    # Where every fallback is in use already, a second run of one is better than none.
    all_taken = all(entry["ai_model"] in taken for entry in fallbacks)
    for step, entry in enumerate(fallbacks, start=1):
        if step <= run.fallback_step or entry["ai_model"] not in usable or entry["ai_model"] == run.ai_model_id:
            continue
        if entry["ai_model"] in taken and not all_taken:
            continue
        if reads:
            drop_parts(run, stand_in=True)
        run.try_move(
            ModelRun.Status.PENDING,
            where={"fence": run.fence},
            ai_model_id=entry["ai_model"],
            model_name=entry["name"],
            display_name=entry["display_name"],
            fallback_step=step,
            attempts=0,
            repairs=0,
            not_before=None,
            lease_until=None,
            error_code=code,
            error_words=words[:300],
        )
        return
    if reads:
        drop_parts(run, stand_in=False)
    run.try_move(
        ModelRun.Status.FAILED,
        where={"fence": run.fence},
        error_code=code[:30],
        error_words=words[:300],
        finished_at=now,
        lease_until=None,
    )
