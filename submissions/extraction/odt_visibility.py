"""Whether text of an OpenDocument file can be seen: properties inherited through its styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from submissions.extraction.contrast import contrast, parse_hex
from submissions.extraction.docx_visibility import MIN_CONTRAST

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_STYLE, _TEXT = f"{{{_NS}style:1.0}}", f"{{{_NS}text:1.0}}"
_FO = f"{{{_NS}xsl-fo-compatible:1.0}}"
_DRAW = f"{{{_NS}drawing:1.0}}"
_MAX_TINY_PT = 4.0
_MIN_OPACITY_PCT = 10
_SQUEEZED = 0.35  # of the letters' height taken from between them: they lie upon each other
_FAR_PT = 500.0
_FAR_RISE_PCT = 400.0
_DEFAULT_PT = 12.0
UNKNOWN = "unknown"  # a ground of which no colour can be told: never a reason to call text hidden


class Styles:
    """The styles of a document by name; later roots (the automatic styles of the content) win."""

    def __init__(self, roots: Iterable[etree._Element | None]) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._default: dict[str, str] = {}
        self.page_grounds: list[str] = []
        for root in roots:
            if root is None:
                continue
            self.page_grounds += _page_grounds(root)
            for default in root.iter(_STYLE + "default-style"):
                if default.get(_STYLE + "family") == "paragraph":
                    self._default = self._own(default)
            for style in root.iter(_STYLE + "style"):
                name = style.get(_STYLE + "name")
                if name:
                    self._styles[name] = style

    def names(self, style: str | None) -> list[str]:
        """Lower-case names along the chain of parents."""
        names: list[str] = []
        while style and style in self._styles and len(names) < 32:
            element = self._styles[style]
            names.append((element.get(_STYLE + "display-name") or style).lower().replace("_20_", " "))
            style = element.get(_STYLE + "parent-style-name")
        return names

    def ground(self, style: str | None) -> str | None:
        """The background colour of a cell, row, table, frame or paragraph style, None when it has none."""
        value = self._properties(style).get("ground")
        return value if value and value != "transparent" else None

    def why_hidden(self, styles: Sequence[str | None], grounds: Sequence[str]) -> str | None:
        """The kind of hiding for text under ``styles``, outermost first; None when it is seen."""
        merged = dict(self._default)
        for style in styles:
            merged.update(self._properties(style))
        if merged.get("display") == "none":
            return "hidden_font"
        size = points(merged.get("size")) or _DEFAULT_PT
        rise, share = _position(merged.get("position"))
        line, scale = points(merged.get("line")), _percent(merged.get("scale"))
        if (
            size * share <= _MAX_TINY_PT
            or (line is not None and line < _MAX_TINY_PT)
            or (scale is not None and scale <= 10)
        ):
            return "tiny_font"
        spacing = points(merged.get("spacing"))
        if spacing is not None and spacing < -_SQUEEZED * size:
            return "tiny_font"
        if abs(rise) > _FAR_RISE_PCT or any(
            abs(points(merged.get(name)) or 0.0) > _FAR_PT for name in ("left", "right", "indent")
        ):
            return "off_page"
        opacity = _percent(merged.get("opacity"))
        if opacity is not None and opacity < _MIN_OPACITY_PCT:
            return "transparent"
        color = parse_hex(merged.get("color", ""))
        if color is None or merged.get("automatic") == "true":
            return None
        own = merged.get("char_ground") or merged.get("ground")
        under = [own] if own and own != "transparent" else list(grounds) or self.page_grounds or ["#ffffff"]
        seen = [parse_hex(ground) for ground in under]
        if any(ground is None or contrast(color, ground) >= MIN_CONTRAST for ground in seen):
            return None
        return "low_contrast"

    def _properties(self, style: str | None) -> dict[str, str]:
        if not style or style not in self._styles:
            return {}
        if style not in self._known:
            self._known[style] = {}  # ends a loop of parents
            element = self._styles[style]
            parent = self._properties(element.get(_STYLE + "parent-style-name"))
            own = self._own(element)
            size = own.get("size", "")
            if size.endswith("%"):
                whole = points(parent.get("size") or self._default.get("size")) or _DEFAULT_PT
                own["size"] = f"{whole * (_percent(size) or 0) / 100}pt"
            self._known[style] = {**parent, **own}
        return self._known[style]

    @staticmethod
    def _own(element: etree._Element) -> dict[str, str]:
        found: dict[str, str] = {}
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if child.tag == _STYLE + "text-properties":
                _take(child, found, {
                    "display": _TEXT + "display", "color": _FO + "color", "size": _FO + "font-size",
                    "char_ground": _FO + "background-color", "scale": _STYLE + "text-scale",
                    "automatic": _STYLE + "use-window-font-color", "spacing": _FO + "letter-spacing",
                    "position": _STYLE + "text-position",
                })  # fmt: skip
                for name, value in child.attrib.items():
                    if str(name).endswith("}opacity"):
                        found["opacity"] = str(value)
            elif child.tag == _STYLE + "paragraph-properties":
                _take(child, found, {
                    "line": _FO + "line-height", "ground": _FO + "background-color", "left": _FO + "margin-left",
                    "right": _FO + "margin-right", "indent": _FO + "text-indent",
                })  # fmt: skip
            elif child.tag == _STYLE + "graphic-properties":
                filled = child.get(_DRAW + "fill")
                if filled in ("gradient", "bitmap", "hatch"):
                    found["ground"] = UNKNOWN
                elif filled != "none":
                    _take(child, found, {"ground": _FO + "background-color"})
                    _take(child, found, {"ground": _DRAW + "fill-color"})
            elif child.tag in _GROUNDED:
                _take(child, found, {"ground": _FO + "background-color"})
        return found


_GROUNDED = frozenset(_STYLE + name for name in ("table-cell-properties", "table-row-properties", "table-properties"))
_UNITS = {"pt": 1.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54, "in": 72.0, "px": 0.75, "pc": 12.0}


def _take(element: etree._Element, found: dict[str, str], names: dict[str, str]) -> None:
    found.update({key: value for key, name in names.items() if (value := element.get(name))})


def _page_grounds(root: etree._Element) -> list[str]:
    """The colours of the pages: text may stand on any of them."""
    layouts = {
        layout.get(_STYLE + "name"): layout.find(_STYLE + "page-layout-properties")
        for layout in root.iter(_STYLE + "page-layout")
    }
    used = [layouts.get(page.get(_STYLE + "page-layout-name")) for page in root.iter(_STYLE + "master-page")]
    colors = [None if found is None else found.get(_FO + "background-color") for found in used]
    return ["#ffffff" if color in (None, "transparent") else str(color) for color in dict.fromkeys(colors)]


def _position(value: str | None) -> tuple[float, float]:
    """``style:text-position``: the rise in per cent of the size, and the share of the size that is left."""
    first, _, second = (value or "").partition(" ")
    share = _percent(second)
    return _percent(first) or 0.0, 1.0 if share is None else share / 100


def points(value: str | None) -> float | None:
    """A length with its unit in points; None when it is none."""
    factor = _UNITS.get((value or "")[-2:])
    try:
        return float((value or "")[:-2]) * factor if factor else None
    except ValueError:
        return None


def _percent(value: str | None) -> float | None:
    try:
        return float(value.rstrip("%")) if value and value.endswith("%") else None
    except ValueError:
        return None
