"""Points in words: what is open is said, and a weighted share only where it says something of its own."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.insight.scoring import by_criterion, criterion_words, points_of
from feedback.models import CriterionResult


def row(key: str, *, level: int | None = None, suggested: int | None = None, weight: float = 1, top: int = 4) -> Any:
    """A criterion with levels worth 0, half and ``top`` points; ``top`` 0: without points."""
    points: list[float | None] = [0, top / 2, top] if top else [None, None, None]
    levels = [{"position": n, "label": f"L{n}", "descriptor": "", "points": p} for n, p in enumerate(points)]
    snapshot = {"key": key, "title": key.upper(), "description": "", "weight": weight, "levels": levels}
    return CriterionResult(criterion_key=key, snapshot=snapshot, level=level, suggested_level=suggested)


@pytest.mark.parametrize(
    ("rows", "words", "weighted"),
    [
        ([row("a", level=2), row("b", suggested=1)], "6 of 8 points", ""),
        ([row("a", level=2, weight=3), row("b", suggested=0)], "4 of 8 points", "75% by the rubric's weights"),
        ([row("a", level=0), row("b", level=0)], "0 of 8 points", ""),
        ([row("a", level=1), row("b")], "2 of 4 points so far, without B, which has no level yet", ""),
        ([row("a"), row("b")], "No points yet: no level for A, B", ""),
        ([row("a", suggested=2, level=1, top=5), row("b", top=0)], "2.5 of 5 points", ""),
    ],
)
def test_totals_in_words(rows: list[Any], words: str, weighted: str) -> None:
    points = points_of(rows)
    assert points is not None and (points.words, points.weighted_words) == (words, weighted)


def test_no_points_in_the_rubric_no_points_on_the_page() -> None:
    assert points_of([row("a", level=1, top=0)]) is None
    assert points_of([]) is None and by_criterion(None) == {}


def test_one_criterion_in_words() -> None:
    entries = by_criterion(points_of([row("a", level=1), row("b"), row("c", level=1, top=0)]))
    assert [criterion_words(entries.get(key)) for key in "abc"] == ["2 of 4 points", "open, of 4 points", ""]
