"""From words with places to paragraphs in reading order: columns, lines, hyphens, running headers. Pure arithmetic.

Coordinates are points, origin top left, y downwards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from submissions.extraction.document import BlockKind


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
    """Words on one baseline that belong together, in reading order."""

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
        pieces = [self.words[0].text]
        for before, after in zip(self.words, self.words[1:], strict=False):
            gap = max(after.x0 - before.x1, before.x0 - after.x1)
            pieces.append("\t" if gap > 2.5 * self.size else " ")
            pieces.append(after.text)
        return "".join(pieces)


@dataclass(slots=True)
class Paragraph:
    """Lines that form one block."""

    kind: BlockKind
    text: str
    page: int
    level: int = 0
    size: float = 0.0
    open_end: bool = False  # the last line runs to the margin and no sentence ends there
    lines: int = 1
    lead: str = field(default="", repr=False)


_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LETTERS = re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f\u061f][\"'\u201d\u2019)\]\u00bb]*$")
_BULLET = re.compile(
    r"([\u2022\u25cf\u25cb\u25aa\u25e6\u2023\u2043\uf0b7\u00b7*\u2013-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])[\s\t]+(?=\S)"
)
_PAGE_NUMBER = re.compile(
    r"(?i)[-\u2013\u2014\s]*(page|seite|p\.|s\.)?\s*(\d{1,4}|[ivxlc]{1,6})\s*((/|of|von|sur|de)\s*\d{1,4})?[-\u2013\u2014\s.]*$"
)


def is_rtl(text: str) -> bool:
    """Whether most letters of ``text`` belong to scripts written from right to left."""
    rtl = len(_RTL.findall(text))
    return rtl > 0 and rtl * 2 > len(_LETTERS.findall(text))


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Words of one page to line segments: same baseline, no gap wider than a column gutter might be."""
    rows: list[list[tuple[int, Word]]] = []
    for index, word in sorted(enumerate(words), key=lambda item: item[1].y1 + item[1].y0):
        middle = (word.y0 + word.y1) / 2
        for row in reversed(rows[-6:]):
            other = row[-1][1]
            if abs((other.y0 + other.y1) / 2 - middle) <= 0.35 * max(min(word.size, other.size), 2.0):
                row.append((index, word))
                break
        else:
            rows.append([(index, word)])
    lines: list[Line] = []
    for row in rows:
        row.sort(key=lambda item: item[1].x0)
        segment: list[tuple[int, Word]] = []
        for item in row:
            if segment and item[1].x0 - max(w.x1 for _, w in segment) > 0.9 * max(item[1].size, 4.0):
                lines.append(_line(segment))
                segment = []
            segment.append(item)
        lines.append(_line(segment))
    return lines


def _line(segment: list[tuple[int, Word]]) -> Line:
    """Right-to-left lines keep the order of the text layer, which runs as it is read."""
    if is_rtl("".join(word.text for _, word in segment)):
        order = sorted(segment, key=lambda item: item[0])
        falling = sum(a[1].x0 > b[1].x0 for a, b in zip(order, order[1:], strict=False))
        if falling * 2 >= len(order) - 1:
            return Line([word for _, word in order])
        return Line([word for _, word in sorted(segment, key=lambda item: -item[1].x0)])
    return Line([word for _, word in segment])


def in_reading_order(lines: list[Line], width: float) -> list[list[Line]]:
    """Segments of a page as columns in reading order; within each, from top to bottom, rows of a table joined."""
    return [_rows(column) for column in _columns(lines, 0.0, width, 0)]


def _columns(lines: list[Line], left: float, right: float, depth: int) -> list[list[Line]]:
    gutter = _gutter(lines, left, right, depth)
    if gutter is None:
        return [lines] if lines else []
    x, _ = gutter
    found: list[list[Line]] = []
    band: list[Line] = []

    def flush() -> None:
        if not band:
            return
        one = [line for line in band if line.x1 <= x + 1]
        other = [line for line in band if line.x1 > x + 1]
        if is_rtl("".join(line.text for line in band)):
            found.extend(_columns(other, x, right, depth + 1) + _columns(one, left, x, depth + 1))
        else:
            found.extend(_columns(one, left, x, depth + 1) + _columns(other, x, right, depth + 1))
        band.clear()

    crossing: list[Line] = []
    for line in sorted(lines, key=lambda item: item.y0):
        if line.x0 < x - 1 and line.x1 > x + 1:
            flush()
            crossing.append(line)
        else:
            if crossing:
                found.append(list(crossing))
                crossing.clear()
            band.append(line)
    flush()
    if crossing:
        found.append(crossing)
    return found


def _gutter(lines: list[Line], left: float, right: float, depth: int) -> tuple[float, int] | None:
    """Where a vertical white strip parts columns of running text: few lines cross it, both sides are filled."""
    if depth > 2 or len(lines) < 8:
        return None
    width = right - left
    edges = sorted({round(line.x0 - 1.5, 1) for line in lines if left + 0.2 * width < line.x0 < left + 0.8 * width})
    best: tuple[float, int] | None = None
    for x in edges:
        before = [line for line in lines if line.x1 <= x]
        after = [line for line in lines if line.x0 >= x]
        crossing = len(lines) - len(before) - len(after)
        if min(len(before), len(after)) < 3 or crossing > 0.4 * len(lines):
            continue
        filled = all(
            _is_column(side) or _gutter(side, low, high, depth + 1) is not None
            for side, low, high in ((before, left, x), (after, x, right))
        )
        if not filled:
            continue
        if best is None or crossing < best[1]:
            best = (x, crossing)
    return best


def _is_column(lines: list[Line]) -> bool:
    """Running text fills its column; the cells of a table and labels do not."""
    x0, x1 = min(line.x0 for line in lines), max(line.x1 for line in lines)
    width = max(x1 - x0, 1.0)
    widths = [line.x1 - line.x0 for line in lines]
    wordy = sum(len(line.words) >= 3 or len(line.text) >= 14 for line in lines)
    return median(widths) >= 0.55 * width and wordy >= 0.6 * len(lines)


def _rows(lines: list[Line]) -> list[Line]:
    """Join segments that stand on one baseline within a column (a table row, a label and its value)."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda item: item.y0 + item.y1):
        last = rows[-1] if rows else None
        if last and abs((last.y0 + last.y1) - (line.y0 + line.y1)) / 2 <= 0.35 * max(min(last.size, line.size), 2.0):
            words = last.words + line.words if (line.x0 >= last.x0) != line.rtl else line.words + last.words
            rows[-1] = Line(words)
        else:
            rows.append(line)
    return rows


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


def paragraphs(
    columns: Iterable[Sequence[Line]], *, page: int, body_size: float, vocabulary: Counter[str]
) -> list[Paragraph]:
    """Lines of one page's columns to paragraphs, hyphens at line ends resolved."""
    found: list[Paragraph] = []
    for column in columns:
        if not column:
            continue
        right = max(line.x1 for line in column)
        left = min(line.x0 for line in column)
        steps = [b.y0 - a.y0 for a, b in zip(column, column[1:], strict=False) if b.y0 > a.y0]
        usual = median(steps) if steps else 0.0
        group: list[Line] = []
        for line in column:
            if group and _starts_new(group, line, left, right, usual):
                found.append(_paragraph(group, page, body_size, right, vocabulary))
                group = []
            group.append(line)
        found.append(_paragraph(group, page, body_size, right, vocabulary))
    return found


def _starts_new(group: list[Line], line: Line, left: float, right: float, usual: float) -> bool:
    last = group[-1]
    step = line.y0 - last.y0
    if abs(line.size - last.size) > 0.12 * max(line.size, last.size):
        return True
    if step > 1.35 * max(min(usual, 2.2 * last.size), 1.15 * last.size) or step < -last.size:
        return True
    if line.bold != last.bold and len(last.words) < 14 and len(last.words) + len(line.words) > 1:
        return last.bold
    if _BULLET.match(line.text) or "\t" in line.text or "\t" in last.text:
        return True
    start, end = (right - line.x1, last.x0 - left) if line.rtl else (line.x0 - left, right - last.x1)
    ended = bool(_SENTENCE_END.search(last.text))
    if ended and end > 0.2 * (right - left):
        return True
    before = (right - last.x1) if line.rtl else (last.x0 - left)
    hanging = bool(_BULLET.match(group[0].text))
    return not hanging and ended and start - before > 0.8 * line.size and len(group) > 0


def _paragraph(lines: list[Line], page: int, body_size: float, right: float, vocabulary: Counter[str]) -> Paragraph:
    text = lines[0].text
    for line in lines[1:]:
        text = join_lines(text, line.text, vocabulary)
    size = median(line.size for line in lines)
    words = len(text.split())
    kind: BlockKind = "paragraph"
    level = 0
    bullet = _BULLET.match(text)
    if "\t" in text and not bullet:
        kind = "table_row"
    elif words <= 20 and size >= 1.15 * body_size:
        kind, level = "heading", 1 if size >= 1.5 * body_size else 2
    elif words <= 14 and all(line.bold for line in lines) and not _SENTENCE_END.search(text) and len(lines) <= 2:
        kind, level = "heading", 3
    elif bullet:
        kind = "list_item"
        if not bullet[1][-1].isalnum() and len(bullet[1]) == 1:
            text = text[bullet.end() :]
    last = lines[-1]
    open_end = not _SENTENCE_END.search(text) and (last.rtl or right - last.x1 < 0.25 * max(right - last.x0, 1))
    return Paragraph(kind, text, page, level, size, open_end, len(lines))


def join_lines(text: str, following: str, vocabulary: Counter[str]) -> str:
    """Join two lines; a hyphen at the end goes when the parts are one word, judged by the words of the draft."""
    if _is_ideographic(text[-1:]) and _is_ideographic(following[:1]):
        return text + following
    match = re.search(r"([^\W\d_]+)([-\u2010\u00ad])$", text)
    after = re.match(r"[^\W\d_]+", following)
    if not match or not after or not after[0][0].islower():
        return (
            f"{text}{following}"
            if re.search(r"\w[-\u2010/]$", text) and following[:1].isalnum()
            else f"{text} {following}"
        )
    joined, hyphened = (match[1] + after[0]).casefold(), f"{match[1]}-{after[0]}".casefold()
    if match[2] != "\u00ad" and vocabulary[hyphened] > 0 and vocabulary[joined] == 0:
        return text + following
    return text[: match.start(2)] + following


def merge_across(found: list[Paragraph], vocabulary: Counter[str]) -> list[Paragraph]:
    """Join a paragraph that goes on in the next column or on the next page."""
    merged: list[Paragraph] = []
    for paragraph in found:
        last = merged[-1] if merged else None
        if (
            last
            and last.kind in ("paragraph", "list_item")
            and paragraph.kind == "paragraph"
            and last.open_end
            and abs(last.size - paragraph.size) < 0.5
            and (paragraph.text[:1].islower() or _is_ideographic(paragraph.text[:1]) or _RTL.match(paragraph.text))
        ):
            last.text = join_lines(last.text, paragraph.text, vocabulary)
            last.open_end = paragraph.open_end
            last.lines += paragraph.lines
        else:
            merged.append(paragraph)
    return merged


def vocabulary_of(pages: Iterable[Iterable[Line]]) -> Counter[str]:
    """Words inside the lines (not at their ends, where hyphens divide), for judging hyphens."""
    words: Counter[str] = Counter()
    for lines in pages:
        for line in lines:
            words.update(word.text.strip(".,;:!?()\"'\u201c\u201d\u2018\u2019").casefold() for word in line.words[:-1])
    return words


def _is_ideographic(char: str) -> bool:
    return bool(char) and ("\u3000" <= char <= "\u9fff" or "\uf900" <= char <= "\uffef" or char >= "\U00020000")
