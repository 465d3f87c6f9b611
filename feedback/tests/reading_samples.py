"""One small draft, its rubric, its prompt and a complete valid answer, for the tests of one reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from feedback.contract import CriterionSnapshot, Goal, LevelSnapshot, Prompt, PromptInput, Reading, RubricSnapshot
from feedback.reading.answer import parse_answer
from feedback.reading.evidence import verify
from feedback.reading.prompt import build_prompt
from feedback.reading.sentences import split_sentences

NONCE = "k7f2m9x4qa"
DRAFT = (
    "Repair cafés save families money. My name is Anna Smith and I visited one.\n\n"
    "In one survey, half of the 40 visitors kept a machine that they wanted to throw away (Lee, 2019). "
    "It was not possible to ask everyone.\n\n"
    "However, the cafés depend on volunteers. Towns should therefore give them a room."
)


def rubric() -> RubricSnapshot:
    levels = tuple(LevelSnapshot(p, f"Label {p}", f"What level {p} asks for.") for p in range(4))
    return RubricSnapshot(
        "Essay",
        (
            CriterionSnapshot("c1", "Argument", "The claim and its reasons", 2.0, levels, target_position=2),
            CriterionSnapshot("c2", "Evidence", "", 1.0, levels),
            CriterionSnapshot("c3", "Language | style", "", 1.0, levels[:3], False, language_matters=True),
        ),
        pass_position=1,
    )


def source(**changes: Any) -> PromptInput:
    made = PromptInput(
        assignment_title="Repair or replace",
        assignment_instructions="Take a position.\nSupport it with two sources.",
        rubric=rubric(),
        text=DRAFT,
        nonce=NONCE,
        seed=3,
        custom_instructions="Comment on the use of sources first.",
        roster=("Anna Smith", "21534567", "anna@example.edu"),
        goals=(
            Goal(
                "g1",
                "c2",
                "Name a source for the survey.",
                "The survey has no source.",
                ("In one survey, half kept it.",),
            ),
        ),
    )
    return replace(made, **changes)


def prompt(**changes: Any) -> Prompt:
    return build_prompt(source(**changes))


def answer(**changes: Any) -> dict[str, Any]:
    """A complete answer to ``prompt()``; every call gives a fresh one to change."""
    quote = {"sentence_id": "P2.S1", "quote": "half of the 40 visitors kept a machine"}
    criteria = [
        {
            "criterion_id": key,
            "evidence": [dict(quote), {"sentence_id": "P3.S2", "quote": "Towns should therefore give them a room."}],
            "reasoning": "One survey and one consequence.",
            "level": 1,
            "not_assessable_reason": None,
            "confidence": "medium",
        }
        for key in ("c1", "c2", "c3")
    ]
    item = {
        "item_id": "i1",
        "criterion_id": "c2",
        "kind": "issue",
        "tag": "evidence",
        "focus": "task",
        "evidence": [dict(quote)],
        "absence": False,
        "comment": "The survey has no place or year, so readers cannot check the claim.",
        "why": "Readers believe a claim they can check.",
        "next_step": "Say where and when the survey was made.",
        "severity": 3,
    }
    made: dict[str, Any] = {
        "schema_version": "ff.review/1",
        "echo": {"nonce": NONCE, "last_sentence_id": "P3.S2"},
        "draft_check": {
            "language": "en",
            "on_task": "yes",
            "text_addressed_to_reviewer": [],
            "student_concern": "none",
        },
        "criteria": criteria,
        "items": [item],
        "priority_item_ids": ["i1"],
        "goal_progress": [
            {"goal_id": "g1", "evidence": [dict(quote)], "note": "A source was added.", "status": "addressed"}
        ],
    }
    return made | changes


def item(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = answer()["items"][0]
    return made | changes


def reading_of(data: Mapping[str, Any], *, text: str = DRAFT, asked: Prompt | None = None) -> Reading:
    """What the real parser and the real look-up make of ``data``."""
    asked = asked or prompt()
    raw = json.dumps(data, ensure_ascii=False)
    parsed = parse_answer(raw, finish_reason="stop", prompt=asked, rubric=rubric())
    return verify(parsed, text=text, sentences=split_sentences(text), redactions=asked.redactions, rubric=rubric())
