"""The rules of the house, as far as a test can read them: file length, states, models' promises, markup, external addresses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps

BASE = Path(__file__).resolve().parents[2]
OURS = {"feedforward", "accounts", "courses", "aiconfig", "submissions", "feedback", "privacy"}
LONGEST_FILE = 600


def tracked(*patterns: str) -> list[Path]:
    """Return the files git knows that match ``patterns``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=BASE, capture_output=True, text=True, check=True
    ).stdout
    return [BASE / name for name in listed.split("\0") if name and (BASE / name).exists()]


def production_code() -> list[Path]:
    return [
        path
        for path in tracked("*.py")
        if "/tests/" not in str(path) and "/migrations/" not in str(path) and path.parts[len(BASE.parts)] in OURS
    ]


def test_no_file_is_too_long() -> None:
    long = {
        str(p.relative_to(BASE)): n for p in production_code() if (n := len(p.read_text().splitlines())) > LONGEST_FILE
    }
    assert not long


def test_nobody_assigns_a_state() -> None:
    allowed = {"feedforward/transitions.py"}
    found = [
        f"{path.relative_to(BASE)}:{number}"
        for path in production_code()
        if str(path.relative_to(BASE)) not in allowed
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(
            r"\b(draft|request|run|feedback|item|course|assignment|provider|model|invitation|mail|self|obj)\.status = ",
            line,
        )
    ]
    assert not found


def test_every_model_says_what_is_personal_and_how_long_it_is_kept() -> None:
    silent = [
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in OURS
        and ("PII:" not in (model.__doc__ or "") or "Kept:" not in (model.__doc__ or ""))
    ]
    assert not silent


def test_no_drawer() -> None:
    drawers = {"utils", "helpers", "services", "selectors", "managers"}
    assert not [str(p) for p in tracked("*.py") if drawers & {part.removesuffix(".py") for part in p.parts}]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("trusted markup", r"\|\s*safe\b|mark_safe|autoescape off"),
        ("inline style", r"<[^>]*\sstyle\s*="),
        ("inline script", r"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))|\son[a-z]+\s*=\s*[\"']"),
        ("an external address", r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//"),
    ],
)
def test_pages_hold_no(what: str, pattern: str) -> None:
    found = [
        f"{path.relative_to(BASE)}: {match.group(0)[:60]}"
        for path in tracked("templates/**", "*/templates/**")
        if path.suffix == ".html"
        for match in [re.search(pattern, path.read_text(), re.IGNORECASE)]
        if match
    ]
    assert not found, what


def test_no_signal_handlers_on_saves() -> None:
    found = [str(p) for p in production_code() if re.search(r"\b(post_save|pre_save|m2m_changed)\b", p.read_text())]
    assert not found


def test_nothing_names_a_place_outside_the_project() -> None:
    """No path of somebody's machine and no address of a registry in what is committed."""
    needles = ("/" + "root/", "/" + "home/", "pypi" + ".org", "registry." + "npmjs", "files." + "pythonhosted")
    found = [
        f"{path.relative_to(BASE)}: {needle}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".txt", ".in", ".json", ".toml", ".yml", ".sh", ".html", ".css", ".js", ""}
        and path.stat().st_size < 3_000_000
        for needle in needles
        if needle in path.read_text(errors="ignore")
    ]
    assert not found
