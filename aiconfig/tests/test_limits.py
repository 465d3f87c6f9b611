"""Limits of a provider, counted in a real Valkey for all workers and, without it, by each worker for itself."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from aiconfig import limits
from aiconfig.limits import Counter, Limits, OwnCounter, SharedCounter
from feedforward.broker import find_program


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = find_program({})
    if program is None:
        pytest.skip("no Valkey or Redis on this machine")
    path = tmp_path_factory.mktemp("v") / "s"
    server = subprocess.Popen(
        [str(program), "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"unix://{path}?db=0"
    server.terminate()
    server.wait(10)


@pytest.fixture(params=["shared", "own"])
def counter(request: pytest.FixtureRequest) -> Counter:
    if request.param == "own":
        return OwnCounter()
    shared = SharedCounter(request.getfixturevalue("url"))
    shared.client.flushdb()
    return shared


NOW = 1_800_000_000.0


def ask(
    counter: Counter,
    limit: Limits,
    at: float,
    token: str = "",
    *,
    provider: int = 1,
    tokens: int = 100,
    hold_s: float = 30,
    force: bool = False,
) -> float | None:
    token = token or f"t{at}"
    return counter.take(provider, limit, token=token, tokens=tokens, hold_s=hold_s, now=NOW + at, force=force)


def test_at_once(counter: Counter) -> None:
    two = Limits(at_once=2)
    assert [ask(counter, two, 0, name) for name in "abc"] == [None, None, -1]
    assert ask(counter, two, 0, "elsewhere", provider=2) is None
    counter.give_back(1, "a")
    counter.give_back(1, "a")
    assert [ask(counter, two, 1, name) for name in "de"] == [None, -1]
    # The place of a worker that died is free when its call can no longer be running.
    assert ask(counter, two, 29, "f") == -1
    assert ask(counter, two, 30, "f") is None


def test_in_a_minute(counter: Counter) -> None:
    three = Limits(per_minute=3)
    assert [ask(counter, three, at) for at in (0, 10, 20)] == [None] * 3
    assert ask(counter, three, 30) == 30
    assert ask(counter, three, 59.5) == pytest.approx(0.5)
    assert ask(counter, three, 60) is None
    assert ask(counter, three, 61) == 9
    # A limit that was lowered meanwhile counts those made under the higher one.
    assert ask(counter, Limits(per_minute=1), 61) == 59


def test_never_more_in_any_minute(counter: Counter) -> None:
    made = [at / 2 for at in range(400) if ask(counter, Limits(per_minute=7), at / 2) is None]
    for start in made:
        assert sum(start <= at < start + 60 for at in made) <= 7
    assert len(made) >= 7 * 3


def test_tokens(counter: Counter) -> None:
    limit = Limits(tokens_per_minute=1000)
    assert ask(counter, limit, 0, tokens=600) is None
    assert ask(counter, limit, 5, tokens=400) is None
    assert ask(counter, limit, 10, tokens=1) == 50
    assert ask(counter, limit, 10, tokens=601) == 55
    assert ask(counter, limit, 60, tokens=600) is None
    # A call larger than the limit goes out alone, or it never could.
    assert ask(counter, limit, 61, tokens=5000) == 59
    assert ask(counter, limit, 120, tokens=5000) is None


def test_a_follow_up_is_counted_and_never_refused(counter: Counter) -> None:
    limit = Limits(at_once=1, per_minute=2)
    assert ask(counter, limit, 0, "a") is None
    assert ask(counter, limit, 1, "b", force=True) is None
    counter.give_back(1, "a")
    assert ask(counter, limit, 2, "c") == 58


def test_two_workers_take_no_place_twice(url: str) -> None:
    taken: list[str] = []
    first = SharedCounter(url)
    first.client.flushdb()
    barrier = threading.Barrier(6)

    def work(number: int) -> None:
        mine = SharedCounter(url)
        barrier.wait(timeout=10)
        for n in range(20):
            if ask(mine, Limits(at_once=5, per_minute=60), 0, f"{number}.{n}") is None:
                taken.append(f"{number}.{n}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(taken) == 5


def test_without_the_shared_counts_each_worker_keeps_the_limits_itself(
    url: str, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_own", OwnCounter())
    monkeypatch.setattr(limits, "_left_alone_until", 0.0)
    settings.CACHES = {"default": {"BACKEND": "feedforward.cache.PatientRedisCache", "LOCATION": url}}
    SharedCounter(url).client.flushdb()
    one = Limits(at_once=1)
    place = limits.take(7, one, tokens=1, hold_s=30, now=NOW)
    assert isinstance(place, limits.Place)
    assert isinstance(limits.take(7, one, tokens=1, hold_s=30, now=NOW), float)
    limits.give_back(place)
    assert SharedCounter(url).client.zcard("ff:places:7") == 0

    settings.CACHES = {
        "default": {"BACKEND": "feedforward.cache.PatientRedisCache", "LOCATION": "unix:///nowhere?db=0"}
    }
    with pytest.raises(RedisError):
        ask(SharedCounter("unix:///nowhere?db=0"), one, 0)
    place = limits.take(7, one, tokens=1, hold_s=30, now=NOW)
    assert isinstance(place, limits.Place)
    wait = limits.take(7, one, tokens=1, hold_s=30, now=NOW)
    assert isinstance(wait, float) and 0 < wait <= 2 * limits.LOOK_AGAIN_S
    limits.give_back(place)
    assert isinstance(limits.take(7, one, tokens=1, hold_s=30, now=NOW), limits.Place)
