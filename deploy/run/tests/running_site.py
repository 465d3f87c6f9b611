"""The whole site as `make run DEMO=0` starts it: real broker, web, workers; kill, restart, stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from deploy.run.health import health
from deploy.run.tests.test_supervisor import wait_gone

BASE_DIR = Path(__file__).resolve().parents[3]
SITE_VARIABLES = (
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "SALT_KEY",
    "SITE_URL",
)
# Where the live tests are given real servers (deploy/ci/suite.py), the site runs on these.
GIVEN = {"DATABASE_URL": "LIVE_DATABASE_URL", "REDIS_URL": "LIVE_REDIS_URL"}


def given_servers() -> dict[str, str]:
    """Return the site's variables for the servers it is to run on; empty for the embedded ones."""
    return {name: os.environ[given] for name, given in GIVEN.items() if given in os.environ}


class RunningSite:
    """A site in a process of its own, with what it says."""

    def __init__(self, data_dir: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environ = {name: value for name, value in os.environ.items() if name not in SITE_VARIABLES}
        environ |= {"PORT": str(self.port), "FEEDFORWARD_DATA_DIR": str(data_dir), "DEMO": "0", "WEB_CONCURRENCY": "1"}
        environ |= {"RUN_WORKER_THREADS": "4", "WORKER_CONCURRENCY": "1"} | given_servers()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.run"],
            cwd=BASE_DIR,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def said(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in list(self.lines))

    def wait(self, condition, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert self.process.poll() is None and time.monotonic() < deadline, "\n".join(self.lines[-40:])
            time.sleep(0.1)

    def children(self) -> dict[str, int]:
        """Return the ids of the manager's children by a word of their command line."""
        found: dict[str, int] = {}
        listing = subprocess.run(
            ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
        ).stdout
        for line in listing.splitlines()[1:]:
            pid, parent, command = line.split(None, 2)
            if int(parent) == self.process.pid:
                for word in ("gunicorn", "runs@", "main@", " beat ", "broker.sock", "leash"):
                    if word in command:
                        found[word.strip()] = int(pid)
        return found


def serves_survives_kills_and_stops(site: RunningSite) -> None:
    """Check the processes of a running site: each restarts after kill -9, and a stop leaves nothing behind."""
    assert site.said(r"FeedForward is ready at http://localhost:\d+")
    assert site.said(r"make administrator EMAIL=you@example.edu PORT=\d+ FEEDFORWARD_DATA_DIR=")
    assert health("127.0.0.1", site.port) == "200"
    before = site.children()
    own_broker = set() if "REDIS_URL" in given_servers() else {"broker.sock"}
    assert set(before) == {"gunicorn", "runs@", "main@", "beat", "leash"} | own_broker

    killed = {"runs@", "gunicorn"} | own_broker
    for name in killed:
        os.kill(before[name], signal.SIGKILL)
    site.wait(lambda: set(site.children()) == set(before) and health("127.0.0.1", site.port) == "200", 30)
    after = site.children()
    assert all(after[name] != before[name] for name in killed)
    assert after["main@"] == before["main@"] and after["beat"] == before["beat"]

    stops(site)


def stops(site: RunningSite) -> None:
    """Check that a running site stops when told to and leaves no process and no traceback."""
    assert health("127.0.0.1", site.port) == "200"
    pids = list(site.children().values())
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(20) == 0
    wait_gone(pids, 2)
    assert site.said("FeedForward has stopped")
    assert not any("Traceback" in line for line in site.lines), "\n".join(site.lines)
