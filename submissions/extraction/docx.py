"""Reads Word documents by walking their XML in reading order.

Along come tables, tracked insertions, content controls, text boxes, footnotes and endnotes. Deletions, comments, headers
and footers, properties and whatever formatting hides are kept apart.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from lxml import etree

from submissions.extraction import docx_surroundings, docx_symbols
from submissions.extraction.assembly import Assembly
from submissions.extraction.document import BlockKind, ExtractedDocument
from submissions.extraction.docx_colors import Theme
from submissions.extraction.docx_places import far_drawing, frame_hides, grounds_of, no_height
from submissions.extraction.docx_structure import chosen, descend, in_fallback, kind_of, notes_of
from submissions.extraction.docx_tables import TableStyle, is_heading_row
from submissions.extraction.docx_visibility import Look, Styles, look_of, why_hidden
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.ooxml import Package, W, attribute, switched_on

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_V = "{urn:schemas-microsoft-com:vml}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

_DELETED = frozenset((W + "del", W + "moveFrom"))
_SKIPPED = frozenset(
    (W + "rPr", W + "pPr", W + "tblPr", W + "tblGrid", W + "trPr", W + "tcPr", W + "sectPr", W + "sdtPr")
)
_RECORD = re.compile(r"\s*(ADDIN|HYPERLINK|CITATION|BIBLIOGRAPHY|TOC|INDEX|XE|TC)\b", re.IGNORECASE)
_SAYS_SOMETHING = (  # a paragraph without any of these is an empty line
    *(W + name for name in ("t", "delText", "drawing", "pict", "object", "sym", "noBreakHyphen", "fldChar", "instrText")),
    *(W + name for name in ("footnoteReference", "endnoteReference", "del", "moveFrom")),
    _M + "oMath", _MC + "AlternateContent",
)  # fmt: skip


def read(stream: BinaryIO, limits: Limits) -> ExtractedDocument:
    """Read a ``.docx`` file. Raises Unreadable (CORRUPT, UNSAFE_XML, EXPANDS, NO_TEXT, TOO_LONG, TOO_SHORT ...)."""
    package = Package(stream, limits)
    main = package.main_part()
    root = package.xml(main)
    relations = package.relations(main)
    by_kind = {relation.kind: relation.target for relation in relations.values() if not relation.external}
    assembly = Assembly(MediaFormat.DOCX, limits)

    def part(kind: str) -> etree._Element | None:
        return package.xml(by_kind[kind]) if kind in by_kind else None

    settings = part("settings")
    theme = Theme(part("theme"), settings.find(W + "clrSchemeMapping") if settings is not None else None)
    walk = _Walk(assembly, Styles(part("styles"), theme))
    walk.notes = {kind: notes_of(part(f"{kind}s"), kind) for kind in ("footnote", "endnote")}
    walk.embedded = {
        key: package.raw(relation.target) or b""
        for key, relation in relations.items()
        if relation.kind == "aFChunk" and not relation.external
    }
    assert root is not None  # main_part() named a part that exists
    background = root.find(W + "background")
    displayed = settings is not None and switched_on(settings.find(W + "displayBackgroundShape"))
    page_color = theme.stated(background, "color") if displayed else None
    if page_color and page_color != "auto":
        walk.page_colors.append(page_color)
    body = root.find(W + "body")
    if body is not None:
        walk.blocks(body)
    walk.finish_notes()
    docx_surroundings.add(assembly, package, relations, walk.styles)
    return assembly.finish()


class _Walk:
    """One pass through the body. Text goes to the innermost open paragraph; side pieces wait until it ends."""

    def __init__(self, assembly: Assembly, styles: Styles) -> None:
        self.assembly = assembly
        self.styles = styles
        self.notes: dict[str, dict[str, etree._Element]] = {}
        self.embedded: dict[str, bytes] = {}
        self.page_colors: list[str] = []
        self.grounds: list[str] = []
        self.table_look = Look()
        self.buried: str | None = None
        self.cell: list[str] | None = None
        self._text: list[str] = []
        self._deleted: list[str] = []
        self._aside: list[tuple[etree._Element, str | None, list[str]]] = []
        self._pending_notes: list[etree._Element] = []
        self._endnotes: list[etree._Element] = []
        self._paragraph_style: str | None = None
        self._fields: list[bool] = []  # per open field: still in its code
        self._code: list[str] = []

    # --- blocks --------------------------------------------------------------------------------------
    def blocks(self, container: etree._Element) -> None:
        """Walk block-level children: paragraphs, tables, content controls, embedded documents."""
        for child in container:
            if child.tag == W + "p":
                if len(child) and next(child.iter(*_SAYS_SOMETHING), None) is not None:
                    self.paragraph(child)
            elif child.tag == W + "tbl":
                self.table(child)
            elif child.tag == W + "altChunk":
                self._alt_chunk(child)
            elif child.tag == _MC + "AlternateContent":
                self.blocks(chosen(child))
            elif child.tag in _DELETED:
                self._deletion(child)
            elif child.tag not in _SKIPPED:
                self.blocks(child)

    def paragraph(self, paragraph: etree._Element, kind: BlockKind | None = None) -> None:
        properties = paragraph.find(W + "pPr")
        style = attribute(properties.find(W + "pStyle")) if properties is not None else None
        outer = (self._text, self._paragraph_style, self.grounds, self._aside)
        self._text, self._paragraph_style, self._aside = [], style, []
        ground = self.styles.theme.fill_of(properties.find(W + "shd")) if properties is not None else None
        if ground and ground != "auto":
            self.grounds = [ground]
        hidden_before = self.buried
        spacing = properties.find(W + "spacing") if properties is not None else None
        if spacing is None:
            spacing = self.styles.paragraph_property(style or self.styles.default_paragraph, "spacing")
        framed = frame_hides(properties) if properties is not None else None
        if framed:
            self.buried = self.buried or framed
        elif no_height(spacing, "line", "lineRule"):
            self.buried = self.buried or "tiny_font"
        self.inline(paragraph)
        if any(self._fields):  # a code ends with its paragraph; one that never ends must not swallow the rest
            self._fields = [in_code for in_code in self._fields if not in_code]
            self._end_code()
        text = "".join(self._text)
        self.buried = hidden_before
        aside = self._aside
        self._text, self._paragraph_style, self.grounds, self._aside = outer
        if kind is None:
            kind, level = kind_of(properties, style, self.styles)
        else:
            level = 0
        if self.cell is not None:
            self.cell.append(text)
        else:
            self.assembly.add(kind, text, level=level)
        for box, why, grounds in aside:
            self._text_box(box, why, grounds)
        if self.cell is None and kind != "footnote":
            self._flush_notes()

    def table(self, table: etree._Element) -> None:
        """A row is one block, its cells parted by tabs; a row of one filled or of very long cells reads as text."""
        outer_grounds, outer_look, outer_buried = self.grounds, self.table_look, self.buried
        style, fill_of = TableStyle(table, self.styles), self.styles.theme.fill_of
        properties = table.find(W + "tblPr")
        own = fill_of(properties.find(W + "shd")) if properties is not None else None
        if properties is not None:
            described = (attribute(properties.find(W + name)) for name in ("tblCaption", "tblDescription"))
            docx_surroundings.add_alt_text(self.assembly, " ".join(filter(None, described)))
        base = (own,) if own and own != "auto" else tuple(outer_grounds or self.page_colors or ["FFFFFF"])
        rows = descend(table, W + "tr")
        for number, row in enumerate(rows):
            if row.find(f"{W}trPr/{W}del") is not None:
                self._deletion(row)
                continue
            if switched_on(row.find(f"{W}trPr/{W}hidden")):
                self.buried = outer_buried or "hidden_font"
            elif no_height(row.find(f"{W}trPr/{W}trHeight"), "val", "hRule"):
                self.buried = outer_buried or "tiny_font"
            cells = descend(row, W + "tc")
            texts: list[list[str]] = []
            outer_cell, heading = self.cell, is_heading_row(row)
            for column, cell in enumerate(cells):
                place = style.cell(number, len(rows), column, len(cells), heading=heading)
                shading = fill_of(cell.find(f"{W}tcPr/{W}shd"))
                self.grounds = [shading] if shading and shading != "auto" else list(place.grounds or base)
                self.table_look, self.cell = place.look, []
                self.blocks(cell)
                texts.append([text for text in self.cell if text.strip()])
            self.cell, self.buried = outer_cell, outer_buried
            self._row(texts)
        self.grounds, self.table_look = outer_grounds, outer_look
        if self.cell is None:
            self._flush_notes()

    def _row(self, cells: list[list[str]]) -> None:
        if self.cell is None:
            self.assembly.add_row(cells)
        elif any(cells):
            self.cell.append("\t".join(" ".join(cell) for cell in cells if cell))

    def _alt_chunk(self, chunk: etree._Element) -> None:
        from submissions.extraction import html

        raw = self.embedded.get(chunk.get(_R + "id", ""), b"")
        if raw.lstrip()[:1] == b"<" or raw.lstrip()[:9].lower() == b"mime-vers":
            html.add(self.assembly, raw.decode("utf-8", "replace"))
        elif raw and b"\0" not in raw and not raw.startswith((b"PK", b"{\\rtf")):
            self.assembly.add("paragraph", raw.decode("utf-8", "replace"))
        else:
            self.assembly.miss("embedded document")

    # --- inside a paragraph ---------------------------------------------------------------------------
    def inline(self, container: etree._Element) -> None:
        """Walk run-level children."""
        for child in container:
            tag = child.tag
            if tag == W + "r":
                self.run(child)
            elif tag in _SKIPPED:
                continue
            elif tag in _DELETED:
                self._deletion(child)
            elif tag in (_M + "oMath", _M + "oMathPara"):
                self.assembly.miss("equations")
            elif tag == _MC + "AlternateContent":
                self.inline(chosen(child))
            elif tag == W + "sdt" and switched_on(child.find(f"{W}sdtPr/{W}showingPlcHdr")):
                continue  # the form's own "click here to enter text"
            elif tag == W + "p":
                self.paragraph(child)
            else:
                if tag == W + "fldSimple":
                    self._code.append(attribute(child, "instr") or "")
                    self._end_code()
                self.inline(child)

    def run(self, run: etree._Element) -> None:
        properties = run.find(W + "rPr")
        style = attribute(properties.find(W + "rStyle")) if properties is not None else None
        direct = look_of(properties, self.styles.theme)
        look = self.styles.effective(direct, style, self._paragraph_style, self.table_look)
        why = self.buried or self._why_hidden(look)
        for child in run:
            tag = child.tag
            if tag == W + "t":
                self._emit(child.text or "", why)
            elif tag in (W + "tab", W + "ptab"):
                self._emit("\t", None if why is None else why)
            elif tag in (W + "br", W + "cr"):
                self._emit("\n", None if why is None else why)
            elif tag == W + "noBreakHyphen":
                self._emit("-", why)
            elif tag == W + "delText":
                self._deleted.append(child.text or "")
            elif tag == W + "instrText":
                if self._fields and self._fields[-1]:
                    self._code.append(child.text or "")
            elif tag == W + "fldChar":
                self._field(attribute(child, "fldCharType"))
            elif tag == W + "sym":
                shown = docx_symbols.character(attribute(child, "font"), attribute(child, "char"))
                self._emit(shown or "", why)
                self.assembly.miss("symbols", 0 if shown else 1)
            elif tag in (W + "footnoteReference", W + "endnoteReference"):
                self._note(child, why)
            elif tag in (W + "drawing", W + "pict", W + "object"):
                self._drawing(child, why)
            elif tag == _MC + "AlternateContent":
                for inner in chosen(child):
                    if inner.tag in (W + "drawing", W + "pict", W + "object"):
                        self._drawing(inner, why)
                    elif inner.tag == W + "t":
                        self._emit(inner.text or "", why)
            elif tag == W + "ruby":
                base = child.find(W + "rubyBase")
                if base is not None:
                    self.inline(base)

    def _why_hidden(self, look: Look) -> str | None:
        page = self.page_colors[0] if self.page_colors else "FFFFFF"
        why = why_hidden(look, self.grounds, page)
        return why

    def _emit(self, text: str, why: str | None) -> None:
        if self._fields and self._fields[-1]:
            self._code.append(text)
        elif why is None:
            self._text.append(text)
        elif why:
            self.assembly.hide(why, text, "body")

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
            self._end_code()
        elif kind == "end" and self._fields:
            self._fields.pop()
            self._end_code()

    def _end_code(self) -> None:
        code, self._code = "".join(self._code), []
        # Reference managers and links keep titles and whole records there; nobody is told anything by them.
        if not _RECORD.match(code) and sum(word.isalpha() for word in code.split()) >= 6:
            self.assembly.hide("field_code", code, "body")

    def _deletion(self, container: etree._Element) -> None:
        removed = "".join(node.text or "" for node in container.iter(W + "delText", W + "t"))
        if len(removed.split()) >= 4:
            self.assembly.hide("deleted_text", removed, "body")
        self.assembly.miss("tracked deletions")

    def _note(self, reference: etree._Element, why: str | None) -> None:
        kind = "footnote" if reference.tag == W + "footnoteReference" else "endnote"
        note = self.notes.get(kind, {}).pop(attribute(reference, "id") or "", None)
        if note is not None and why:  # a note whose mark does not show is not printed either
            self.assembly.hide(why, "".join(t.text or "" for t in note.iter(W + "t")), f"{kind}s.xml")
        elif note is not None:
            (self._pending_notes if kind == "footnote" else self._endnotes).append(note)

    def _flush_notes(self) -> None:
        while self._pending_notes:
            self._note_blocks(self._pending_notes.pop(0))

    def finish_notes(self) -> None:
        """Add endnotes, and notes nothing refers to (they are hidden: no page shows them)."""
        self._flush_notes()
        while self._endnotes:
            self._note_blocks(self._endnotes.pop(0))
        for kind, notes in self.notes.items():
            for note in notes.values():
                self.assembly.hide("outside_body", "".join(t.text or "" for t in note.iter(W + "t")), f"{kind}s.xml")

    def _note_blocks(self, note: etree._Element) -> None:
        for paragraph in note.iter(W + "p"):
            self.paragraph(paragraph, "footnote")

    def _drawing(self, drawing: etree._Element, why: str | None) -> None:
        boxes = [box for box in drawing.iter(W + "txbxContent") if not in_fallback(box, drawing)]
        if boxes:
            far, grounds = far_drawing(drawing), grounds_of(drawing, self.styles.theme)
            self._aside += [(box, "off_page_text_box" if far else why, grounds) for box in boxes]
        for properties in drawing.iter(_WP + "docPr"):
            described = " ".join(filter(None, (properties.get("title"), properties.get("descr"))))
            docx_surroundings.add_alt_text(self.assembly, described)
        for shape in drawing.iter(_V + "shape", _V + "rect"):
            docx_surroundings.add_alt_text(self.assembly, shape.get("alt", ""))
        if not boxes:
            charts = any("chart" in (node.get("uri") or "") for node in drawing.iter(_A + "graphicData"))
            self.assembly.miss("charts" if charts else "images")

    def _text_box(self, box: etree._Element, why: str | None, grounds: list[str]) -> None:
        before, self.buried = self.buried, why or self.buried
        outer_grounds, self.grounds = self.grounds, grounds or self.grounds
        outer_cell = self.cell
        if why is not None:
            self.cell = []  # nothing of it may become a block
        self.blocks(box)
        self.cell, self.grounds = outer_cell, outer_grounds
        self.buried = before
