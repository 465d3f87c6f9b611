"""Prompts in the documented form, made from the demo essays without the product."""

from __future__ import annotations

import json
import re
from pathlib import Path

from deploy.demo.make_documents import ESSAYS, read_essay
from deploy.demo.rules.task import Task, read

TEMPLATES = Path(__file__).resolve().parents[3] / "courses" / "templates_library"
NONCE = "k7f2m9x4qa"
ESSAY_NAMES = sorted(p.stem for p in ESSAYS.glob("*.md") if p.stem != "README")


def sentences_of(essay: str) -> list[str]:
    """``id text`` for each sentence, cut simply: good enough for text we wrote ourselves."""
    lines, paragraph = [], 0
    for block in read_essay((ESSAYS / f"{essay}.md").read_text(encoding="utf-8")).blocks:
        for part in [" | ".join(row) for row in block.rows] or [block.text]:
            paragraph += 1
            cut = re.split(r"(?<=[.!?”\"])\s+(?=[A-Z“\"])", part)
            lines += [f"P{paragraph}.S{at} {text}" for at, text in enumerate(cut, 1)]
    return lines


def messages(
    lines: list[str], *, template: str = "essay", goals: str = "", part: str = "all", nonce: str = NONCE
) -> list[dict[str, str]]:
    """System and user message for sentences given as ``P1.S1 text``."""
    rubric = json.loads((TEMPLATES / f"{template}.json").read_text(encoding="utf-8"))
    records = []
    for number, criterion in enumerate(rubric["criteria"], 1):
        records += [f"criterion c{number} | {criterion['title']} | weight {criterion['weight']}"]
        records += [f"about | {criterion['description']}"]
        records += [f"level {n} | {lv['label']} | {lv['descriptor']}" for n, lv in enumerate(criterion["levels"])]
    marked = [f"⟦{nonce}·{line.split(' ', 1)[0]}⟧ {line.split(' ', 1)[1]}" for line in lines]
    user = [
        f"⟦{nonce}·ASSIGNMENT⟧",
        "title | One public question",
        "Choose a question of public interest, take a position, and defend it with sources.",
        f"⟦{nonce}·RUBRIC⟧",
        *records,
        *([f"⟦{nonce}·GOALS⟧", *goals.splitlines()] if goals else []),
        f"⟦{nonce}·DRAFT⟧",
        *marked,
        f"⟦{nonce}·END⟧",
        "The draft ends here.",
    ]
    system = f"Read one draft.\nnonce | {nonce}\ncanary | FFC-0123456789ab\nfeedback language | en\npart | {part}"
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n".join(user)}]


def template_of(essay: str) -> str:
    return "lab" if essay == "cooling-report" else "essay"


def task_of(essay: str, *, goals: str = "", part: str = "all") -> Task:
    return read(messages(sentences_of(essay), template=template_of(essay), goals=goals, part=part))
