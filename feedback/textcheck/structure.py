"""Body, paragraphs, headings and the list of references of a draft, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_REFERENCES_HEADING = re.compile(
    r"(?im)^[ \t#*_]*(?:\d+(?:\.\d+)*\.?[ \t]+)?"
    r"(?:references|reference list|list of references|bibliography|works cited|literature cited|literature|sources"
    r"|list of sources)[ \t*_:]*$"
)
_APPENDIX_HEADING = re.compile(r"(?im)^[ \t#*_]*(?:appendix|appendices|annex)\b.{0,60}$")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"[^\n]+")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
# A name may start in lower case: "van der Berg, J. 2016."
_NAME_PARTICLE = re.compile(
    r"(?:van|von|vom|zu|de|del|della|di|da|dos|du|den|der|la|le|el|al|bin|ibn|ter|ten)(?:[ -]\w+){1,3},"
)
WORD = re.compile(r"\w+(?:['’-]\w+)*")

_MAX_HEADING_WORDS = 10


@dataclass(frozen=True)
class Passage:
    """A piece of the draft; ``text == draft[start:end]``, without blanks at its ends."""

    start: int
    end: int
    text: str

    @property
    def words(self) -> int:
        return len(WORD.findall(self.text))


@dataclass(frozen=True)
class Structure:
    """``body`` is everything before the list of references; ``entries`` are the lines of that list."""

    body: Passage
    paragraphs: tuple[Passage, ...]
    headings: tuple[Passage, ...]  # of the whole draft, the references' included
    entries: tuple[Passage, ...]
    has_references: bool


def read_structure(text: str) -> Structure:
    """Find the parts of ``text``. The last heading that names references starts their list."""
    heading = max(_REFERENCES_HEADING.finditer(text), key=lambda match: match.start(), default=None)
    body_end = heading.start() if heading else len(text)
    list_start = heading.end() if heading else len(text)
    appendix = _APPENDIX_HEADING.search(text, list_start)
    list_end = appendix.start() if appendix else len(text)
    paragraphs = tuple(_pieces(text, 0, body_end))
    headings = [p for p in paragraphs if _is_heading(p.text)]
    if heading:
        headings.append(_stripped(text, heading.start(), heading.end()))
    if appendix:
        headings.append(_stripped(text, appendix.start(), appendix.end()))
    return Structure(
        body=Passage(0, body_end, text[:body_end]),
        paragraphs=paragraphs,
        headings=tuple(headings),
        entries=tuple(_entries(text, list_start, list_end)),
        has_references=heading is not None,
    )


def _pieces(text: str, start: int, end: int) -> Iterator[Passage]:
    """Paragraphs: separated by blank lines or, where the draft has none, by line ends."""
    gap = _BLANK_LINE if _BLANK_LINE.search(text.strip()) else re.compile(r"\n")
    position = start
    for match in gap.finditer(text, start, end):
        yield from _nonempty(text, position, match.start())
        position = match.end()
    yield from _nonempty(text, position, end)


def _entries(text: str, start: int, end: int) -> Iterator[Passage]:
    """One passage per reference: a line, with the lines that continue it (a page was too narrow for it)."""
    pending: Passage | None = None
    for match in _LINE.finditer(text, start, end):
        line = _stripped(text, match.start(), match.end())
        if not WORD.search(line.text):
            continue
        glued = pending is not None and "\n\n" not in text[pending.end : line.start]
        unfinished = pending is not None and pending.text[-1] not in ".0123456789/)]" and not _YEAR.search(line.text)
        goes_on = line.text[0].islower() and not _NAME_PARTICLE.match(line.text)
        if pending and glued and (goes_on or unfinished):
            pending = Passage(pending.start, line.end, text[pending.start : line.end])
            continue
        if pending:
            yield pending
        pending = line
    if pending:
        yield pending


def _is_heading(text: str) -> bool:
    if "\n" in text or not text or text[-1] in '.!?,;"”':
        return text.lstrip().startswith("#") and "\n" not in text
    return 1 <= len(WORD.findall(text)) <= _MAX_HEADING_WORDS


def _nonempty(text: str, start: int, end: int) -> Iterator[Passage]:
    passage = _stripped(text, start, end)
    if WORD.search(passage.text):
        yield passage


def _stripped(text: str, start: int, end: int) -> Passage:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = max(start, end - (len(piece) - len(piece.rstrip())))
    return Passage(start, end, text[start:end])
