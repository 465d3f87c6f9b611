"""What is asked once the planned readings are in, before the desk: each kind of question once per round of readings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from feedback.agreement.flags import needs_extra_runs
from feedback.counterfactual import rechecks_to_ask
from feedback.models import FeedbackRequest, ModelRun
from feedback.requests import SWEEP_AFTER_S, new_run
from feedback.rewording import wording_to_ask
from feedforward.dispatch import enqueue

if TYPE_CHECKING:
    from feedback.combining import Combined
    from feedback.material import Material


def ask_more(request: FeedbackRequest, material: Material, combined: Combined, runs: list[ModelRun]) -> bool:
    """Ask what is still worth asking and open the request again; False when it is time for the desk."""
    extra = _extra_runs(request, combined)
    if extra:
        _ask_again(request, extra, extra_asked=True)
        return True
    rechecks = rechecks_to_ask(request, material, combined, runs)
    if rechecks:
        _ask_again(request, rechecks)
        return True
    wording = wording_to_ask(request, combined, runs)
    if wording:
        _ask_again(request, wording)
        return True
    return False


def _extra_runs(request: FeedbackRequest, combined: Combined) -> list[ModelRun]:
    """One more reading of each model that answered, for the criteria where models disagree: once per round."""
    if not request.plan["adaptive"] or request.extra_asked:
        return []
    criteria = list(needs_extra_runs(combined.agreements))
    if not criteria:
        return []
    answered = {reading.model for reading in combined.readings}
    entries = request.plan["models"]
    extra = []
    for slot, entry in enumerate(entries):
        if entry["display_name"] in answered:
            extra.append(
                new_run(
                    request,
                    entry,
                    slot=slot,
                    repeat=entry["runs"],
                    round=request.round,
                    is_extra=True,
                    only_criteria=criteria,
                )
            )
    return extra


def _ask_again(request: FeedbackRequest, runs: list[ModelRun], **fields: Any) -> None:
    from feedback.tasks import execute

    now = timezone.now()
    with transaction.atomic():
        won = request.try_move(
            FeedbackRequest.Status.OPEN,
            where={"fence": request.fence},
            lease_until=None,
            due_at=now + timedelta(seconds=SWEEP_AFTER_S),
            **fields,
        )
        if not won:
            return
        ModelRun.objects.bulk_create(runs)
        transaction.on_commit(lambda: enqueue(execute, request.pk))
