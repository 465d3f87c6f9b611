"""Reads HTML that was pasted or embedded: the text between the tags, nothing that acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from submissions.extraction.assembly import Assembly
from submissions.extraction.document import BlockKind, ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat

_SILENT = frozenset(("script", "style", "head", "template", "noscript", "iframe", "object", "svg", "math", "select"))
_BLOCKS: dict[str, BlockKind] = {
    "p": "paragraph", "div": "paragraph", "section": "paragraph", "article": "paragraph", "ul": "paragraph",
    "ol": "paragraph", "table": "paragraph", "body": "paragraph", "dd": "paragraph", "dt": "paragraph",
    "li": "list_item", "blockquote": "quote", "pre": "code", "tr": "table_row",
    **{f"h{level}": "heading" for level in range(1, 7)},
}  # fmt: skip
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(\.0\d*)?\s*(;|$)|font-size\s*:\s*[0-4](\.\d+)?p[tx]|"
    r"mso-hide\s*:\s*all|(left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_VOID = frozenset(
    ("br", "img", "hr", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track")
)


def read(text: str, limits: Limits) -> ExtractedDocument:
    """Read pasted HTML; errors as ``Assembly.finish``."""
    assembly = Assembly(MediaFormat.HTML, limits)
    add(assembly, text)
    return assembly.finish()


def add(assembly: Assembly, text: str) -> None:
    """Add the visible text of ``text`` to ``assembly``; hidden elements are reported as hidden."""
    reader = _Reader(assembly)
    reader.feed(text)
    reader.close()
    reader.flush()


class _Reader(HTMLParser):
    def __init__(self, assembly: Assembly) -> None:
        super().__init__(convert_charrefs=True)
        self._assembly = assembly
        self._open: list[tuple[str, bool, bool]] = []  # tag, silent, hidden
        self._silent = 0
        self._hidden = 0
        self._text: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._level = 0
        self._in_row = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _BLOCKS and not (self._in_row and tag != "tr"):
            self.flush()
            self._kind = _BLOCKS[tag]
            self._level = int(tag[1]) if self._kind == "heading" else 0
            self._in_row = tag == "tr"
        elif tag == "br":
            self._text.append("\n")
        elif tag in ("td", "th") and any(piece.strip() for piece in self._text):
            self._text.append("\t")
        elif tag == "img":
            self._assembly.miss("images")
        if tag in _VOID or len(self._open) > 500:
            return
        silent = tag in _SILENT
        hidden = "hidden" in values or bool(_HIDDEN_STYLE.search(values.get("style") or ""))
        self._open.append((tag, silent, hidden))
        self._silent += silent
        self._hidden += hidden

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _, _ in self._open):
            return
        while self._open:
            name, silent, hidden = self._open.pop()
            self._silent -= silent
            self._hidden -= hidden
            if name == tag:
                break
        if tag == "tr":
            self._in_row = False
        if tag in _BLOCKS and not self._in_row:
            self.flush()
            self._kind, self._level = "paragraph", 0

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._hidden:
            self._assembly.hide("hidden_font", data, "paste")
        else:
            self._text.append(data if self._kind == "code" else re.sub(r"[\s]+", " ", data))

    def flush(self) -> None:
        """End the open block."""
        text, self._text = "".join(self._text), []
        self._assembly.add(self._kind, text, level=self._level)
