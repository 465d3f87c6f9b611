"""Cutting a draft into paragraphs and pieces, so that notes can point at the draft's own words.

Pure: offsets in, pieces out; templates print the pieces as text.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width

LONGEST_WORD = 40


@dataclass(frozen=True)
class Mark:
    """A passage ``[start, end)`` of the text that note ``number`` points at. ``tone``: strength, growth, question."""

    number: int
    start: int
    end: int
    tone: str = "growth"
    key: str = ""


@dataclass(frozen=True)
class Beginning:
    """Where a mark begins, and so carries its number. ``anchor``: the first place of its note, where links lead."""

    number: int
    anchor: bool


@dataclass(frozen=True)
class Piece:
    """A run of text under the same marks. ``begins``: the marks that begin here, each with its own number."""

    text: str
    marks: tuple[Mark, ...] = ()
    begins: tuple[Beginning, ...] = ()

    @property
    def tone(self) -> str:
        return self.marks[0].tone if self.marks else ""

    @property
    def numbers(self) -> str:
        return " ".join(str(mark.number) for mark in self.marks)


@dataclass(frozen=True)
class Paragraph:
    """One block of the draft: ``kind`` as the extraction names it, ``level`` for headings and lists.

    ``label`` names the file that begins here, in drafts of several files.
    """

    kind: str
    level: int
    start: int
    pieces: tuple[Piece, ...]
    label: str = ""


def _blocks(text: str, blocks: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, int, int]]:
    if blocks:
        return [(str(b["kind"]), int(b.get("level", 0)), int(b["start"]), int(b["end"])) for b in blocks]
    found, position = [], 0
    for part in text.split("\n\n"):
        if part.strip():
            found.append(("paragraph", 0, position, position + len(part)))
        position += len(part) + 2
    return found


def paragraphs(
    text: str,
    blocks: Sequence[Mapping[str, Any]],
    marks: Sequence[Mark],
    labels: Mapping[int, str] | None = None,
) -> list[Paragraph]:
    """Cut ``text`` into its blocks, and each block into pieces at the edges of ``marks``.

    ``labels`` name the files that begin at an offset.

    Marks may overlap and may span blocks; those outside the text or empty are dropped.
    """
    valid = sorted((m for m in marks if 0 <= m.start < m.end <= len(text)), key=lambda m: (m.start, m.end, m.number))
    begun: set[tuple[int, int, int]] = set()
    anchored: set[int] = set()
    result = []
    for kind, level, start, end in _blocks(text, blocks):
        here = [m for m in valid if m.start < end and m.end > start]
        cuts = sorted({start, end, *(max(m.start, start) for m in here), *(min(m.end, end) for m in here)})
        pieces = []
        for left, right in itertools.pairwise(cuts):
            over = tuple(m for m in here if m.start <= left and m.end >= right)
            begins = []
            for mark in over:
                identity = (mark.number, mark.start, mark.end)
                if identity not in begun:
                    begun.add(identity)
                    begins.append(Beginning(mark.number, mark.number not in anchored))
                    anchored.add(mark.number)
            pieces.append(Piece(text[left:right], over, tuple(begins)))
        result.append(Paragraph(kind, level, start, tuple(pieces), (labels or {}).get(start, "")))
    return result


TONE = {"strength": "strength", "question": "question", "priority": "growth", "note": "growth"}


def marks_of(items: Sequence[Any]) -> list[Mark]:
    """Return the marks of numbered notes: ``items`` have ``number``, ``group``, ``public_id`` and ``quotes``."""
    found = []
    for item in items:
        for quote in item.quotes:
            if quote.get("start") is not None and quote.get("end") is not None:
                found.append(
                    Mark(item.number, quote["start"], quote["end"], TONE.get(item.group, "growth"), str(item.public_id))
                )
    return found


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a selection that begins or ends inside a word to the whole word; scripts without spaces stay as selected."""
    first, last = start, end
    while first > 0 and _in_one_word(text[first - 1], text[first]):
        first -= 1
    while last < len(text) and _in_one_word(text[last - 1], text[last]):
        last += 1
    return (first if start - first <= LONGEST_WORD else start), (last if last - end <= LONGEST_WORD else end)


def _in_one_word(left: str, right: str) -> bool:
    return all(char.isalnum() and east_asian_width(char) not in "WF" for char in (left, right))
