"""What a production start refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feedforward.checks import production_is_safe

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


@pytest.mark.thorough
def test_a_safe_production_start_is_let_through(tmp_path: Path) -> None:
    done = start_web(tmp_path)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.thorough
def test_an_unsafe_one_is_refused_by_name(tmp_path: Path) -> None:
    changes = {"FEEDFORWARD_DEMO": "1", "DEBUG": "1", "SECRET_KEY": "short", "ALLOWED_HOSTS": "localhost"}
    done = start_web(tmp_path, SITE_URL="http://feedback.example.edu", **changes)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    for words in ("Demo reviewers", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "https"):
        assert words in last


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"DEMO": True}, {"feedforward.E002"}),
        ({"DEBUG": True}, {"feedforward.E001"}),
        ({"SECRET_KEY": "short"}, {"feedforward.E003"}),
        ({"SALT_KEY": ["short"]}, {"feedforward.E004"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"feedforward.E005"}),
        ({"SECURE": False}, {"feedforward.E006"}),
        ({"PRODUCTION": False, "DEBUG": True, "DEMO": True}, set()),
    ],
)
def test_each_danger_has_its_own_error(settings, changes: dict[str, object], found: set[str]) -> None:
    safe = {"PRODUCTION": True, "DEBUG": False, "DEMO": False, "SECRET_KEY": GOOD["SECRET_KEY"], "SECURE": True}
    safe |= {"SALT_KEY": [GOOD["SALT_KEY"]], "ALLOWED_HOSTS": ["feedback.example.edu"]}
    for name, value in {**safe, **changes}.items():
        setattr(settings, name, value)
    assert {error.id for error in production_is_safe(None)} == found
