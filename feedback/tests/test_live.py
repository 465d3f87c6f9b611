"""Real broker, real workers, real HTTP: a worker killed in mid-run and a broker emptied lose and double nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from deploy.run.tests.running_site import BASE_DIR, RunningSite, given_servers, serves_survives_kills_and_stops, stops
from feedback.tests.stub_reviewers import StubProvider
from feedforward.broker import resolve
from feedforward.tests import canary

pytestmark = pytest.mark.live
RUNS = 6  # three models twice


class LiveSite:
    """A running site with a stage on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.stage: subprocess.Popen[str] | None = None
        self.site = RunningSite(data_dir)

    def wait_until_ready(self) -> None:
        self.site.wait(lambda: self.site.said(r"FeedForward is ready"), 300)

    def _open_stage(self) -> subprocess.Popen[str]:
        """Start live_stage with the site's own keys and database."""
        hidden = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL"}
        environ = {name: value for name, value in os.environ.items() if name not in hidden}
        environ |= {"FEEDFORWARD_DATA_DIR": str(self.data_dir), "ALLOW_LOCAL_MODEL_SERVERS": "1"}
        environ |= given_servers()
        for name in ("secret_key", "salt_key"):
            path = self.data_dir / name
            if path.exists():
                environ[name.upper()] = path.read_text().strip()
        return subprocess.Popen(
            [sys.executable, "-m", "feedback.tests.live_stage"],
            cwd=BASE_DIR,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def act(self, *words: str) -> Any:
        """Do one action of live_stage and return what it gives."""
        if self.stage is None:
            self.stage = self._open_stage()
        assert self.stage.stdin is not None and self.stage.stdout is not None
        self.stage.stdin.write(json.dumps(words) + "\n")
        self.stage.stdin.flush()
        answer = self.stage.stdout.readline()
        assert answer, "the stage ended"
        return json.loads(answer)

    def close(self) -> None:
        """End the stage and the site."""
        if self.stage is not None and self.stage.stdin is not None:
            self.stage.stdin.close()
            self.stage.wait(20)
        with contextlib.suppress(ProcessLookupError):
            self.site.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.site.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            self.site.process.kill()

    def empty_broker(self) -> None:
        """Throw away every message, and the cache as well."""
        for broker in self.brokers():
            with broker:
                broker.flushdb()

    def brokers(self) -> list[Redis]:
        """Return connections to where messages and cache are, on the given server or the site's own."""
        given = given_servers()
        if "REDIS_URL" in given:
            return [Redis.from_url(given["REDIS_URL"]), Redis.from_url(resolve(self.data_dir, given).cache_url)]
        socket_path = str(next((self.data_dir / "broker").glob("*.sock")))
        return [Redis(unix_socket_path=socket_path, db=number) for number in (0, 1)]

    def status(self) -> dict[str, Any]:
        return self.act("status")

    def wait_for(self, drafts: int, limit_s: float) -> dict[str, Any]:
        """Wait until ``drafts`` requests are on the desk."""
        deadline = time.monotonic() + limit_s
        while True:
            said = self.status()
            if said["requests"].count("in_review") >= drafts:
                return said
            assert time.monotonic() < deadline, (said, "\n".join(self.site.lines[-150:]))
            time.sleep(0.25)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LiveSite, StubProvider]]:
    monkeypatch.setenv("ALLOW_LOCAL_MODEL_SERVERS", "1")
    provider = StubProvider()
    running = LiveSite(tmp_path / "data")
    try:
        running.wait_until_ready()
        running.act("setup", provider.base_url, "slow-2", "slow-2b", "slow-2c")
        yield running, provider
    finally:
        running.close()
        provider.close()


FAILING = ("unauthorised", "html", "empty", "refusing", "truncating", "wrong-nonce", "hallucinating", "nowhere")


def nothing_is_told(live: LiveSite, provider: StubProvider) -> None:
    """No rare word in what the real processes say, queue, cache or write, after failures of every kind."""
    live.act("spoil", provider.base_url, *FAILING)
    for method, path, headers in (
        ("GET", f"/join/{canary.DRAFT}{'x' * 30}/", {}),
        ("POST", f"/join/{canary.DRAFT}{'x' * 30}/", {}),
        ("GET", f"/people/?q={canary.NAME}", {}),
        ("GET", f"/accounts/password/reset/key/1-{canary.PASSWORD}/", {}),
        ("GET", f"/?q={canary.NAME}", {"Host": "elsewhere.example"}),
        ("POST", "/accounts/login/", {"Cookie": f"session={canary.PASSWORD}", "Referer": f"/{canary.NAME}"}),
    ):
        connection = HTTPConnection("127.0.0.1", live.site.port, timeout=20)
        connection.request(method, path, body=f"login={canary.EMAIL}&password={canary.PASSWORD}", headers=headers)
        assert connection.getresponse().status < 500, path
        connection.close()
    deadline = time.monotonic() + 60
    while (said := live.act("spoilt")) and ("failed" not in said or not {"needs_human", "in_review"} & set(said)):
        assert time.monotonic() < deadline, (said, live.site.lines[-30:])
        time.sleep(0.25)
    assert live.act("search") == []
    assert canary.told(live.site.lines, canary.RARE) == []
    kept = {}
    for broker in live.brokers():
        with broker:
            kept |= {key: canary.value_of(broker, key) for key in broker.scan_iter(count=500)}
    assert kept and not [key for key, value in kept.items() if canary.held(f"{key!r} {value}")]
    # The broker's own file keeps every message there ever was.
    for path in (live.data_dir / "broker").rglob("*"):
        if path.is_file():
            assert canary.held(path.read_bytes().decode("latin-1")) == [], path.name


def test_a_draft_goes_through_real_workers(live: tuple[LiveSite, StubProvider]) -> None:
    site, _provider = live
    site.act("submit", "1")
    said = site.wait_for(1, 240)
    assert said["runs"] == {"succeeded": RUNS} and said["feedback"] == 1
    stops(site.site)


@pytest.mark.thorough
def test_nothing_is_lost_or_doubled(live: tuple[LiveSite, StubProvider]) -> None:
    site, provider = live
    site.act("submit", "1")
    said = site.wait_for(1, 240)
    assert said["runs"] == {"succeeded": RUNS} and said["feedback"] == 1

    # kill -9 of the worker while its six calls are under way
    calls = sum(provider.calls.values())
    site.act("submit", "1")
    deadline = time.monotonic() + 30
    while sum(provider.calls.values()) < calls + RUNS:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(site.site.children()["runs@"], signal.SIGKILL)
    killed = time.monotonic()
    said = site.wait_for(2, 240)
    print(f"after kill -9 the draft was on the desk {time.monotonic() - killed:.0f} s later")
    assert said["runs"] == {"succeeded": 2 * RUNS} and said["feedback"] == 2

    # the broker is emptied while drafts are under way
    site.act("submit", "3")
    site.empty_broker()
    said = site.wait_for(5, 240)
    assert said["runs"] == {"succeeded": 5 * RUNS}
    assert said["feedback"] == 5 and len(said["requests"]) == 5
    assert said["mails"].get("review_waits", 0) <= 6

    nothing_is_told(site, provider)

    # One site serves for both: starting another would cost more than all the rest of this test.
    serves_survives_kills_and_stops(site.site)
