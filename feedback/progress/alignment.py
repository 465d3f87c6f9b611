"""Which sentence of the last draft became which sentence of this one.

Sentences are matched one to one by how alike they are: the most alike first, and of equally alike ones those
nearest to where they would be expected. What then differs is named: mechanics (punctuation, capitals), minor wording, reworded, added,
removed; "moved" goes with any of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

Change = Literal["unchanged", "mechanics", "minor_wording", "reworded", "added", "removed"]

MATCH = 0.55
MINOR = 0.97

_DASHES_AND_QUOTES = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"',
    "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u2026": "...", "\u00ad": "", "\u200b": "", "\ufeff": "",
})  # fmt: skip
_NOT_WORDS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class SentenceChange:
    """One sentence of either draft. ``old``/``new`` are 0-based; None where it was added or removed.

    ``similarity`` 0..1 is None for added and removed ones. ``moved``: its order among the others changed.
    """

    change: Change
    old: int | None
    new: int | None
    similarity: float | None = None
    moved: bool = False

    @property
    def same_text(self) -> bool:
        return self.change == "unchanged" and not self.moved


@dataclass(frozen=True)
class Alignment:
    """All sentences of both drafts: kept and removed ones in the order of the old draft, then added ones."""

    changes: tuple[SentenceChange, ...]

    @property
    def summary(self) -> dict[str, int]:
        """How many sentences underwent which change; "moved" counts on top. Changes that did not occur are absent."""
        counts = Counter[str](change.change for change in self.changes)
        moved = sum(change.moved for change in self.changes)
        return {**counts, "moved": moved} if moved else dict(counts)

    @property
    def changed_share(self) -> float:
        """Share of the sentences of both drafts (a matched pair counts once) that did not stay as they were; 0..1."""
        return sum(not change.same_text for change in self.changes) / len(self.changes) if self.changes else 0.0

    def of_old(self, old: int) -> SentenceChange | None:
        """What became of sentence ``old`` of the last draft; None when there is no such sentence."""
        return next((change for change in self.changes if change.old == old), None)


def align(old: Sequence[str], new: Sequence[str]) -> Alignment:
    """Align the sentences of two drafts."""
    old_plain = [_plain(sentence) for sentence in old]
    new_plain = [_plain(sentence) for sentence in new]
    matched = _match(old_plain, new_plain)
    pairs = sorted((i, j) for i, (j, _score) in matched.items())
    in_place = _longest_increasing(pairs)
    changes = []
    for i in range(len(old)):
        if i not in matched:
            changes.append(SentenceChange("removed", i, None))
            continue
        j, score = matched[i]
        change = _change(old[i], new[j], score)
        changes.append(SentenceChange(change, i, j, score, moved=(i, j) not in in_place))
    taken = {j for _, j in pairs}
    changes += [SentenceChange("added", None, j) for j in range(len(new)) if j not in taken]
    return Alignment(tuple(changes))


def _plain(sentence: str) -> str:
    text = unicodedata.normalize("NFKC", sentence).translate(_DASHES_AND_QUOTES)
    return " ".join(text.casefold().split())


def _match(old: Sequence[str], new: Sequence[str]) -> dict[int, tuple[int, float]]:
    """Old index -> (new index, similarity 0..1), one to one."""
    matched: dict[int, tuple[int, float]] = {}
    free_new = set(range(len(new)))

    def take(i: int, j: int, score: float) -> None:
        matched[i] = (j, score)
        free_new.discard(j)

    for i, j in _equal_sentences(old, new):
        take(i, j, 1.0)
    rest_old = [i for i in range(len(old)) if i not in matched]
    rest_new = sorted(free_new)
    if not rest_old or not rest_new:
        return matched
    candidates = []
    for i in rest_old:
        for j in rest_new:
            score = fuzz.ratio(old[i], new[j], score_cutoff=MATCH * 100) / 100
            if score >= MATCH and old[i] and new[j]:
                candidates.append((-score, _displacement(i, j, matched), i, j))
    for negative_score, _, i, j in sorted(candidates):
        if i not in matched and j in free_new:
            take(i, j, -negative_score)
    return matched


def _equal_sentences(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of equal sentences; repeated ones are paired in order."""
    places: dict[str, list[int]] = {}
    for j, sentence in enumerate(new):
        places.setdefault(sentence, []).append(j)
    pairs = []
    for i, sentence in enumerate(old):
        if places.get(sentence):
            pairs.append((i, places[sentence].pop(0)))
    return pairs


def _displacement(i: int, j: int, matched: dict[int, tuple[int, float]]) -> int:
    """How far ``j`` lies from where ``i`` would be expected after its nearest earlier match."""
    for before in range(i - 1, -1, -1):
        if before in matched:
            return abs(j - (matched[before][0] + i - before))
    return abs(j - i)


def _change(old: str, new: str, score: float) -> Change:
    if " ".join(old.split()) == " ".join(new.split()):
        return "unchanged"
    if _words(old) == _words(new):
        return "mechanics"
    return "minor_wording" if score >= MINOR else "reworded"


def _words(sentence: str) -> list[str]:
    return _NOT_WORDS.sub(" ", _plain(sentence).replace("'", "")).split()


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The largest set of pairs whose new indices rise with the old ones; of equally large sets the earliest."""
    length = [1] * len(pairs)
    previous = [-1] * len(pairs)
    for b, (_, new_b) in enumerate(pairs):
        for a in range(b):
            if pairs[a][1] < new_b and length[a] + 1 > length[b]:
                length[b], previous[b] = length[a] + 1, a
    kept = set()
    at = max(range(len(pairs)), key=lambda b: length[b], default=-1)
    while at >= 0:
        kept.add(pairs[at])
        at = previous[at]
    return kept
