"""The parts of a draft: title, headings, paragraphs, table rows, references; and its words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Role = Literal["title", "heading", "body", "table", "reference", "note"]

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
REFERENCES = re.compile(r"^(references|bibliography|works cited|sources|literature)\W*$", re.I)
STOP = frozenset(
    re.findall(
        r"\S+",
        """
    a about above after again against all also although always an and another any are as at be because
    been before being between both but by can cannot could did do does done down during each even every
    few for from further had has have having he her here him his how however i if in into is it its
    itself just like many may me more most much must my never no nor not now of off often on once one
    only or other our out over own part people per same she should since so some still such than that
    the their them then there therefore these they thing things this those through thus to too two under
    until up us use used very was way we were what when where whether which while who whole whom whose
    why will with within without would year years yet you your three four five first second third last
""",
    )
)


@dataclass(frozen=True)
class Sentence:
    """One marked sentence; ``id`` is ``P<paragraph>.S<index>``."""

    id: str
    paragraph: int
    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(word.lower() for word in WORD.findall(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Content words, cut to a common beginning."""
        return frozenset(stem(word) for word in self.words if len(word) > 3 and word not in STOP)

    def has(self, pattern: re.Pattern[str]) -> bool:
        return pattern.search(self.text) is not None


def stem(word: str) -> str:
    """A crude stem: enough to see that ``fares`` and ``fare`` are one word."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ies", "ers", "er", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True)
class Paragraph:
    number: int
    sentences: tuple[Sentence, ...]
    role: Role
    section: str = ""  # words of the heading above, lower case

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def word_count(self) -> int:
        return sum(len(sentence.words) for sentence in self.sentences)

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(w for s in self.sentences for w in s.words if len(w) > 3 and w not in STOP)


class Draft:
    """The marked sentences of one prompt, put together again."""

    def __init__(self, sentences: tuple[Sentence, ...]) -> None:
        self.sentences = sentences
        self.paragraphs = _paragraphs(sentences)

    @cached_property
    def body(self) -> tuple[Paragraph, ...]:
        return tuple(p for p in self.paragraphs if p.role == "body")

    @cached_property
    def body_sentences(self) -> tuple[Sentence, ...]:
        return tuple(s for p in self.body for s in p.sentences)

    @cached_property
    def references(self) -> tuple[Paragraph, ...]:
        return tuple(p for p in self.paragraphs if p.role == "reference")

    @cached_property
    def title(self) -> str:
        return next((p.text for p in self.paragraphs if p.role == "title"), "")

    @cached_property
    def word_count(self) -> int:
        return sum(p.word_count for p in self.body)

    def opening(self) -> tuple[Paragraph, ...]:
        """The introduction: the first body paragraph, two when the draft has at least six."""
        return self.body[: 2 if len(self.body) >= 6 else 1]

    def following(self, sentence: Sentence) -> Sentence | None:
        """The next sentence of the same paragraph."""
        for paragraph in self.body:
            if paragraph.number == sentence.paragraph:
                at = [s.id for s in paragraph.sentences].index(sentence.id)
                return paragraph.sentences[at + 1] if at + 1 < len(paragraph.sentences) else None
        return None

    def preceding(self, sentence: Sentence) -> Sentence | None:
        for paragraph in self.body:
            if paragraph.number == sentence.paragraph:
                at = [s.id for s in paragraph.sentences].index(sentence.id)
                return paragraph.sentences[at - 1] if at else None
        return None


def _paragraphs(sentences: tuple[Sentence, ...]) -> tuple[Paragraph, ...]:
    groups: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        groups.setdefault(sentence.paragraph, []).append(sentence)
    found: list[Paragraph] = []
    section, in_references = "", False
    for at, (number, members) in enumerate(groups.items()):
        text = " ".join(s.text for s in members).strip()
        role: Role = "body"
        short = len(text.split()) <= 14
        unended = short and len(members) == 1 and not re.search(r"[.!?;:…”\"]$", text)
        if REFERENCES.match(text):
            role, section, in_references = "heading", "references", True
        elif " | " in text or "\t" in text:
            role = "table"
        elif short and at == 0 and len(members) == 1:
            role = "title"
        elif unended and re.search(r"\d", text):
            role = "table"  # a row, its cells run together
        elif unended:
            role, section, in_references = "heading", text.lower(), False
        elif in_references:
            role = "reference"
        elif re.match(r"^(\[\^?\d+\]|footnote|¹|²|³)", text, re.I):
            role = "note"
        found.append(Paragraph(number, tuple(members), role, section))
    return tuple(found)
