"""Reads HTML that was pasted or embedded: the text between the tags, nothing that acts.

Knows what word processors put on the clipboard: their lists, footnotes, comments and tracked deletions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from submissions.extraction.assembly import Assembly
from submissions.extraction.document import BlockKind, ExtractedDocument
from submissions.extraction.docx_surroundings import add_alt_text
from submissions.extraction.html_visibility import Look, Rules, look_inside
from submissions.extraction.limits import Limits, MediaFormat

_SILENT = frozenset(
    ("script", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "select", "textarea", "xml",
     "audio", "video", "canvas", "datalist", "map", "rt", "rp")
)  # fmt: skip
_NOT_READ = {"img": "images", "svg": "images", "canvas": "images", "math": "equations", "object": "embedded objects",
             "iframe": "embedded objects", "embed": "embedded objects", "audio": "embedded objects",
             "video": "embedded objects"}  # fmt: skip
_KINDS: dict[str, BlockKind] = {
    "blockquote": "quote", "pre": "code", **{f"h{level}": "heading" for level in range(1, 7)},
}  # fmt: skip
_BREAKING = frozenset(
    ("p", "div", "section", "article", "aside", "main", "nav", "header", "footer", "figure", "figcaption", "address", "form",
     "fieldset", "ul", "ol", "dl", "dd", "dt", "li", "table", "caption", "tr", "td", "th", "body", "html", "hr", "center",
     "details", "summary", *_KINDS)
)  # fmt: skip
_VOID = frozenset(
    ("br", "img", "hr", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track", "param")
)
_ENDS_ITSELF = {"p": ("p",), "li": ("li",), "td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}
_MAX_DEPTH = 500
_WORD_LEVEL = re.compile(r"level(\d{1,2})")


@dataclass(slots=True)
class _Open:
    """An element that was begun: what it hands down to what is inside it."""

    tag: str
    look: Look
    silent: bool
    kind: BlockKind
    level: int
    footnote: bool
    deleted: bool
    depth: int  # lists around it


@dataclass(slots=True)
class _Table:
    """A table being read: the cells of its open row, each a list of its paragraphs; None between rows."""

    row: list[list[str]] | None = None
    inside: int = 0  # tables within this one


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
    reader.finish()


class _Reader(HTMLParser):
    def __init__(self, assembly: Assembly) -> None:
        super().__init__(convert_charrefs=True)
        self._assembly = assembly
        self._rules = Rules()
        self._open = [_Open("", Look(), False, "paragraph", 0, False, False, 0)]
        self._text: list[str] = []
        self._deleted: list[str] = []
        self._style: list[str] | None = None
        self._table: _Table | None = None

    # --- what the parser finds ------------------------------------------------------------------------
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "style":
            self._style = []
            return
        self._close_implied(tag)
        outer = self._open[-1]
        if tag in _NOT_READ and not outer.silent:
            self._assembly.miss(_NOT_READ[tag])
            add_alt_text(self._assembly, values.get("alt") or "")
        if tag == "br":
            self._text.append("\n")
        elif tag in _BREAKING:
            self._flush()
        if tag in _VOID or len(self._open) > _MAX_DEPTH:
            return
        self._open.append(self._begun(tag, values, outer))
        self._begin_table(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and tag not in _BREAKING:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            if self._style is not None:
                self._rules.read("".join(self._style))
            self._style = None
            return
        if not any(item.tag == tag for item in self._open):
            return
        while len(self._open) > 1:
            last = self._open[-1].tag
            if last in _BREAKING:
                self._flush()
            self._end_table(last)
            self._open.pop()
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._style is not None:
            self._style.append(data)
            return
        here = self._open[-1]
        if here.silent:
            return
        why = here.look.why_hidden()
        if here.deleted:
            self._deleted.append(data)
        elif why:
            self._assembly.hide(why, data, "paste")
        else:
            self._text.append(data if here.kind == "code" else re.sub(r"\s+", " ", data))

    # --- blocks ------------------------------------------------------------------------------------
    def _begun(self, tag: str, values: dict[str, str | None], outer: _Open) -> _Open:
        stated = self._rules.of(tag, values)
        element = stated.get("mso-element", "")
        listed = stated.get("mso-list", "")
        comment = element == "comment-list" or (outer.tag != "" and values.get("class") == "MsoCommentReference")
        if element == "comment":
            self._assembly.miss("comments")
        kind, level = outer.kind, outer.level
        depth = outer.depth + (tag in ("ul", "ol"))
        if tag in _KINDS:
            kind, level = _KINDS[tag], int(tag[1]) if tag[1].isdigit() else 0
        elif values.get("role") == "heading":
            said = values.get("aria-level") or "2"
            kind, level = "heading", int(said) if said.isascii() and said.isdigit() else 2
        elif tag == "li":
            kind, level = "list_item", max(depth - 1, 0)
        elif listed and listed != "ignore":
            found = _WORD_LEVEL.search(listed)
            kind, level = "list_item", int(found[1]) - 1 if found else 0
        elif "msotitle" in (values.get("class") or "").lower():
            kind, level = "heading", 1
        elif "msoquote" in (values.get("class") or "").lower():
            kind, level = "quote", 0
        return _Open(
            tag,
            look_inside(stated, outer.look),
            outer.silent or tag in _SILENT or comment or listed == "ignore",
            kind,
            level,
            outer.footnote or element in ("footnote", "endnote", "footnote-list", "endnote-list"),
            outer.deleted or tag == "del",
            depth,
        )

    def _close_implied(self, tag: str) -> None:
        """``<p>`` ends a paragraph, ``<td>`` a cell, ``<li>`` an item that was left open in the same place."""
        closes = _ENDS_ITSELF.get(tag)
        while closes and self._open[-1].tag in closes:
            self.handle_endtag(self._open[-1].tag)

    def _flush(self) -> None:
        """End the open block."""
        text, self._text = "".join(self._text), []
        here = self._open[-1]
        if self._deleted:
            removed, self._deleted = " ".join("".join(self._deleted).split()), []
            self._assembly.miss("tracked deletions")
            if len(removed.split()) >= 4:
                self._assembly.hide("deleted_text", removed, "paste")
        if not text.strip():
            return
        if self._table is not None and self._table.row is not None:
            if not self._table.row:
                self._table.row.append([])
            self._table.row[-1].append(text.strip())
        else:
            self._assembly.add(
                "footnote" if here.footnote else here.kind, text, level=0 if here.footnote else here.level
            )

    def _begin_table(self, tag: str) -> None:
        if tag == "table":
            if self._table is None:
                self._table = _Table()
            else:
                self._table.inside += 1
        elif self._table is not None and not self._table.inside:
            if tag == "tr":
                self._table.row = []
            elif tag in ("td", "th") and self._table.row is not None:
                self._table.row.append([])

    def _end_table(self, tag: str) -> None:
        table = self._table
        if table is None or tag not in ("table", "tr"):
            return
        if tag == "table" and table.inside:
            table.inside -= 1
        elif not table.inside:
            if table.row is not None:
                self._assembly.add_row(table.row)
                table.row = None
            if tag == "table":
                self._table = None

    def finish(self) -> None:
        """End what was left open."""
        while len(self._open) > 1:
            self.handle_endtag(self._open[-1].tag)
        self._flush()
