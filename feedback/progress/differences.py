"""Word by word, what changed between an old and a new sentence, for showing both side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_PIECE = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]|\s+")


@dataclass(frozen=True)
class Span:
    """A run of characters. ``text`` of all "same" and "removed" spans joined is the old text, of "same" and "added"
    the new one."""

    kind: Literal["same", "removed", "added"]
    text: str


def word_differences(old: str, new: str) -> tuple[Span, ...]:
    """Return the spans that turn ``old`` into ``new``, removed words before those put in their place.

    White space between two changed words is part of the change, so a reworded phrase reads as one.
    """
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    spans: list[Span] = []
    for kind, a, b, c, d in _operations(before, after):
        if kind == "equal":
            spans.append(Span("same", "".join(after[c:d])))
            continue
        if b > a:
            spans.append(Span("removed", "".join(before[a:b])))
        if d > c:
            spans.append(Span("added", "".join(after[c:d])))
    return tuple(spans)


def _operations(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """difflib's operations, with single blanks between two changes drawn into them."""
    joined: list[tuple[str, int, int, int, int]] = []
    operations = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (kind, a, b, c, d) in enumerate(operations):
        blank = kind == "equal" and 0 < number < len(operations) - 1 and not "".join(before[a:b]).strip()
        changed = kind != "equal" or blank
        if changed and joined and joined[-1][0] == "replace":
            joined[-1] = ("replace", joined[-1][1], b, joined[-1][3], d)
        else:
            joined.append(("replace" if changed else "equal", a, b, c, d))
    return joined
