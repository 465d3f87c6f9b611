"""The readings of the worked example in docs/feedback.md. The test beside it computes every number told there."""

from __future__ import annotations

from typing import Any

from feedback.agreement.aggregation import CriterionAgreement, combine
from feedback.contract import (
    CriterionSnapshot,
    LevelSnapshot,
    ReadCriterion,
    Reading,
    ReadItem,
    RubricSnapshot,
    RunReading,
)
from feedback.merging import MergedNotes, merge
from feedback.reading.evidence import Locator
from feedback.reading.sentences import split_sentences

DRAFT = (
    "School lunches are a daily question. Every school must offer a warm lunch.\n\n"
    "Children who eat well learn better. My cousin was always tired in class. A warm lunch costs 4 euros.\n\n"
    "Therefore the town should pay for it."
)
SENTENCES = split_sentences(DRAFT)
_LEVELS = tuple(
    LevelSnapshot(position, label, "", points)
    for position, (label, points) in enumerate([("Missing", 0.0), ("Weak", 2.0), ("Good", 4.0), ("Strong", 5.0)])
)
RUBRIC = RubricSnapshot(
    "Argumentative essay",
    (
        CriterionSnapshot("evidence", "Use of evidence", "", 60.0, _LEVELS),
        CriterionSnapshot("argument", "Argument", "", 40.0, _LEVELS),
    ),
)
# Second readings were asked for both criteria, because after the first ones models were a level or more apart.
EVIDENCE = {"North": [1, 1], "Brook": [2, 1], "Vale": [1, 1]}
ARGUMENT = {"North": [3, 3], "Brook": [1, 1], "Vale": [2, 2]}
CAPTURED = {**EVIDENCE, "Brook": [3, 3]}

_COMMENTS: dict[tuple[str, int], list[dict[str, Any]]] = {
    ("North", 0): [
        {
            "tag": "evidence",
            "severity": 3,
            "quote": "Children who eat well learn better",
            "comment": "No source shows that children who eat well learn better.",
            "next_step": "Name a study and its year.",
        }
    ],
    ("Brook", 0): [
        {
            "tag": "source_use",
            "severity": 2,
            "quote": "children who eat well learn better.",
            "comment": "Say where the claim that children learn better comes from.",
            "next_step": "Cite a study.",
        },
        {
            "tag": "evidence",
            "severity": 2,
            "quote": "A warm lunch costs 40 euros",
            "comment": "The price of the lunch has no source.",
            "next_step": "Say who counted it.",
        },
    ],
    ("Vale", 0): [
        {
            "tag": "evidence",
            "severity": 2,
            "quote": "My cousin was always tired in class",
            "comment": "One cousin is an anecdote, which convinces few readers.",
            "next_step": "Give figures for more children.",
        }
    ],
    ("North", 1): [
        {
            "tag": "evidence",
            "severity": 3,
            "quote": "Children who eat well learn better",
            "comment": "The claim that children learn better has no source.",
            "next_step": "Add a study.",
        }
    ],
    ("Brook", 1): [],
    ("Vale", 1): [],
}


def agreement(levels: dict[str, list[int]]) -> CriterionAgreement:
    return combine(levels, level_count=len(_LEVELS), planned=sum(map(len, levels.values())))


def readings() -> list[RunReading]:
    locator = Locator(DRAFT, SENTENCES)
    found = []
    for (model, run), comments in _COMMENTS.items():
        items = tuple(
            ReadItem(
                item_id=f"i{number}",
                criterion_key="evidence",
                kind="issue",
                tag=comment["tag"],
                focus="task",
                comment=comment["comment"],
                why="",
                next_step=comment["next_step"],
                severity=comment["severity"],
                absence=False,
                quotes=(locator.locate(comment["quote"], ""),),
            )
            for number, comment in enumerate(comments)
        )
        levels = {"evidence": EVIDENCE[model][run], "argument": ARGUMENT[model][run]}
        criteria = tuple(ReadCriterion(key, level, "", "", "medium") for key, level in levels.items())
        reading = Reading(criteria, items, (), "en", "yes", (), False, "P3.S1")
        found.append(RunReading(model, run, reading))
    return found


def notes() -> MergedNotes:
    centres = {"evidence": agreement(EVIDENCE).centre, "argument": None}
    return merge(readings(), rubric=RUBRIC, text=DRAFT, sentences=SENTENCES, centres=centres)
