"""Every write function leaves an event: read from the source, so that none is forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from accounts import audit_log
from accounts.models import AuditEvent

BASE = Path(__file__).resolve().parents[2]
APPS = ("accounts", "courses", "aiconfig", "submissions", "feedback", "privacy")
# Take an actor to decide, or change nothing that outlives the page.
NO_EVENT = {
    "accounts.people._still_administered": "asks only",
    "feedback.replies.mark_read": "that a page was opened; the row itself says when",
    "feedback.review.take_lease": "who works on a draft now; over in a minute",
    "feedback.review.drop_lease": "likewise",
}


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield (module.name, function) for every public function that takes an actor by keyword only."""
    for app in APPS:
        for path in sorted((BASE / app).rglob("*.py")):
            if {"tests", "migrations", "views"} & set(path.parts):
                continue
            module = ".".join(path.relative_to(BASE).with_suffix("").parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and any(arg.arg == "actor" for arg in node.args.kwonlyargs):
                    yield f"{module}.{node.name}", node


def hands_on_the_actor(node: ast.FunctionDef) -> bool:
    """Whether the function records an event itself or gives the actor to another that does."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            given = [*(keyword.value for keyword in call.keywords if keyword.arg == "actor"), *call.args]
            named = (name for value in given for name in ast.walk(value) if isinstance(name, ast.Name))
            if any(name.id == "actor" for name in named):
                return True
    return False


def codes() -> set[str]:
    """The codes of all events that the source names."""
    found = set()
    for app in (*APPS, "feedforward"):
        for path in (BASE / app).rglob("*.py"):
            if {"tests", "migrations"} & set(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
                    "record",
                    "_append",
                    "_note",
                }:
                    for keyword in node.keywords:
                        if keyword.arg == "code":
                            found |= {
                                part.value
                                for part in ast.walk(keyword.value)
                                if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value
                            }
    return {code for code in found if code.strip(".") == code}


def test_every_write_function_leaves_an_event() -> None:
    silent = sorted(name for name, node in functions() if not hands_on_the_actor(node) and name not in NO_EVENT)
    assert not silent, silent


def test_codes_are_namespaced_and_read_as_words() -> None:
    found = codes()
    assert len(found) > 30
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", code) for code in found), found
    for code in [*found, "course.archived", "aimodel.activated", "some.new_thing"]:
        said = audit_log.words_for(AuditEvent(code=code))
        assert said and "_" not in said and "." not in said, said
