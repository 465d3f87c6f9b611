"""A site started by its own process manager, for the tests that drive a browser and for the pictures of the docs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.ci.suite import SITE_VARIABLES

BASE_DIR = Path(__file__).resolve().parents[2]
START_LIMIT_S = 180.0
STOP_LIMIT_S = 30.0
# A site that runs already, to develop against: its address and its data folder.
REUSE_URL, REUSE_DATA = "E2E_SITE_URL", "E2E_DATA_DIR"


class SiteDidNotStart(Exception):
    """The process manager ended or never answered; carries what it printed."""


@dataclass(frozen=True)
class RunningSite:
    """Where a site answers and where its data is."""

    url: str
    data_dir: Path
    environ: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the site, as an administrator of the machine would; return what it says."""
        command = [sys.executable, "-m", "deploy.run", "manage", *arguments]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=self.environ, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(arguments[:2])} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout


@contextmanager
def running_site(
    data_dir: Path, *, reviewer_delay_s: float = 0.5, variables: Mapping[str, str] | None = None
) -> Iterator[RunningSite]:
    """Start a site with demo data in ``data_dir`` on free ports, and stop it in the end.

    ``variables`` are set on top of what makes it small (docs/configuration.md). Raises SiteDidNotStart with the process manager's words.
    """
    environ = {name: value for name, value in os.environ.items() if name not in SITE_VARIABLES}
    reused = environ.get(REUSE_URL, "")
    if reused:
        environ |= {"FEEDFORWARD_DATA_DIR": environ[REUSE_DATA], "PORT": reused.rpartition(":")[2], "DEMO": "1"}
        yield RunningSite(reused, Path(environ[REUSE_DATA]), environ)
        return
    port = _free_port()
    environ |= {
        "FEEDFORWARD_DATA_DIR": str(data_dir),
        "PORT": str(port),
        "DEMO": "1",
        "DEMO_REVIEWER_DELAY_S": str(reviewer_delay_s),
        "WEB_CONCURRENCY": "1",
        "WORKER_CONCURRENCY": "1",
        "RUN_WORKER_THREADS": "12",
        **(variables or {}),
    }
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("w", encoding="utf-8") as out:
        manager = subprocess.Popen(
            [sys.executable, "-m", "deploy.run"], cwd=BASE_DIR, env=environ, stdout=out, stderr=subprocess.STDOUT
        )
    site = RunningSite(f"http://localhost:{port}", data_dir, environ)
    try:
        _await(site, manager, log)
        yield site
    finally:
        manager.send_signal(signal.SIGINT)
        try:
            manager.wait(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            manager.kill()
            manager.wait()


@contextmanager
def another_door(site: RunningSite, **changes: str) -> Iterator[str]:
    """Start a second web program over the data of ``site`` with some variables changed; gives its address.

    For what the demo leaves off: administrators who must have a second step, an institution to sign in by.
    """
    port = str(_free_port())
    command = [sys.executable, "-m", "deploy.run", "program", "web"]
    program = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env={**site.environ, "PORT": port, **changes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and program.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), timeout=1):
                break
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        program.terminate()
        program.wait(timeout=STOP_LIMIT_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(site: RunningSite, manager: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if manager.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{site.url}/healthz", timeout=5) as answer:  # nosec B310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.3)
    raise SiteDidNotStart(log.read_text(encoding="utf-8", errors="replace")[-4000:])
