"""Trying a provider: one tiny call, and what came of it in words."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from aiconfig.keys import KeyUnreadable, read_key
from aiconfig.llm import ModelCall, ModelCallError, complete
from aiconfig.models import AIModel, Provider
from feedforward.loop import submit

TIMEOUT_S = 20.0
# No student's words: the test says hello.
MESSAGES = ({"role": "user", "content": "Reply with the single word: ready"},)


@dataclass(frozen=True)
class TestResult:
    """What a test said. ``words`` are fit for the page and hold no key."""

    __test__ = False  # not a test case, whatever its name says to pytest

    ok: bool
    words: str


def try_provider(provider: Provider) -> TestResult:
    """Ask one model of the provider for a word, outside any transaction. Never raises for what a provider does."""
    rows = AIModel.objects.alive().filter(provider=provider).order_by("pk")
    model = rows.active().first() or rows.exclude(status=AIModel.Status.ARCHIVED).first()
    if model is None:
        return TestResult(False, _("Add a model first: the test asks one for a word."))
    try:
        key = read_key(provider)
    except KeyUnreadable as error:
        return TestResult(False, str(error))
    call = ModelCall(
        kind=provider.kind,
        model=model.name,
        messages=MESSAGES,
        timeout_s=TIMEOUT_S,
        base_url=provider.base_url,
        api_key=key,
        temperature=model.temperature,
        max_output_tokens=min(256, model.max_output_tokens),
    )
    try:
        # On the process's one loop: clients belong to the loop they were made on.
        answer = submit(complete(call)).result(timeout=TIMEOUT_S + 15)
    except FutureTimeout:
        return TestResult(False, _("%(model)s did not answer in time.") % {"model": model.display_name})
    except ModelCallError as error:
        return TestResult(False, _("%(model)s: %(words)s") % {"model": model.display_name, "words": error.words})
    seconds = f"{answer.latency_ms / 1000:.1f}"
    return TestResult(
        True, _("%(model)s answered in %(seconds)s seconds.") % {"model": model.display_name, "seconds": seconds}
    )


def store_result(*, provider: Provider, result: TestResult, now: datetime | None = None) -> None:
    """Write what the test said to the provider's row; a good answer also ends a pause of the circuit breaker."""
    values: dict[str, object] = {
        "last_test_at": now or timezone.now(),
        "last_test_ok": result.ok,
        "last_test_words": result.words[:300],
    }
    if result.ok:
        values |= {"paused_until": None, "probe_until": None, "failures_in_row": 0}
    Provider.objects.filter(pk=provider.pk).update(**values)
