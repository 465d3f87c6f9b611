"""Puts a document together from the pieces a reader hands over, in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from submissions.extraction import characters, language
from submissions.extraction.document import SEPARATOR, Block, BlockKind, ExtractedDocument, Hidden, NotRead
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable

_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" *\n *")
_LONG_CELL_CHARS = 720
_HIDDEN_MAX_CHARS = 4_000
_HIDDEN_MAX_ITEMS = 200
_SINGLE = ("metadata", "alt_text", "outside_body")  # each piece is whole in itself


class Assembly:
    """Collects blocks, hidden text and what was not read; ``finish`` makes the document of it.

    Stops with TOO_LONG as soon as the limit is passed, so that a reader does not go on for nothing.
    """

    def __init__(self, media_format: MediaFormat, limits: Limits) -> None:
        self.media_format = media_format
        self.limits = limits
        self.pages: int | None = None
        self.notices: list[str] = []
        self.recognised: list[int] = []
        self._blocks: list[Block] = []
        self._hidden: list[Hidden] = []
        self._not_read: Counter[tuple[str, str]] = Counter()
        self._invisible: dict[str, list[str]] = {}
        self._length = 0
        self._shown, self._shown_length = "", 0
        self._hidden_open = False  # whether hidden runs that follow belong to the last one

    def add(self, kind: BlockKind, text: str, *, level: int = 0, page: int | None = None) -> None:
        """Add one block at the end; blank text adds nothing. White space is reduced except in code."""
        self._hidden_open = False
        cleaned = characters.clean(text)
        for found_kind, spelled in cleaned.found:
            self._invisible.setdefault(found_kind, []).append(spelled)
        shown = cleaned.text
        if kind == "code":
            shown = re.sub(r"\n{2,}", "\n", shown.strip("\n")).rstrip()
        elif kind == "table_row":
            shown = _BREAKS.sub("\n", re.sub(r"[^\S\n\t]+", " ", shown)).strip(" \n")
        else:
            shown = _BREAKS.sub("\n", _BLANKS.sub(" ", shown)).strip()
        shown = re.sub(r"\n{2,}", "\n", shown)
        if not shown.strip():
            return
        start = self._length + (len(SEPARATOR) if self._blocks else 0)
        self._blocks.append(Block(kind, shown, level, start, start + len(shown), page))
        self._length = start + len(shown)
        if self._length > self.limits.max_chars:
            raise Unreadable(Reason.TOO_LONG, f"over {self.limits.max_chars} characters")

    def add_row(self, cells: Sequence[Sequence[str]]) -> None:
        """Add a table row: one block, its cells parted by tabs. A row of one filled or of very long cells reads as text."""
        filled = [texts for cell in cells if (texts := [text for text in cell if text.strip()])]
        if not filled:
            return
        if len(filled) == 1 or max(sum(map(len, texts)) for texts in filled) > _LONG_CELL_CHARS:
            for text in (text for texts in filled for text in texts):
                self.add("paragraph", text)
        else:
            self.add("table_row", "\t".join("\n".join(cell) for cell in cells).strip("\t"))

    def hide(self, kind: str, text: str, where: str) -> None:
        """Record text nobody sees; runs that follow each other in the same place become one."""
        shown = _BLANKS.sub(" ", characters.clean(text).text)
        if not shown.strip():
            return
        last = self._hidden[-1] if self._hidden else None
        if self._hidden_open and last and last.kind == kind and last.where == where and kind not in _SINGLE:
            joined = (last.text + shown)[:_HIDDEN_MAX_CHARS]
            self._hidden[-1] = Hidden(kind, joined, where)
        elif len(self._hidden) < _HIDDEN_MAX_ITEMS:
            self._hidden.append(Hidden(kind, shown[:_HIDDEN_MAX_CHARS], where))
        self._hidden_open = True

    def miss(self, kind: str, count: int = 1, detail: str = "") -> None:
        """Count something that is no text for us."""
        if count:
            self._not_read[kind, detail] += count

    def missed(self, kind: str) -> int:
        """How many of ``kind`` were counted so far."""
        return sum(count for (name, _), count in self._not_read.items() if name == kind)

    @property
    def visible_text(self) -> str:
        """The text so far."""
        return SEPARATOR.join(block.text for block in self._blocks)

    def shows(self, text: str) -> bool:
        """Whether ``text`` stands in the text so far as well, white space and case aside."""
        if self._shown_length != self._length:
            self._shown, self._shown_length = " ".join(self.visible_text.split()).casefold(), self._length
        return " ".join(text.split()).casefold() in self._shown

    def finish(self) -> ExtractedDocument:
        """Check lengths and return the document. Raises NO_TEXT or EMPTY, TOO_SHORT, TOO_LONG."""
        text = self.visible_text
        words = characters.count_words(text)
        if not words:
            typed = self.media_format in (MediaFormat.TXT, MediaFormat.MD, MediaFormat.PASTE)
            raise Unreadable(Reason.EMPTY if typed else Reason.NO_TEXT)
        if words > self.limits.max_words:
            raise Unreadable(Reason.TOO_LONG, f"{words} words")
        if words < self.limits.min_words:
            raise Unreadable(Reason.TOO_SHORT, f"{words} words")
        for kind, pieces in self._invisible.items():
            self.hide(kind, " ".join(pieces), "text")
        return ExtractedDocument(
            text=text,
            blocks=tuple(self._blocks),
            # Marks and digits tell nobody anything: the page numbers Word hides from web pages, a white full stop.
            hidden=tuple(
                Hidden(item.kind, item.text.strip(), item.where)
                for item in self._hidden
                if any(char.isalpha() for char in item.text)
            ),
            not_read=tuple(NotRead(kind, count, detail) for (kind, detail), count in self._not_read.items()),
            words=words,
            pages=self.pages,
            language=language.guess(text),
            format=self.media_format.value,
            notices=tuple(self.notices),
            recognised=tuple(self.recognised),
        )
