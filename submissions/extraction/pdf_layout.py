"""From words with places to lines in reading order: columns, lines, running headers. Pure arithmetic.

Coordinates are points, origin top left, y downwards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(slots=True)
class Word:
    """One word and its box; ``size`` is the font size in points."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False
    tilted: bool = False


@dataclass(slots=True)
class Line:
    """Words on one line, in reading order."""

    words: list[Word]
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0
    size: float = 0.0
    text: str = ""
    rtl: bool = False

    def __post_init__(self) -> None:
        self.x0, self.x1 = min(w.x0 for w in self.words), max(w.x1 for w in self.words)
        self.y0, self.y1 = min(w.y0 for w in self.words), max(w.y1 for w in self.words)
        self.size = median(w.size for w in self.words)
        self.rtl = is_rtl("".join(w.text for w in self.words))
        self.text = self._joined()

    @property
    def bold(self) -> bool:
        return all(word.bold for word in self.words)

    def _joined(self) -> str:
        """Words joined by a blank, by a tab where the gap is as wide as between the cells of a table."""
        gaps = [max(after.x0 - before.x1, before.x0 - after.x1) for before, after in pairwise(self.words)]
        # Justified lines are stretched alike everywhere; a table has narrow gaps too, or very wide ones.
        stretched = bool(gaps) and max(gaps) < 1.6 * max(min(gaps), 0.1) and max(gaps) < 6 * self.size
        pieces = [self.words[0].text]
        for gap, word in zip(gaps, self.words[1:], strict=True):
            pieces.append("\t" if gap > 2.5 * self.size and not stretched else " ")
            pieces.append(word.text)
        return "".join(pieces)


RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LETTERS = re.compile(r"[^\W\d_]")
_PAGE_NUMBER = re.compile(
    r"(?i)[-\u2013\u2014\s]*(page|seite|p\.|s\.)?\s*(\d{1,4}|[ivxlc]{1,6})\s*((/|of|von|sur|de)\s*\d{1,4})?[-\u2013\u2014\s.]*$"
)


def is_rtl(text: str) -> bool:
    """Whether most letters of ``text`` belong to scripts written from right to left."""
    rtl = len(RTL.findall(text))
    return rtl > 0 and rtl * 2 > len(_LETTERS.findall(text))


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Words of one page or column to lines: those that overlap by half their height stand on one line."""
    rows: list[list[tuple[int, Word]]] = []
    tallest: list[tuple[float, float]] = []  # top and bottom of each row's tallest word
    for index, word in sorted(enumerate(words), key=lambda item: (item[1].y1 + item[1].y0, item[0])):
        height = word.y1 - word.y0
        for number in range(len(rows) - 1, max(len(rows) - 5, -1), -1):
            top, bottom = tallest[number]
            overlap = (bottom if bottom < word.y1 else word.y1) - (top if top > word.y0 else word.y0)
            if overlap >= 0.5 * max(min(bottom - top, height), 0.1):
                rows[number].append((index, word))
                if height > bottom - top:
                    tallest[number] = word.y0, word.y1
                break
        else:
            rows.append([(index, word)])
            tallest.append((word.y0, word.y1))
    return [_line(row) for row in rows]


def _line(row: list[tuple[int, Word]]) -> Line:
    """Right-to-left lines keep the order of the text layer where that runs as one reads."""
    by_place = sorted(row, key=lambda item: item[1].x0)
    if is_rtl("".join(word.text for _, word in row)):
        order = sorted(row, key=lambda item: item[0])
        falling = sum(a[1].x0 > b[1].x0 for a, b in pairwise(order))
        return Line([word for _, word in (order if falling * 2 >= len(order) - 1 else reversed(by_place))])
    return Line([word for _, word in by_place])


def in_reading_order(words: Sequence[Word], width: float) -> list[list[Line]]:
    """Words of a page as columns of lines in reading order."""
    return [lines_of(column) for column in _columns(list(words), 0.0, width, 0)]


def _columns(words: list[Word], left: float, right: float, depth: int) -> list[list[Word]]:
    strip = _gutter(words, left, right, depth)
    if strip is None:
        return [words] if words else []
    low, high = strip
    found: list[list[Word]] = []
    band: list[Word] = []
    crossing: list[Word] = []

    def flush() -> None:
        one = [word for word in band if word.x1 <= high]
        other = [word for word in band if word.x1 > high]
        one, other, rest = _balanced(one, other)
        sides = [(one, left, high), (other, high, right)]
        if is_rtl("".join(word.text for word in band)):
            sides.reverse()
        for side, side_left, side_right in sides:
            found.extend(_columns(side, side_left, side_right, depth + 1))
        if rest:
            found.extend(_columns(rest, left, right, depth + 1))
        band.clear()

    for line in lines_of(words):
        if any(word.x0 < high - 0.5 and word.x1 > low + 0.5 for word in line.words):
            if band:
                flush()
            crossing += line.words
        else:
            if crossing:
                found.append(list(crossing))
                crossing.clear()
            band += line.words
    if band:
        flush()
    if crossing:
        found.append(crossing)
    return found


def _balanced(one: list[Word], other: list[Word]) -> tuple[list[Word], list[Word], list[Word]]:
    """Part columns that end at one height from what stands below them: after a gap only one side goes on."""
    if not one or not other:
        return one, other, []
    ends = max(word.y1 for word in one), max(word.y1 for word in other)
    longer, end = (one, ends[1]) if ends[0] > ends[1] else (other, ends[0])
    lines = lines_of(longer)
    steps = [below.y0 - above.y0 for above, below in pairwise(lines)]
    usual = median(steps) if steps else 0.0
    for above, below in pairwise(lines):
        if below.y0 > end and abs(above.y1 - end) < 2 * usual and below.y0 - above.y0 > 1.3 * usual:
            rest = [word for word in longer if word.y0 >= below.y0 - 0.1]
            kept = [word for word in longer if word.y0 < below.y0 - 0.1]
            return (kept, other, rest) if longer is one else (one, kept, rest)
    return one, other, []


def _gutter(words: list[Word], left: float, right: float, depth: int) -> tuple[float, float] | None:
    """The vertical white strip that parts columns of running text.

    Where columns stand, many lines begin (or end, in right-to-left text) at one place inside the page, few lines cross
    the strip beside it, and both sides are filled with text. The cells of a table do not fill their columns.
    """
    if depth > 2 or len(words) < 24:
        return None
    width = right - left
    strip_width = max(0.8 * median(word.size for word in words), 6.0)
    inner = (left + 0.2 * width, left + 0.8 * width)
    starts = Counter(round(word.x0) for word in words if inner[0] < word.x0 < inner[1])
    ends = Counter(round(word.x1) for word in words if inner[0] < word.x1 < inner[1])
    candidates = [(at - strip_width - 0.5, at - 0.5) for at, count in starts.most_common(12) if count >= 3]
    if is_rtl("".join(word.text for word in words)):
        candidates += [(at + 0.5, at + strip_width + 0.5) for at, count in ends.most_common(12) if count >= 3]
    best: tuple[float, float] | None = None
    fewest = 0.0
    rows = _heights(words)
    for low, high in candidates:
        across = [word for word in words if word.x0 < high - 0.5 and word.x1 > low + 0.5]
        if len(across) > 0.12 * len(words):
            continue
        before = [word for word in words if word.x1 <= low + 0.5]
        after = [word for word in words if word.x0 >= high - 0.5]
        crossing = _heights(across) / max(rows, 1)
        if crossing > 0.4 or min(len(before), len(after)) < 10 or (best is not None and crossing >= fewest):
            continue
        filled = all(
            _is_column(side) or _gutter(side, one, other, depth + 1) is not None
            for side, one, other in ((before, left, high), (after, high, right))
        )
        if filled:
            best, fewest = (low, high), crossing
    return best


def _heights(words: Sequence[Word]) -> int:
    """How many different lines the words stand on, nearly."""
    return len({round((word.y0 + word.y1) / (word.size if word.size > 4.0 else 4.0)) for word in words})


def _is_column(words: Sequence[Word]) -> bool:
    """Running text fills its column line by line; the cells of a table and labels do not."""
    lines = lines_of(words)
    if len(lines) < 3:
        return False
    x0, x1 = min(line.x0 for line in lines), max(line.x1 for line in lines)
    wordy = sum(len(line.words) >= 3 or len(line.text) >= 14 for line in lines)
    return median(line.x1 - line.x0 for line in lines) >= 0.55 * max(x1 - x0, 1.0) and wordy >= 0.6 * len(lines)


def running_lines(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> set[tuple[int, int]]:
    """(page index, line index) of running headers, footers and page numbers.

    A line in the outer tenth of the page counts when its text, digits aside, stands there on three pages or more (two of
    two), or when it is nothing but a page number.
    """
    found: set[tuple[int, int]] = set()
    seen: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for number, (lines, height) in enumerate(zip(pages, heights, strict=True)):
        if not lines:
            continue
        top, bottom = min(line.y0 for line in lines), max(line.y1 for line in lines)
        for index, line in enumerate(lines):
            at_top = line.y1 < 0.11 * height and line.y0 < top + 2.5 * line.size
            at_bottom = line.y0 > 0.89 * height and line.y1 > bottom - 2.5 * line.size
            if not (at_top or at_bottom):
                continue
            if _PAGE_NUMBER.fullmatch(line.text.strip()) and (len(pages) > 1 or at_bottom):
                found.add((number, index))
            key = re.sub(r"\d+", "#", line.text.casefold().strip())
            seen.setdefault((key, 0 if at_top else 1), []).append((number, index))
    needed = 2 if len(pages) == 2 else 3
    for places in seen.values():
        if len({number for number, _ in places}) >= min(needed, max(len(pages) // 2, 2)):
            found.update(places)
    return found
