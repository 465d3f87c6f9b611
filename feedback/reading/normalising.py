"""Two spellings of the same words made equal, with the way back to the original offsets."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_UNIFIED = {
    **dict.fromkeys("'‘’‚‛′‵ʼʹˈ`´＇", "'"),
    **dict.fromkeys('"“”„‟″‶«»〝〞＂', '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－⸺⸻", "-"),
    "…": "...",
    "‥": "..",
}
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff⟦⟧]"
)
_UNSEEN_RUN = re.compile(f"(?:{_INVISIBLE.pattern})*")
# One code point at a time can be normalised unless one of these joins it to the one before.
_JOINING = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u08ff\u0900-\u1fff\u20d0-\u20ff\u3099\u309a\uff9e\uff9f\ua66f-\uabff\U00010a00-\U0001e94a]"
)
# 0, 1, 2, ...: long enough for a quotation, which is copied from here instead of being counted each time.
_PLACES = array("l", range(1024))
# Printable ASCII words with single blanks between them (but no grave accent, which is a quotation mark), else one character.
_PIECE = re.compile(r"[!-_a-~]+(?: [!-_a-~]+)*|[\s\S]")


@dataclass(frozen=True)
class Normalised:
    """``text`` in its normal form; character ``i`` of it comes from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: array[int]
    ends: array[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that ``text[start:end]`` (not empty) came from."""
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=32)
def normalise_with_map(text: str, *, compose: bool = True) -> Normalised:
    """NFKC, lower case, one kind of quotation mark, dash and ellipsis, nothing invisible, single blanks, no blank ends.

    ``compose`` also makes a letter with its combining marks equal to the composed letter; without it every
    character is normalised by itself.
    """
    pieces: list[str] = []
    starts, ends = array("l"), array("l")
    places = _PLACES if len(text) < len(_PLACES) else array("l", range(len(text) + 1))
    pending_blank: tuple[int, int] | None = None
    for cluster, start, end in _clusters(text, compose):
        if cluster.isspace():
            pending_blank = (pending_blank[0], end) if pending_blank else (start, end)
            continue
        plain = end - start > 1 and cluster.isascii()  # a run that only has to be lowered, letter by letter
        normal = cluster.lower() if plain else _normal_cluster(cluster)
        if not normal:
            continue
        if pending_blank and pieces:
            pieces.append(" ")
            starts.append(pending_blank[0])
            ends.append(pending_blank[1])
        pending_blank = None
        pieces.append(normal)
        starts.extend(places[start:end] if plain else [start] * len(normal))
        ends.extend(places[start + 1 : end + 1] if plain else [end] * len(normal))
    return Normalised("".join(pieces), starts, ends)


def normalise(text: str, *, compose: bool = True) -> str:
    """The normal form of ``text`` alone."""
    return normalise_with_map(text, compose=compose).text


@lru_cache(maxsize=4096)
def _normal_cluster(cluster: str) -> str:
    if cluster.isascii():
        return "'" if cluster == "`" else "" if _INVISIBLE.match(cluster) else cluster.lower()
    visible = _INVISIBLE.sub("", cluster)
    unified = "".join(_UNIFIED.get(c, c) for c in visible)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", unified).casefold())
    unified = "".join(_UNIFIED.get(c, c) for c in folded)
    return "".join(_INVISIBLE.sub("", unified).split())


def _clusters(text: str, compose: bool) -> Iterator[tuple[str, int, int]]:
    """(characters, start, end): a run of plain ASCII words, a character, or a base with its combining marks.

    What nobody sees between a base and its mark keeps them together.
    """
    if not compose or not _JOINING.search(text):
        for match in _PIECE.finditer(text):
            yield match.group(), *match.span()
        return
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text):
            mark = _UNSEEN_RUN.match(text, end).end()  # type: ignore[union-attr]  # it may be empty
            if mark >= len(text) or not (
                unicodedata.combining(text[mark]) or text[mark] in "\uff9e\uff9f" or _jamo(text[start], text[mark])
            ):
                break
            end = mark + 1
        yield text[start:end], start, end
        start = end


def _jamo(before: str, char: str) -> bool:
    return "\u1161" <= char <= "\u11ff" and "\u1100" <= before <= "\u11ff"
