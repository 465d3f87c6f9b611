"""Comments on drafts the weights were not chosen on, in two languages, with the clusters a person would make.

A fixture is the draft, ``---``, and one comment per line: model, run, criterion, kind, tag, severity, quotation (empty:
something is missing), comment, next step, and the name of the thought it voices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feedback.tests.case_adapters.merging_cases import (
    MIN_F1,
    broken_invariants,
    found_pairs,
    merge_fixture,
    pairwise_f1,
    wanted_pairs,
)

FIXTURES = sorted((Path(__file__).parent / "cases" / "merging").glob("*.txt"))
FIELDS = ("model", "run", "criterion_id", "kind", "tag", "severity", "quote", "comment", "next_step", "gold")


def read(path: Path) -> dict[str, Any]:
    draft, _, rows = path.read_text(encoding="utf-8").partition("\n---\n")
    items = []
    for number, row in enumerate(rows.splitlines()):
        item: dict[str, Any] = dict(zip(FIELDS, row.split("|"), strict=True))
        quote = item.pop("quote")
        items.append({
            **item, "run": int(item["run"]), "severity": int(item["severity"]), "idx": number,
            "quotes": [quote] if quote else [], "absence": not quote,
        })  # fmt: skip
    return {"draft": draft.strip(), "items": items, "language": path.stem.rpartition(".")[2]}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_unseen_comments_are_merged_as_a_person_would(path):
    case = read(path)
    notes = merge_fixture(case, case["items"])
    f1 = pairwise_f1(wanted_pairs(case), found_pairs(notes))
    assert f1 >= MIN_F1, f"{path.stem}: {f1:.3f}"
    assert broken_invariants(case, notes) == []


def test_there_are_fixtures_in_more_than_one_language():
    assert len(FIXTURES) >= 8 and {path.stem.rpartition(".")[2] for path in FIXTURES} >= {"en", "de"}
