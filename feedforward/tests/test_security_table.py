"""docs/security.md names the test that keeps each guard: every named one exists, so that a renamed or removed one shows."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
TABLE = BASE / "docs" / "security.md"
APPS = ("feedforward", "accounts", "courses", "aiconfig", "submissions", "feedback", "privacy", "deploy")


@cache
def modules() -> dict[str, list[Path]]:
    """Every test module by its name."""
    found: dict[str, list[Path]] = {}
    for app in APPS:
        for path in (BASE / app).rglob("test_*.py"):
            found.setdefault(path.stem, []).append(path)
    return found


def missing(said: str) -> str:
    """Why what stands in back quotes is no test of ours, "" when it is one, or speaks of something else.

    Known forms: ``test_module``, ``test_module::test_name`` (an ellipsis ends a long one), a path with ``test_`` in it, a
    folder ``app/tests/``.
    """
    place, _colons, name = said.removesuffix(".py").partition("::")
    if said.endswith("/tests/"):
        return "" if (BASE / said).is_dir() else "no such folder"
    module = place.removesuffix(".py").rpartition("/")[2]
    if not module.startswith("test_"):
        return ""
    paths = [path for path in modules().get(module, []) if f"/{place.removesuffix('.py')}.py" in f"/{path}"]
    if not paths:
        return "no such module"
    wanted = rf"def {re.escape(name.removesuffix('…'))}" + ("" if name.endswith("…") else r"\(")
    if name and not any(re.search(wanted, path.read_text(encoding="utf-8")) for path in paths):
        return "no such test"
    return ""


def test_every_named_test_exists() -> None:
    named = re.findall(r"`([^`\n]+)`", TABLE.read_text(encoding="utf-8"))
    tests = [said for said in named if "test_" in said or said.endswith("/tests/")]
    assert len(tests) > 60
    assert not {said: words for said in tests if (words := missing(said))}


def test_every_item_names_its_test_or_says_that_there_is_none() -> None:
    """Each row: items, what is done, and a test, a tool, the row above, or a dash where there is nothing to try."""
    text = TABLE.read_text(encoding="utf-8").partition("## The items")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) > 40
    kept = re.compile(r"`\S*(test_|/tests/)|bandit|browser tests|ruff|above|manage\.py check|make cases|CI|^ – $")
    for items, done, kept_by in rows:
        assert re.fullmatch(r" \d+\.\d+\.\d+((, | to )\d+\.\d+\.\d+)* ", items), items
        assert done.strip() and kept.search(kept_by), f"{items}: {kept_by}"


@pytest.mark.parametrize(
    "said", ["test_no_such_module", "test_guards::test_no_such", "accounts/tests/test_guards.py", "nowhere/tests/"]
)
def test_what_is_not_there_shows(said: str) -> None:
    assert missing(said)
