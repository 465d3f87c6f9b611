"""Limits per person first, shared, forgiving with time."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from feedforward import ratelimit
from feedforward.ratelimit import Limit, TooMany

LIMIT = Limit("test", 5, 60)


def allowed(key: str, now: float, *, times: int = 1) -> int:
    done = 0
    for _ in range(times):
        try:
            ratelimit.hit(LIMIT, key, now=now)
        except TooMany:
            continue
        done += 1
    return done


def test_so_many_and_no_more():
    assert allowed("a", 1000.0, times=9) == 5
    assert allowed("b", 1000.0) == 1  # somebody else is not held to it


@pytest.mark.parametrize("start", [0.0, 17.0, 59.0, 1234.5])
def test_waiting_as_long_as_said_always_helps(start):
    now = 6000.0 + start
    allowed("a", now, times=5)
    with pytest.raises(TooMany) as refusal:
        ratelimit.hit(LIMIT, "a", now=now)
    wait_s = refusal.value.retry_after_s
    assert 0 < wait_s <= 2 * LIMIT.window_s
    assert allowed("a", now + wait_s) == 1
    assert str(wait_s) in str(refusal.value) or "minute" in str(refusal.value)


@pytest.mark.parametrize("start", [0.0, 31.0, 59.9])
def test_no_window_of_sixty_seconds_takes_twice_the_limit(start):
    total = sum(allowed("a", 6000.0 + start + step) for step in range(60))
    # Two windows are weighed, not a list kept: exact at their edges, never double between.
    assert total < 2 * LIMIT.amount


def test_the_view_answers_429_with_words_and_retry_after(rf: RequestFactory, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setitem(ratelimit.LIMITS, "tiny", Limit("tiny", 1, 60))

    @ratelimit.limited("tiny")
    def view(request):
        return HttpResponse("done")

    def ask(method: str, user: int, htmx: bool = False) -> HttpResponse:
        request = getattr(rf, method)("/x/")
        request.user = SimpleNamespace(pk=user, is_authenticated=True)
        request.htmx = htmx
        return view(request)

    assert ask("post", 1).status_code == 200
    assert ask("post", 2).status_code == 200  # the same address, another person
    answer = ask("post", 1, htmx=True)
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0 and "again" in answer.content.decode()
    assert "toast" in answer["HX-Trigger"]
    assert ask("get", 1).status_code == 200
