"""Whether text of an OpenDocument file can be seen: properties inherited through its styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from submissions.extraction.contrast import contrast, parse_hex
from submissions.extraction.docx_visibility import MIN_CONTRAST

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_STYLE, _TEXT = f"{{{_NS}style:1.0}}", f"{{{_NS}text:1.0}}"
_FO = f"{{{_NS}xsl-fo-compatible:1.0}}"
_MAX_TINY_PT = 4.0
_MIN_OPACITY_PCT = 10


class Styles:
    """The styles of a document by name; later roots (the automatic styles of the content) win."""

    def __init__(self, roots: Iterable[etree._Element | None]) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._default: dict[str, str] = {}
        for root in roots:
            if root is None:
                continue
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
        """The background colour of a cell or paragraph style, None when it has none."""
        value = self._properties(style).get("ground")
        return value if value and value != "transparent" else None

    def why_hidden(self, styles: Sequence[str | None], grounds: Sequence[str]) -> str | None:
        """The kind of hiding for text under ``styles``, outermost first; None when it is seen."""
        merged = dict(self._default)
        for style in styles:
            merged.update(self._properties(style))
        if merged.get("display") == "none":
            return "hidden_font"
        size = _points(merged.get("size"))
        if size is not None and size <= _MAX_TINY_PT:
            return "tiny_font"
        line = _points(merged.get("line"))
        if line is not None and line < _MAX_TINY_PT:
            return "tiny_font"
        scale = _percent(merged.get("scale"))
        if scale is not None and scale <= 10:
            return "tiny_font"
        opacity = _percent(merged.get("opacity"))
        if opacity is not None and opacity < _MIN_OPACITY_PCT:
            return "transparent"
        color = parse_hex(merged.get("color", ""))
        if color is None or merged.get("automatic") == "true":
            return None
        own = merged.get("char_ground") or merged.get("ground")
        under = [own] if own and own != "transparent" else list(grounds) or ["#ffffff"]
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
            if size.endswith("%") and parent.get("size"):
                points, share = _points(parent["size"]), _percent(size)
                own["size"] = f"{(points or 12) * (share or 100) / 100}pt"
            self._known[style] = {**parent, **own}
        return self._known[style]

    @staticmethod
    def _own(element: etree._Element) -> dict[str, str]:
        found: dict[str, str] = {}
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if child.tag == _STYLE + "text-properties":
                named = {
                    "display": _TEXT + "display", "color": _FO + "color", "size": _FO + "font-size",
                    "char_ground": _FO + "background-color", "scale": _STYLE + "text-scale",
                    "automatic": _STYLE + "use-window-font-color",
                }  # fmt: skip
                found.update({key: child.get(name, "") for key, name in named.items() if child.get(name)})
                for name, value in child.attrib.items():
                    if str(name).endswith("}opacity"):
                        found["opacity"] = str(value)
            elif child.tag in (_STYLE + "paragraph-properties", _STYLE + "table-cell-properties"):
                if child.get(_FO + "line-height"):
                    found["line"] = child.get(_FO + "line-height", "")
                ground = child.get(_FO + "background-color")
                if ground:
                    found["ground"] = ground
        return found


def _points(value: str | None) -> float | None:
    factors = {"pt": 1.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54, "in": 72.0, "px": 0.75}
    for unit, factor in factors.items():
        if value and value.endswith(unit):
            try:
                return float(value.removesuffix(unit)) * factor
            except ValueError:
                return None
    return None


def _percent(value: str | None) -> float | None:
    try:
        return float(value.rstrip("%")) if value and value.endswith("%") else None
    except ValueError:
        return None
