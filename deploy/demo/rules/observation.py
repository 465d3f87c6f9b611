"""What a rule returns: observations to comment on, and signals to judge by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.demo.rules.draft import Sentence

Voice = Literal["kind", "balanced", "strict"]
VOICES: tuple[Voice, ...] = ("kind", "balanced", "strict")
STRICTNESS: dict[Voice, int] = {"kind": 0, "balanced": 1, "strict": 2}
Topic = Literal["claim", "evidence", "views", "order", "wording", "aim", "method", "results", "discussion"]


@dataclass(frozen=True)
class Observation:
    """One thing seen in the draft.

    ``comments`` holds one wording for each voice. ``sentence`` is None for something that is missing.
    ``noticed_from`` is the least strict voice (0 kind .. 2 strict) that mentions it.
    """

    rule: str
    topic: Topic
    kind: Literal["strength", "issue", "question"]
    tag: str
    comments: tuple[str, str, str]
    why: str
    next_step: str
    sentence: Sentence | None = None
    quote: str = ""
    severity: int = 2
    noticed_from: int = 0
    focus: Literal["task", "process", "self_regulation"] = "task"

    @property
    def absence(self) -> bool:
        return self.sentence is None


@dataclass(frozen=True)
class Signal:
    """One measure of a topic: ``value`` 0..1, weighed differently by each voice; ``words`` say what was seen."""

    topic: Topic
    value: float
    weights: tuple[float, float, float]  # kind, balanced, strict
    words: str
    sentences: tuple[Sentence, ...] = ()


Findings = tuple[list[Observation], list[Signal]]


def clip(text: str, longest: int = 200) -> str:
    """A contiguous piece of ``text`` from its beginning, at most 25 words and ``longest`` characters."""
    text = text.strip()
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    end = max((e for e in ends[:25] if e <= longest), default=longest)
    return text if end == len(text) else text[:end].rstrip(" ,;:")


def words_of(text: str, count: int = 7) -> str:
    """The first words of ``text``, as a short reminder inside a comment; a stretch of it without digits."""
    stretches: list[list[str]] = [[]]
    for word in text.split():
        if any(c.isdigit() for c in word):
            stretches.append([])
        else:
            stretches[-1].append(word)
    words = next((stretch for stretch in stretches if len(stretch) >= 3), max(stretches, key=len))
    piece = " ".join(words[:count]).strip(' ,;:.!?()[]“”"')
    return piece + (" …" if len(words) > count else "")


ONES = re.findall(
    r"\S+",
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
""",
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number: int) -> str:
    """``number`` written out (0..999): comments carry no digits, so that no count looks like a verdict."""
    if number > 999:
        return "a thousand and more"
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    rest = number % 100
    return f"{ONES[number // 100]} hundred" + (f" and {in_words(rest)}" if rest else "")


def roughly(number: int) -> str:
    """``number`` rounded to the nearest five, in words."""
    return in_words(5 * round(number / 5))


def listed(words: Sequence[str]) -> str:
    """``“a”, “b” and “c”``."""
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
