"""Reads OpenDocument text by walking its XML in reading order.

Along come tables, lists, notes, text boxes, insertions. Deletions, comments, headers and footers, properties and what
formatting hides are kept apart.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from lxml import etree

from submissions.extraction import archive, safe_xml
from submissions.extraction.assembly import Assembly
from submissions.extraction.document import BlockKind, ExtractedDocument
from submissions.extraction.docx_surroundings import add_alt_text
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.odt_visibility import Styles, points
from submissions.extraction.prose import is_message
from submissions.extraction.verdicts import Reason, Unreadable

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW, STYLE = (f"{{{_NS}{name}:1.0}}" for name in ("office", "text", "table", "drawing", "style"))
META = f"{{{_NS}meta:1.0}}"
SVG = f"{{{_NS}svg-compatible:1.0}}"
_DC = "{http://purl.org/dc/elements/1.1/}"

_SKIPPED = frozenset(
    (
        OFFICE + "annotation", OFFICE + "annotation-end", OFFICE + "forms", TEXT + "tracked-changes", TEXT + "sequence-decls",
        TEXT + "variable-decls", TEXT + "user-field-decls", TEXT + "note-citation", TEXT + "list-header-number",
        TEXT + "index-title-template", TEXT + "table-of-content-source", TEXT + "alphabetical-index-source",
        TEXT + "bibliography-source", SVG + "title", SVG + "desc", TEXT + "ruby-text", TEXT + "soft-page-break",
    )
)  # fmt: skip
_SHUT = ("collapse", "filter")
_NEAR_PT, _FAR_PT = 85.0, 1_700.0  # 3 cm before the page, the longest paper after it
_SMALLEST_PT = 1.6  # a box with a side this short shows no letter


def read(stream: BinaryIO, limits: Limits) -> ExtractedDocument:
    """Read an ``.odt`` file. Raises Unreadable (CORRUPT, UNSAFE_XML, EXPANDS, NO_TEXT, TOO_LONG ...)."""
    zipped = archive.open_checked(stream, limits)
    names = set(zipped.namelist())

    def part(name: str) -> etree._Element | None:
        if name not in names:
            return None
        return safe_xml.parse(archive.read_part(zipped, name, max_bytes=limits.max_part_bytes))

    content, styles = part("content.xml"), part("styles.xml")
    body = content.find(f"{OFFICE}body/{OFFICE}text") if content is not None else None
    if content is None or body is None:
        raise Unreadable(Reason.CORRUPT, "no text body")
    assembly = Assembly(MediaFormat.ODT, limits)
    walk = _Walk(assembly, Styles((styles, content)))
    walk.blocks(body)
    _add_deletions(assembly, body)
    for note in body.iter(OFFICE + "annotation"):
        assembly.miss("comments")
        text = " ".join("".join(p.itertext()) for p in note.iter(TEXT + "p"))
        if len(text.split()) >= 6:
            assembly.hide("outside_body", text, "comments")
    _add_running(assembly, styles)
    _add_properties(assembly, part("meta.xml"))
    return assembly.finish()


class _Walk:
    def __init__(self, assembly: Assembly, styles: Styles) -> None:
        self.assembly = assembly
        self.styles = styles
        self.cell: list[str] | None = None
        self.hidden: str | None = None
        self.grounds: list[str] = []
        self._text: list[str] = []
        self._waiting: list[etree._Element] = []  # notes and boxes, read after their paragraph

    def blocks(self, container: etree._Element, *, kind: BlockKind | None = None, level: int = 0) -> None:
        """Walk block-level children; ``kind`` is given inside lists and notes."""
        for child in container:
            tag = child.tag
            if tag == TEXT + "h":
                outline = child.get(TEXT + "outline-level", "1")
                self.paragraph(child, kind or "heading", int(outline) if outline.isascii() and outline.isdigit() else 1)
            elif tag == TEXT + "p":
                self.paragraph(child, kind, level)
            elif tag == TEXT + "list":
                for item in child:
                    if item.tag in (TEXT + "list-item", TEXT + "list-header"):
                        deeper = level + 1 if kind == "list_item" else 0
                        self.blocks(item, kind=kind if kind == "footnote" else "list_item", level=deeper)
            elif tag == TABLE + "table":
                self.table(child)
            elif tag == TEXT + "section" and child.get(TEXT + "display") in ("none", "condition"):
                before, self.hidden = self.hidden, self.hidden or "hidden_font"
                self.blocks(child, kind=kind, level=level)
                self.hidden = before
            elif tag in (DRAW + "frame", DRAW + "custom-shape", DRAW + "rect", DRAW + "g"):
                self._frame(child)
                self._flush()
            elif tag not in _SKIPPED:
                self.blocks(child, kind=kind, level=level)

    def paragraph(self, paragraph: etree._Element, kind: BlockKind | None, level: int) -> None:
        style = paragraph.get(TEXT + "style-name")
        outer_text, self._text = self._text, []
        outer_waiting, self._waiting = self._waiting, []
        outer_hidden = self.hidden
        if any(mark.get(TEXT + "is-hidden") != "false" for mark in paragraph.iter(TEXT + "hidden-paragraph")):
            self.hidden = self.hidden or "hidden_font"
        self._inline(paragraph, [style])
        self.hidden = outer_hidden
        text, self._text = "".join(self._text), outer_text
        if self.cell is not None:
            self.cell.append(text)
        else:
            self.assembly.add(kind or self._kind(style), text, level=level)
        self._flush()
        self._waiting = outer_waiting

    def _kind(self, style: str | None) -> BlockKind:
        names = self.styles.names(style)
        if any("quot" in name for name in names):
            return "quote"
        if any("preformatted" in name for name in names):
            return "code"
        if (names and names[-1] in ("title", "subtitle")) or "title" in names:
            return "heading"
        return "paragraph"

    def _flush(self) -> None:
        while self._waiting:
            element = self._waiting.pop(0)
            if element.tag == TEXT + "note":
                body = element.find(TEXT + "note-body")
                if body is not None:
                    outer_cell, self.cell = self.cell, None
                    self.blocks(body, kind="footnote")
                    self.cell = outer_cell
            else:
                frame = element if element.tag != DRAW + "text-box" else element.getparent()
                before, outer_grounds = self.hidden, self.grounds
                self.hidden = self.hidden or (None if frame is None else _frame_hides(frame))
                ground = None if frame is None else self.styles.ground(frame.get(DRAW + "style-name"))
                self.grounds = [ground] if ground else self.grounds
                self.blocks(element)
                self.hidden, self.grounds = before, outer_grounds

    def table(self, table: etree._Element) -> None:
        outer_cell, outer_grounds, outer_hidden = self.cell, self.grounds, self.hidden
        shut = _shut_columns(table)
        for row in _rows(table):
            cells: list[list[str]] = []
            column = 0
            for cell in row:
                if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                    continue
                grounds = (self.styles.ground(part.get(TABLE + "style-name")) for part in (cell, row, table))
                ground = next((found for found in grounds if found), None)
                self.grounds = [ground] if ground else outer_grounds
                if column in shut or row.get(TABLE + "visibility") in _SHUT:
                    self.hidden = outer_hidden or "hidden_font"
                repeated = cell.get(TABLE + "number-columns-repeated", "1")
                column += min(int(repeated), 1_000) if repeated.isascii() and repeated.isdigit() else 1
                if cell.tag == TABLE + "table-cell":
                    self.cell = []
                    self.blocks(cell)
                    cells.append([text for text in self.cell if text.strip()])
                self.hidden = outer_hidden
            self.cell, self.grounds = outer_cell, outer_grounds
            self._row(cells)

    def _row(self, cells: list[list[str]]) -> None:
        if self.cell is None:
            self.assembly.add_row(cells)
        elif any(cells):
            self.cell.append("\t".join(" ".join(cell) for cell in cells if cell))

    def _inline(self, element: etree._Element, styles: list[str | None]) -> None:
        why = self.hidden or self.styles.why_hidden(styles, self.grounds)
        self._emit(element.text, why)
        for child in element:
            tag = child.tag
            if tag == TEXT + "s":
                count = child.get(TEXT + "c", "1")
                self._emit(" " * (min(int(count), 100) if count.isascii() and count.isdigit() else 1), why)
            elif tag == TEXT + "tab":
                self._emit("\t", why)
            elif tag == TEXT + "line-break":
                self._emit("\n", why)
            elif tag in (TEXT + "note", DRAW + "text-box"):
                self._waiting.append(child)
            elif tag in (DRAW + "frame", DRAW + "custom-shape", DRAW + "rect", DRAW + "g"):
                self._frame(child)
            elif tag in (TEXT + "hidden-text", TEXT + "hidden-paragraph", TEXT + "conditional-text"):
                if child.get(TEXT + "is-hidden") == "true" or tag == TEXT + "hidden-text":
                    self.assembly.hide(
                        "hidden_font", child.get(TEXT + "string-value") or "".join(child.itertext()), "body"
                    )
                else:
                    self._inline(child, styles)
            elif tag not in _SKIPPED:
                self._inline(child, [*styles, child.get(TEXT + "style-name")])
            self._emit(child.tail, why)

    def _emit(self, text: str | None, why: str | None) -> None:
        if not text:
            return
        if len(text) > 1:
            text = re.sub(r"[ \t\r\n]+", " ", text)  # white space in the XML is one blank; tabs and breaks are elements
        if why:
            self.assembly.hide(why, text, "body")
        else:
            self._text.append(text)

    def _frame(self, frame: etree._Element) -> None:
        described = " ".join("".join(node.itertext()) for node in frame.iter(SVG + "title", SVG + "desc"))
        add_alt_text(self.assembly, described)
        if frame.tag != DRAW + "frame":
            self._waiting.append(frame)
            return
        boxes = [child for child in frame if child.tag == DRAW + "text-box"]
        self._waiting += boxes
        if not boxes:
            is_object = frame.find(DRAW + "object") is not None
            self.assembly.miss("equations and embedded objects" if is_object else "images")


def _rows(table: etree._Element) -> list[etree._Element]:
    rows: list[etree._Element] = []
    for child in table:
        if child.tag == TABLE + "table-row":
            rows.append(child)
        elif child.tag in (TABLE + "table-header-rows", TABLE + "table-rows", TABLE + "table-row-group"):
            rows += _rows(child)
    return rows


def _shut_columns(table: etree._Element) -> set[int]:
    """The numbers of the columns nobody sees."""
    found: set[int] = set()
    at = 0
    for column in table.iter(TABLE + "table-column"):
        repeated = column.get(TABLE + "number-columns-repeated", "1")
        count = min(int(repeated), 1_000) if repeated.isascii() and repeated.isdigit() else 1
        if column.get(TABLE + "visibility") in _SHUT:
            found.update(range(at, at + count))
        at += count
    return found


def _frame_hides(frame: etree._Element) -> str | None:
    """How the place or the size of a frame hides the text in it, None when it does not."""
    across, down = (points(frame.get(SVG + axis)) or 0.0 for axis in ("x", "y"))
    if not (-_NEAR_PT <= across <= _FAR_PT and -_NEAR_PT <= down <= _FAR_PT):
        return "off_page_text_box"
    sides = (points(frame.get(SVG + side)) for side in ("width", "height"))
    return "tiny_font" if any(side is not None and side < _SMALLEST_PT for side in sides) else None


def _add_deletions(assembly: Assembly, body: etree._Element) -> None:
    for deletion in body.iter(TEXT + "deletion"):
        assembly.miss("tracked deletions")
        text = " ".join("".join(node.itertext()) for node in deletion.iter(TEXT + "p", TEXT + "h"))
        if len(text.split()) >= 4:
            assembly.hide("deleted_text", text, "body")


def _add_running(assembly: Assembly, styles: etree._Element | None) -> None:
    if styles is None:
        return
    for area in styles.iter(STYLE + "header", STYLE + "footer", STYLE + "header-first", STYLE + "footer-first",
                            STYLE + "header-left", STYLE + "footer-left"):  # fmt: skip
        for paragraph in area.iter(TEXT + "p"):
            text = "".join(paragraph.itertext()).strip()
            if text:
                assembly.miss("headers and footers")
            if is_message(text) and not assembly.shows(text):
                assembly.hide("outside_body", text, etree.QName(area).localname)


def _add_properties(assembly: Assembly, meta: etree._Element | None) -> None:
    if meta is None:
        return
    wanted = (
        _DC + "creator",
        _DC + "title",
        _DC + "subject",
        _DC + "description",
        META + "keyword",
        META + "user-defined",
    )
    for node in meta.iter(*wanted):
        text = " ".join((node.text or "").split())
        if is_message(text) and not assembly.shows(text):
            assembly.hide("metadata", text, etree.QName(node).localname)
