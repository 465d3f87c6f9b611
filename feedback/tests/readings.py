"""Readings to test with: one draft, one rubric, and comments one may vary."""

from __future__ import annotations

from typing import Any

from feedback.contract import (
    CriterionSnapshot,
    LevelSnapshot,
    Quote,
    ReadCriterion,
    Reading,
    ReadItem,
    RubricSnapshot,
)

DRAFT = (
    "School lunches are a daily question. Every school must offer a warm lunch.\n\n"
    "Children who eat well learn better. My cousin was always tired in class. A warm lunch costs four euros.\n\n"
    "Therefore the town should pay for it."
)
KEYS = ("argument", "evidence")


def rubric() -> RubricSnapshot:
    levels = tuple(
        LevelSnapshot(position, label, "", points)
        for position, (label, points) in enumerate([("Missing", 0.0), ("Weak", 2.0), ("Good", 4.0), ("Strong", 5.0)])
    )
    return RubricSnapshot("Essay", tuple(CriterionSnapshot(key, key.capitalize(), "", 0.5, levels) for key in KEYS))


def quote(words: str, *, draft: str = DRAFT) -> Quote:
    """A verified quotation of ``words``, or one that was not found."""
    start = draft.find(words)
    if start < 0:
        return Quote("P1.S1", words, "not_found")
    return Quote("P1.S1", words, "verified", start, start + len(words), words)


def item(
    item_id: str, *, quotes: tuple[str, ...] = ("Every school must offer a warm lunch",), **changes: Any
) -> ReadItem:
    values: dict[str, Any] = {
        "criterion_key": "argument",
        "kind": "issue",
        "tag": "thesis",
        "focus": "task",
        "comment": "The claim about schools is too broad to defend.",
        "why": "",
        "next_step": "Say which schools are meant.",
        "severity": 2,
        "absence": False,
        **changes,
    }
    return ReadItem(item_id=item_id, quotes=tuple(quote(words) for words in quotes), **values)


def reading(*items: ReadItem, keys: tuple[str, ...] = KEYS, **changes: Any) -> Reading:
    values: dict[str, Any] = {
        "criteria": tuple(ReadCriterion(key, 1, "", "", "medium") for key in keys),
        "goals": (),
        "language": "en",
        "on_task": "yes",
        "addressed_to_reviewer": (),
        "student_concern": False,
        "last_sentence_id": "P3.S1",
        **changes,
    }
    return Reading(items=tuple(items), **values)
