"""What becomes of a run when its model does not answer: retry, wait, next model, stop. Real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.utils import timezone

from aiconfig.models import AIModel, Provider
from aiconfig.tests import provider_server as shapes
from aiconfig.tests.provider_server import Reply, provider_server
from feedback import runs
from feedback.models import Feedback, FeedbackRequest, ModelRun
from feedback.requests import rerun
from feedback.setbacks import backoff_s
from feedback.tests.conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]


def raw(act: Callable[[BaseHTTPRequestHandler], None]) -> Reply:
    return Reply(raw=act)


def refused(status: int, words: str = "no", **headers: str) -> Reply:
    return Reply(status=status, body=shapes.error_body("openai", words), headers=headers)


# what the server does, what the run says, whether it is tried again, and after how many seconds at least
FAULTS: list[tuple[str, Reply, str, bool, float | None]] = [
    ("server error", refused(500), "server_error", True, 1),
    ("overloaded", refused(529), "server_error", True, 1),
    ("busy for seconds", refused(429, "slow down", **{"retry-after": "40"}), "busy", True, 40),
    ("busy for a day", refused(429, "slow down", **{"retry-after": "86400"}), "busy", False, None),
    ("hangs up", raw(shapes.hang_up), "unreachable", True, 1),
    ("never answers", raw(shapes.never_answer), "timeout", True, 1),
    ("drips", raw(shapes.slow_drip), "timeout", True, 1),
    ("endless", raw(shapes.huge), "too_large", False, None),
    ("wrong key", refused(401, "Incorrect API key provided"), "wrong_key", False, None),
    ("no credit", refused(402, "insufficient balance"), "quota", False, None),
    ("unknown model", refused(404, "no such model"), "not_found", False, None),
    ("redirected", Reply(status=307, headers={"location": "http://127.0.0.1:1/"}), "redirected", False, None),
    ("filtered", refused(400, "refused by our content policy"), "filtered", False, None),
    ("a web page", Reply(body=b"<html>hello</html>"), "not_understood", True, 1),
    ("no choice", Reply(body={**shapes.openai_body(), "choices": []}), "empty", True, 1),
]


@pytest.mark.thorough
def test_each_fault_has_its_remedy(stage: Make) -> None:
    """In one test: each of them needs the same stage, and nothing is left of one for the next."""
    made = stage("honest-1")
    seen: dict[str, Any] = {}
    with provider_server() as server:
        for name, reply, code, _again, _wait in FAULTS:
            server.reply = reply
            Provider.objects.update(
                base_url=server.base_url("openai"), failures_in_row=0, paused_until=None, probe_until=None
            )
            FeedbackRequest.objects.all().update(status="open", created_at=timezone.now())
            request = FeedbackRequest.objects.first() or made.read(made.submit())
            ModelRun.objects.update(
                status="pending", attempts=0, repairs=0, not_before=None, error_code="", lease_until=None
            )
            # Only those that never end are cut short: the library's first call takes seconds.
            AIModel.objects.update(timeout_s=1 if code == "timeout" else 60)
            asked = timezone.now()
            runs.execute(request.pk, now=asked)
            run = ModelRun.objects.get()
            wait = None if run.not_before is None else (run.not_before - asked).total_seconds()
            seen[name] = (run.error_code, run.status == "pending", wait)
            Feedback.objects.all().delete()
    for name, _reply, code, again, wait in FAULTS:
        said_code, said_again, said_wait = seen[name]
        assert (said_code, said_again) == (code, again), (name, seen[name])
        if wait is None:
            assert said_wait is None, (name, seen[name])
        else:
            # Counted from when it failed, which is some time after it was asked.
            assert said_wait >= wait, (name, seen[name])


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 1, 2), (2, 2, 4), (4, 8, 16), (6, 30, 60), (40, 30, 60)])
def test_back_off_doubles_to_a_minute_with_jitter(attempt: int, least: float, most: float) -> None:
    drawn = {backoff_s(attempt) for _ in range(50)}
    assert least <= min(drawn) and max(drawn) <= most and len(drawn) > 10


def test_fallbacks_take_over_in_their_order_and_the_badge_says_so(stage: Make) -> None:
    made = stage("unauthorised", fallback=("nonesuch", "refusing", "honest-1", "lenient"))
    request = made.execute(made.read(made.submit()), rounds=6)
    run = ModelRun.objects.get(request=request)
    assert (run.model_name, run.fallback_step, run.status) == ("honest-1", 3, "succeeded")
    flags = {flag["code"] for flag in Feedback.objects.get(draft=request.draft).flags}
    assert "FALLBACK_MODEL" in flags


def test_a_run_is_tried_so_often_and_no_longer_than_patience(stage: Make, settings) -> None:
    settings.RUN_MAX_ATTEMPTS = 2
    made = stage("broken")
    request = made.read(made.submit())
    for _ in range(2):
        ModelRun.objects.update(not_before=None)
        runs.execute(request.pk)
    run = ModelRun.objects.get()
    assert (run.status, run.attempts, run.calls) == ("failed", 2, 2)
    request.refresh_from_db()
    assert request.status == FeedbackRequest.Status.NEEDS_HUMAN and "error (503)" in request.reason

    # All providers down for hours: after 18 minutes of pauses it is a person's turn.
    second = made.read(made.submit())
    Provider.objects.update(paused_until=timezone.now() + timedelta(hours=5))
    runs.execute(second.pk)
    assert ModelRun.objects.get(request=second).status == "pending"
    ModelRun.objects.filter(request=second).update(not_before=None)
    FeedbackRequest.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(minutes=19))
    made.execute(second)
    assert second.status == FeedbackRequest.Status.NEEDS_HUMAN
    assert second.reason == "The provider is being given a pause."


def test_failed_readings_are_repeated_with_the_planned_model(stage: Make) -> None:
    made = stage("unauthorised", "honest-1", fallback=("nonesuch",))
    request = made.through()
    failed = ModelRun.objects.get(request=request, status="failed")
    assert failed.model_name == "nonesuch"
    # The planned model has recovered meanwhile.
    AIModel.objects.filter(name="unauthorised").update(name="honest-1c")
    request.plan["models"][0]["name"] = "honest-1c"
    request.save(update_fields=["plan"])
    rerun(request=request, actor=made.people.bob, only_failed=True)
    request.refresh_from_db()
    made.execute(request)
    failed.refresh_from_db()
    assert (failed.status, failed.model_name, failed.fallback_step) == ("succeeded", "honest-1c", 0)
    assert request.runs.count() == 2 and request.round == 1
