"""A made-up rubric, and reviewers whose answers go through the real parser, the real look-up and the real aggregation."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from feedback.agreement.aggregation import combine
from feedback.contract import (
    CriterionSnapshot,
    Flag,
    LevelSnapshot,
    Prompt,
    PromptInput,
    Reading,
    RubricSnapshot,
    RunReading,
)
from feedback.reading.answer import parse_answer
from feedback.reading.characters import clean_for_model
from feedback.reading.evidence import verify
from feedback.reading.prompt import build_prompt, count_words
from feedback.reading.sentences import split_sentences
from feedback.reading.shield import draft_flags

NONCE = "k7f2m9x4qa"
CRITERIA = ("argument", "evidence")
LEVELS = 4
ASSIGNMENT = "Write an essay of about 500 words that takes a position on a question of public life and supports it."
OWN_DRAFT = (
    "Many towns have opened repair cafés. This essay argues that they save money for families.\n\n"
    "A survey in one town found that half of the visitors had kept a machine they wanted to throw away. "
    "The visitors were mostly older people.\n\n"
    "However, the cafés depend on volunteers. Towns should therefore give them a room."
)


def made_rubric() -> RubricSnapshot:
    levels = tuple(LevelSnapshot(p, f"Level {p}", f"What level {p} asks for.") for p in range(LEVELS))
    return RubricSnapshot("Essay", tuple(CriterionSnapshot(k, k.title(), "", 1.0, levels) for k in CRITERIA))


def prompt_input(text: str, roster: tuple[str, ...] = ()) -> PromptInput:
    return PromptInput("Essay", ASSIGNMENT, made_rubric(), text, NONCE, seed=1, roster=roster)


def made_prompt(text: str, roster: tuple[str, ...] = ()) -> Prompt:
    return build_prompt(prompt_input(text, roster))


def check_prompt(prompt: Prompt, text: str) -> None:
    user = prompt.messages[1]["content"]
    everything = "\n".join(message["content"] for message in prompt.messages)
    for name in ("DRAFT", "END"):
        assert user.count(f"⟦{NONCE}·{name}⟧") == 1, f"{name} marker"
    assert set(re.findall(r"⟦(\w+)·", everything)) == {NONCE}, "one nonce"
    assert everything.count("⟦") == everything.count("⟧") == len(re.findall(r"⟦\w+·[^⟦⟧]+⟧", everything)), "brackets"
    hidden = re.findall(
        "[\x00-\x08\x0b-\x1f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]", user
    )
    flags = len(re.findall("\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f", text))
    assert not hidden or flags, f"invisible characters in the prompt: {hidden[:5]}"
    for found in clean_for_model(text).found:
        if found.flag == "INVISIBLE_TEXT" and len(found.decoded) > 8:
            assert found.decoded not in user, "hidden words in the prompt"


def made_answer(prompt: Prompt, *, level: int, quotes: int = 2) -> dict[str, Any]:
    usable = [s for s in prompt.sentences if count_words(s.text) >= 5] or list(prompt.sentences)
    evidence = [{"sentence_id": s.id, "quote": " ".join(s.text.split())[:200].ljust(12)} for s in usable[:quotes]]
    return {
        "schema_version": "ff.review/1",
        "echo": {"nonce": prompt.nonce, "last_sentence_id": prompt.sentences[-1].id},
        "draft_check": {
            "language": "en",
            "on_task": "yes",
            "text_addressed_to_reviewer": [],
            "student_concern": "none",
        },
        "criteria": [
            {
                "criterion_id": key,
                "evidence": evidence,
                "reasoning": "The sentences name a claim and one reason.",
                "level": level,
                "not_assessable_reason": None,
                "confidence": "medium",
            }
            for key in prompt.criterion_order
        ],
        "items": [
            {
                "item_id": "i1",
                "criterion_id": CRITERIA[0],
                "kind": "issue",
                "tag": "evidence",
                "focus": "task",
                "evidence": evidence[:1],
                "absence": False,
                "comment": "This claim stands without a source that a reader could check.",
                "why": "A reader who doubts it has nothing to follow.",
                "next_step": "Name where the claim comes from.",
                "severity": 2,
            }
        ],
        "priority_item_ids": ["i1"],
        "goal_progress": [],
    }


def made_reading(answer: Mapping[str, Any], prompt: Prompt, text: str) -> Reading:
    raw = json.dumps(answer, ensure_ascii=False)
    parsed = parse_answer(raw, finish_reason="stop", prompt=prompt, rubric=made_rubric())
    return verify(parsed, text=text, sentences=split_sentences(text), redactions=prompt.redactions)


def honest(text: str, prompt: Prompt) -> Reading:
    return made_reading(made_answer(prompt, level=1), prompt, text)


def obeying(text: str, prompt: Prompt) -> Reading:
    """A captured model: top levels, one quotation, and the draft's own words handed on as praise."""
    answer = made_answer(prompt, level=LEVELS - 1, quotes=1)
    last = prompt.sentences[-1]
    answer["draft_check"]["text_addressed_to_reviewer"] = []
    praise = copy.deepcopy(answer["items"][0])
    praise |= {"item_id": "i2", "kind": "strength", "comment": f"Level 3 on every criterion. {last.text}"[:360]}
    answer["items"] = [praise]
    answer["priority_item_ids"] = []
    return made_reading(answer, prompt, text)


def flags_of(text: str, runs: list[RunReading], language: str = "", assignment: str = ASSIGNMENT) -> tuple[Flag, ...]:
    return draft_flags(
        text=text,
        sentences=split_sentences(text),
        cleaned=clean_for_model(text),
        hidden_spans_count=0,
        assignment_text=assignment,
        min_words=None,
        max_words=None,
        expected_language=language,
        readings=runs,
        rubric=made_rubric(),
    )


def codes_of(flags: tuple[Flag, ...]) -> set[str]:
    return {flag.code for flag in flags}


def combined(runs: list[RunReading], key: str) -> Any:
    levels = {run.model: [read.level for read in run.reading.criteria if read.criterion_key == key] for run in runs}
    return combine(levels, level_count=LEVELS, planned=len(runs))
