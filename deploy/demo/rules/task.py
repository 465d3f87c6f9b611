"""Read the prompt: what is asked, about which text, by which criteria."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deploy.demo.rules.draft import Sentence

SECTION = re.compile(r"^⟦([a-z0-9]{10})·(ASSIGNMENT|RUBRIC|GOALS|INSTRUCTIONS|DRAFT|END)⟧\s*(.*)$")
MARKED = re.compile(r"^⟦([a-z0-9]{10})·(P\d+\.S\d+)⟧ ?(.*)$")
NONCE = re.compile(r"^nonce \| ([a-z0-9]{10})\s*$", re.M)
PART = re.compile(r"^part \| (all|comments|levels)\b", re.M)


class UnreadablePrompt(ValueError):
    """The prompt does not have the form the rules read."""


@dataclass(frozen=True)
class Level:
    position: int
    label: str
    descriptor: str


@dataclass(frozen=True)
class Criterion:
    key: str
    title: str
    description: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Goal:
    goal_id: str
    criterion_key: str
    next_step: str
    comment: str
    old_sentences: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One prompt, read. ``part``: all, comments (levels stay null) or levels (no comments)."""

    nonce: str
    assignment: str
    criteria: tuple[Criterion, ...]
    goals: tuple[Goal, ...]
    sentences: tuple[Sentence, ...]
    part: str = "all"


def read(messages: Iterable[Mapping[str, object]]) -> Task:
    """Read the messages of a chat request. Raises UnreadablePrompt when draft or rubric cannot be found."""
    texts = [_content(message.get("content")) for message in messages]
    whole = "\n".join(texts)
    sections: dict[str, list[str]] = {}
    # The nonce of the system message decides: a draft that imitates a marker has another one.
    stated = NONCE.search(whole)
    nonce, current = (stated[1] if stated else ""), ""
    for line in whole.split("\n"):
        match = SECTION.match(line)
        if match and (not nonce or match[1] == nonce):
            nonce, current = match[1], match[2]
            sections.setdefault(current, [])
        elif current:
            sections[current].append(line)
    if "DRAFT" not in sections:
        raise UnreadablePrompt("The prompt has no marked draft.")
    sentences = tuple(_sentences(sections["DRAFT"], nonce))
    criteria = tuple(_criteria(sections.get("RUBRIC", [])))
    if not sentences or not criteria:
        raise UnreadablePrompt("The prompt has no sentences or no criteria.")
    part = PART.search(whole)
    return Task(
        nonce=nonce,
        assignment="\n".join(sections.get("ASSIGNMENT", [])),
        criteria=criteria,
        goals=tuple(_goals(sections.get("GOALS", []))),
        sentences=sentences,
        part=part[1] if part else "all",
    )


def _content(content: object) -> str:
    """The text of one message: a string, or OpenAI's list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return ""


def _sentences(lines: list[str], nonce: str) -> Iterable[Sentence]:
    for line in lines:
        match = MARKED.match(line)
        if match and match[1] == nonce and match[3].strip():
            yield Sentence(match[2], int(match[2][1:].split(".")[0]), match[3].strip())


def _fields(line: str) -> list[str]:
    return [part.strip() for part in line.split("|")]


def _criteria(lines: list[str]) -> Iterable[Criterion]:
    current: Criterion | None = None
    for line in lines:
        first, *rest = _fields(line)
        kind, _, name = first.partition(" ")
        if kind == "criterion" and name and rest:
            if current:
                yield current
            current = Criterion(name.strip(), rest[0], "", ())
        elif current and kind == "about" and rest:
            current = replace(current, description=" ".join(rest))
        elif current and kind == "level" and name.strip().isdigit() and rest:
            level = Level(int(name), rest[0], " ".join(rest[1:]))
            current = replace(current, levels=(*current.levels, level))
    if current:
        yield current


def _goals(lines: list[str]) -> Iterable[Goal]:
    current: Goal | None = None
    for line in lines:
        first, *rest = _fields(line)
        kind, _, name = first.partition(" ")
        if kind == "goal" and name:
            if current:
                yield current
            criterion = next((r.removeprefix("criterion ") for r in rest if r.startswith("criterion ")), "")
            current = Goal(name.strip(), criterion, rest[-1] if rest else "", "", ())
        elif current and kind == "comment":
            current = replace(current, comment=" ".join(rest))
        elif current and kind == "before":
            current = replace(current, old_sentences=(*current.old_sentences, " ".join(rest)))
    if current:
        yield current
