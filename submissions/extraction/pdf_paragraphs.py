"""From lines in reading order to paragraphs: where one starts, what kind it is, hyphens at line ends, columns and pages it goes on over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from submissions.extraction.document import BlockKind
from submissions.extraction.pdf_layout import RTL, Line

_SENTENCE_END = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f\u061f][\"'\u201d\u2019)\]\u00bb]*$")
_BULLET = re.compile(
    r"([\u2022\u25cf\u25cb\u25aa\u25e6\u2023\u2043\uf0b7\u00b7*\u2013-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])[\s\t]+(?=\S)"
)


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


def paragraphs(
    columns: Sequence[Sequence[Line]], *, page: int, edge: float, body_size: float, vocabulary: Counter[str]
) -> list[Paragraph]:
    """Lines of one page's columns to paragraphs, hyphens at line ends resolved.

    ``edge`` is where the longest lines of the document end; a column with nothing to its right might reach it.
    """
    found: list[Paragraph] = []
    for column in columns:
        if not column:
            continue
        right = max(line.x1 for line in column)
        if not any(_stands_right_of(other, column, right) for other in columns):
            right = max(right, edge)
        left = min(line.x0 for line in column)
        steps = [b.y0 - a.y0 for a, b in pairwise(column) if b.y0 > a.y0]
        usual = median(steps) if steps else 0.0
        group: list[Line] = []
        for line in column:
            if group and _starts_new(group, line, left, right, usual):
                found.append(_paragraph(group, page, body_size, right, vocabulary))
                group = []
            group.append(line)
        found.append(_paragraph(group, page, body_size, right, vocabulary))
    return found


def _stands_right_of(other: Sequence[Line], column: Sequence[Line], right: float) -> bool:
    if not other or min(line.x0 for line in other) < right - 1:
        return False
    top, bottom = min(line.y0 for line in column), max(line.y1 for line in column)
    return any(line.y0 < bottom and line.y1 > top for line in other)


def _starts_new(group: list[Line], line: Line, left: float, right: float, usual: float) -> bool:
    last = group[-1]
    step = line.y0 - last.y0
    if line.rtl != last.rtl and min(len(line.words), len(last.words)) > 1:
        return True
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
    width = max(right - left, 1.0)
    if (ended and end > 0.2 * width) or (end > 0.4 * width and (line.text[0].isupper() or line.text[0].isdigit())):
        return True
    if not ended or _BULLET.match(group[0].text):
        return False
    before = (right - last.x1) if line.rtl else (last.x0 - left)
    # An indented first line, or, after lines that hang, one that does not.
    return start - before > 0.8 * line.size or (len(group) > 1 and before - start > 0.8 * line.size)


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
    tail = text[-80:]  # one word is enough, and a paragraph may be long
    match = re.search(r"([^\W\d_]+)([-\u2010\u00ad])$", tail)
    after = re.match(r"[^\W\d_]+", following)
    if not match or not after or not after[0][0].islower():
        return (
            f"{text}{following}"
            if re.search(r"\w[-\u2010/]$", tail) and following[:1].isalnum()
            else f"{text} {following}"
        )
    joined, hyphened = (match[1] + after[0]).casefold(), f"{match[1]}-{after[0]}".casefold()
    if match[2] != "\u00ad" and vocabulary[hyphened] > 0 and vocabulary[joined] == 0:
        return text + following
    return text[:-1] + following


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
            and (paragraph.text[:1].islower() or _is_ideographic(paragraph.text[:1]) or RTL.match(paragraph.text))
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
