"""What a table style brings to a cell by its place: the look of its text and the grounds that may lie under it."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from submissions.extraction.docx_visibility import Look, Styles, look_of
from submissions.extraction.ooxml import W, attribute, switched_on

# Parts of a style with the flag of w:tblLook that switches them and its bit (ECMA-376 part 1, 17.7.6); later ones win.
_BANDS = {"Vert": ("noVBand", 0x0400), "Horz": ("noHBand", 0x0200)}
_EDGES = {
    "firstCol": ("firstColumn", 0x0080), "lastCol": ("lastColumn", 0x0100), "firstRow": ("firstRow", 0x0020),
    "lastRow": ("lastRow", 0x0040),
}  # fmt: skip
_CORNERS = {"nwCell": ("firstRow", "firstCol"), "neCell": ("firstRow", "lastCol"),
            "swCell": ("lastRow", "firstCol"), "seCell": ("lastRow", "lastCol")}  # fmt: skip
_PLAIN = Look()


@dataclass(frozen=True, slots=True)
class CellStyle:
    """``look`` of the text under its paragraph's style; ``grounds`` the style may draw there, () for none."""

    look: Look = _PLAIN
    grounds: tuple[str, ...] = ()


class TableStyle:
    """The style of one table, with the parts of it that the table switches on."""

    def __init__(self, table: etree._Element, styles: Styles) -> None:
        properties = table.find(W + "tblPr")
        style = attribute(properties.find(W + "tblStyle")) if properties is not None else None
        self._switches = properties.find(W + "tblLook") if properties is not None else None
        self._parts: dict[str, CellStyle] = {}
        self._known: dict[tuple[str, ...], CellStyle] = {}
        self._band_rows = 1
        whole = CellStyle()
        for element in styles.chain(style):
            fills = [styles.theme.fill_of(element.find(f"{W}{place}/{W}shd")) for place in ("tcPr", "tblPr", "pPr")]
            whole = _over(whole, CellStyle(look_of(element.find(W + "rPr"), styles.theme), _grounds(fills)))
            size = attribute(element.find(f"{W}tblPr/{W}tblStyleRowBandSize")) or ""
            if size.isascii() and size.isdigit():
                self._band_rows = max(int(size), 1)
            for part in element.iterchildren(W + "tblStylePr"):
                fills = [styles.theme.fill_of(part.find(f"{W}{place}/{W}shd")) for place in ("tcPr", "pPr")]
                found = CellStyle(look_of(part.find(W + "rPr"), styles.theme), _grounds(fills))
                kind = attribute(part, "type") or ""
                self._parts[kind] = _over(self._parts[kind], found) if kind in self._parts else found
        self._whole = whole

    def cell(self, row: int, rows: int, column: int, columns: int, *, heading: bool) -> CellStyle:
        """The style of a cell by its place, counted from 0; ``heading`` rows look like the first."""
        if not self._parts:
            return self._whole
        first = heading or row == 0
        stripe = (row - 1) // self._band_rows % 2 if self._on("firstRow") else row // self._band_rows % 2
        at = {
            "band1Vert": column % 2 == 0, "band2Vert": column % 2 == 1, "band1Horz": stripe == 0, "band2Horz": stripe == 1,
            "firstCol": column == 0, "lastCol": column == columns - 1, "firstRow": first, "lastRow": row == rows - 1,
        }  # fmt: skip
        there = {name for name, here in at.items() if here and self._on(name)}
        there |= {corner for corner, edges in _CORNERS.items() if there.issuperset(edges)}
        key = tuple(name for name in (*at, *_CORNERS) if name in there and name in self._parts)
        if key not in self._known:
            self._known[key] = self._cell(key)
        return self._known[key]

    def _cell(self, parts: tuple[str, ...]) -> CellStyle:
        """The parts over each other. Where a row and a column meet, either ground may lie there, and of stripes too:
        which one a row is in depends on rows nobody sees."""
        look, grounds = self._whole.look, self._whole.grounds
        edges: tuple[str, ...] = ()
        for name in parts:
            part = self._parts[name]
            look = part.look.over(look)
            if name.startswith("band"):
                other = self._parts.get(name.replace("1", "*").replace("2", "1").replace("*", "2"), CellStyle())
                grounds = (*part.grounds, *other.grounds, *grounds)
            else:
                edges = (*part.grounds, *edges)
        return CellStyle(look, edges or grounds)

    def _on(self, name: str) -> bool:
        """Whether the table asks for a part; without ``w:tblLook`` every part may be there."""
        if self._switches is None:
            return True
        if name in _EDGES:
            return _flag(self._switches, *_EDGES[name])
        return not _flag(self._switches, *_BANDS[name[-4:]])


def _grounds(fills: list[str | None]) -> tuple[str, ...]:
    return tuple(fill for fill in fills if fill and fill != "auto")[:1]


def _over(nearer: CellStyle, farther: CellStyle) -> CellStyle:
    return CellStyle(nearer.look.over(farther.look), nearer.grounds or farther.grounds)


def _flag(switches: etree._Element, name: str, bit: int) -> bool:
    """A flag of ``w:tblLook``: by its own attribute, else by its bit."""
    stated = attribute(switches, name)
    if stated is not None:
        return stated.lower() not in ("0", "false", "off")
    try:
        return bool(int(attribute(switches) or "0", 16) & bit)
    except ValueError:
        return False


def is_heading_row(row: etree._Element) -> bool:
    """Whether a row is repeated on every page, and so looks like the first."""
    return bool(switched_on(row.find(f"{W}trPr/{W}tblHeader")))
