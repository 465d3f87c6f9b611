"""Acts on a running site's own database, in a process of its own that reads ``["ACTION", …]`` lines.

``setup URL MODEL…`` makes the cast and an assignment read by the stub models at URL; ``submit N`` hands in N drafts
as alice; ``fill N`` adds N past drafts; ``status`` prints what became of the unfinished ones as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")

import django

django.setup()

from django.db import close_old_connections  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from aiconfig.catalogue import create_model, create_provider  # noqa: E402
from aiconfig.plans import ModelChoice, set_assignment_models  # noqa: E402
from courses.models import Assignment  # noqa: E402
from courses.tests.cast import cast  # noqa: E402
from feedback.models import Feedback, FeedbackRequest, ModelRun  # noqa: E402
from feedback.tests import live_spoiling  # noqa: E402
from feedback.tests.conftest import ESSAY  # noqa: E402
from feedforward.models import OutgoingMail  # noqa: E402
from submissions.intake import submit_draft  # noqa: E402
from submissions.models import Draft  # noqa: E402

RUNS_PER_PAST_DRAFT = 6


def setup(url: str, *names: str) -> None:
    people = cast()
    provider = create_provider(
        name="Stub", kind="openai_compatible", base_url=url, key="sk-stub-0123456789abcdef", actor=people.admin
    )
    provider.activate()
    choices = []
    for name in names:
        model = create_model(provider=provider, name=name, display_name=name.title(), actor=people.admin)
        model.activate()
        choices.append(ModelChoice(ai_model_id=model.pk, runs=2))
    set_assignment_models(assignment=people.assignment, choices=choices, actor=people.bob)
    Assignment.objects.filter(pk=people.assignment.pk).update(max_drafts=20, adaptive_runs=False)


def submit(count: str) -> None:
    alice = User.objects.get(email="alice@example.edu")
    assignment = Assignment.objects.get(max_drafts=20)
    for _ in range(int(count)):
        submit_draft(assignment=assignment, student=alice, actor=alice, text=ESSAY)


def fill(count: str) -> None:
    """Add past drafts with requests, runs and feedback, as rows: what the tables hold after some years."""
    assignment = Assignment.objects.get(max_drafts=20)
    model_id = ModelRun.objects.values_list("ai_model_id", flat=True).first()
    now = timezone.now()
    total = int(count)
    students = User.objects.bulk_create(
        [User(email=f"past{n}@example.edu", password="!") for n in range((total + 19) // 20)]
    )
    drafts = Draft.objects.bulk_create(
        [
            Draft(assignment=assignment, student=students[n // 20], number=n % 20 + 1, status="ready", submitted_at=now)
            for n in range(total)
        ],
        batch_size=2000,
    )
    requests = FeedbackRequest.objects.bulk_create(
        [FeedbackRequest(draft=draft, status="released", plan={}) for draft in drafts], batch_size=2000
    )
    ModelRun.objects.bulk_create(
        [
            ModelRun(
                request=request,
                slot=slot,
                ai_model_id=model_id,
                model_name="past",
                display_name="Past",
                status="succeeded",
            )
            for request in requests
            for slot in range(RUNS_PER_PAST_DRAFT)
        ],
        batch_size=2000,
    )
    Feedback.objects.bulk_create(
        [Feedback(draft=draft, status="released", released_at=now) for draft in drafts], batch_size=2000
    )


def status() -> dict[str, Any]:
    requests = FeedbackRequest.objects.exclude(status="released").values_list("status", flat=True)
    times = (
        FeedbackRequest.objects.exclude(finished_at=None)
        .order_by("pk")
        .annotate(seconds=F("finished_at") - F("draft__submitted_at"))
    )
    return {
        "drafts": Draft.objects.count(),
        "requests": list(requests),
        "runs": dict(ModelRun.objects.exclude(model_name="past").values_list("status").annotate(n=Count("pk"))),
        "open": [
            [run.request_id, run.status, run.attempts, run.error_code, str(run.not_before), str(run.lease_until)]
            for run in ModelRun.objects.filter(status__in=ModelRun.OPEN)
        ],
        "feedback": Feedback.objects.count(),
        "seconds": [row.seconds.total_seconds() for row in times],
        "mails": dict(OutgoingMail.objects.values_list("kind").annotate(n=Count("pk"))),
    }


ACTIONS = {"setup": setup, "submit": submit, "status": status, "fill": fill, **live_spoiling.ACTIONS}

if __name__ == "__main__":
    # One line in, one line out: starting a process per question would cost more than the site it asks about.
    for line in sys.stdin:
        name, *words = json.loads(line)
        close_old_connections()
        print(json.dumps(ACTIONS[name](*words)), flush=True)
