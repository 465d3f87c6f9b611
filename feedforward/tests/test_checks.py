"""What a production start refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
GOOD = {
    "FEEDFORWARD_PRODUCTION": "1",
    "SITE_URL": "https://feedback.example.edu",
    "ALLOWED_HOSTS": "feedback.example.edu",
    "SECRET_KEY": "k" * 30 + "Q9" * 15,
    "SALT_KEY": "s" * 24,
}


def start_web(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Load the WSGI application as gunicorn does, in a process of its own."""
    environ = {k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE", "FEEDFORWARD_DEMO", "DEBUG"}}
    environ |= {**GOOD, "FEEDFORWARD_DATA_DIR": str(tmp_path), **changes}
    return subprocess.run(
        [sys.executable, "-c", "import feedforward.wsgi"],
        cwd=BASE,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_safe_production_start_is_let_through(tmp_path: Path) -> None:
    done = start_web(tmp_path)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"FEEDFORWARD_DEMO": "1"}, "Demo reviewers"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": "localhost"}, "ALLOWED_HOSTS"),
        ({"SITE_URL": "http://feedback.example.edu"}, "https"),
    ],
)
def test_an_unsafe_one_is_refused_by_name(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    done = start_web(tmp_path, **changes)
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr and words in done.stderr.splitlines()[-1]
