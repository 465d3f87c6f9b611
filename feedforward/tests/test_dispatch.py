"""A broker that is gone or hangs costs one short wait, then nobody waits: the sweeper enqueues later."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
SEND = """
import django; django.setup()
from feedforward.dispatch import enqueue
from submissions.tasks import extract
print([enqueue(extract, number) for number in range(20)])
"""


def send(tmp_path: Path, url: str) -> str:
    """Enqueue twenty tasks on the broker at ``url``, in a process of its own that is ended if it hangs."""
    environ = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL"}}
    environ |= {
        "DJANGO_SETTINGS_MODULE": "feedforward.settings",
        "REDIS_URL": url,
        "FEEDFORWARD_DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", SEND], cwd=BASE, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.thorough
def test_a_broker_that_never_answers_is_asked_once(tmp_path: Path) -> None:
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    accepted.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        said = send(tmp_path, f"redis://127.0.0.1:{server.getsockname()[1]}/0")
    assert said == str([False] * 20)
    assert 1 <= len(accepted) <= 3


@pytest.mark.thorough
def test_a_broker_that_is_gone_answers_no(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert send(tmp_path, f"redis://127.0.0.1:{port}/0") == str([False] * 20)
