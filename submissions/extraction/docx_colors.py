"""Colours of a Word document as six hex digits: theme names with tint and shade, patterns, highlights, drawing fills."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

from lxml import etree

from submissions.extraction.contrast import parse_hex
from submissions.extraction.ooxml import attribute

UNKNOWN = "unknown"  # some colour, which one cannot be told: never a reason to call text hidden
HIGHLIGHTS = {
    "black": "000000", "blue": "0000FF", "cyan": "00FFFF", "darkblue": "000080", "darkcyan": "008080",
    "darkgray": "808080", "darkgreen": "008000", "darkmagenta": "800080", "darkred": "800000", "darkyellow": "808000",
    "green": "00FF00", "lightgray": "C0C0C0", "magenta": "FF00FF", "red": "FF0000", "white": "FFFFFF", "yellow": "FFFF00",
}  # fmt: skip
_SLOTS = {  # names used in text and in drawings for the slots of a theme
    "dark1": "dk1", "light1": "lt1", "dark2": "dk2", "light2": "lt2", "text1": "dk1", "background1": "lt1",
    "text2": "dk2", "background2": "lt2", "tx1": "dk1", "bg1": "lt1", "tx2": "dk2", "bg2": "lt2",
    "hyperlink": "hlink", "followedhyperlink": "folhlink",
}  # fmt: skip
_MAPPED = {"bg1": ("background1", "bg1"), "t1": ("text1", "tx1"), "bg2": ("background2", "bg2"), "t2": ("text2", "tx2")}
_PRESETS = {"black": "000000", "white": "FFFFFF", "red": "FF0000", "blue": "0000FF", "yellow": "FFFF00"}


class Theme:
    """The colour scheme of a document; ``mapping`` is ``w:clrSchemeMapping`` of its settings, where there is one."""

    def __init__(self, root: etree._Element | None = None, mapping: etree._Element | None = None) -> None:
        self._colors: dict[str, str] = {"dk1": "000000", "lt1": "FFFFFF"}
        self._slots: Mapping[str, str] = _SLOTS
        if mapping is not None:
            stated = {
                name: slot
                for short, names in _MAPPED.items()
                if (slot := _SLOTS.get((attribute(mapping, short) or "").lower()))
                for name in names
            }
            self._slots = {**_SLOTS, **stated}
        scheme = next(root.iter("{*}clrScheme"), None) if root is not None else None
        for slot in scheme if scheme is not None else ():
            color = next(slot.iterchildren(etree.Element), None)
            value = None if color is None else (color.get("lastClr") or color.get("val"))
            if value and parse_hex(value):
                self._colors[etree.QName(slot).localname.lower()] = value

    def named(self, name: str | None) -> str | None:
        """The colour of a theme name as used in text (``background1``) or drawings (``bg1``); None when not known."""
        key = (name or "").lower()
        return self._colors.get(self._slots.get(key, key))

    def stated(self, element: etree._Element | None, value: str = "val", prefix: str = "theme") -> str | None:
        """The colour an element states: its theme colour with tint and shade before its plain ``value``.

        ``prefix``: ``theme`` for ``themeColor``, ``themeFill`` for ``themeFill``. "auto" stays "auto".
        """
        if element is None:
            return None
        color = self.named(attribute(element, prefix if prefix == "themeFill" else f"{prefix}Color"))
        if color is None:
            plain = attribute(element, value)
            return "auto" if plain is not None and plain.lower() == "auto" else plain
        for kind, towards in (("Tint", 255), ("Shade", 0)):
            share = attribute(element, f"{prefix}{kind}")
            if share is not None:
                color = blend(color, f"{towards:02X}" * 3, _hex_byte(share) / 255)
        return color

    def fill_of(self, shading: etree._Element | None) -> str | None:
        """The ground colour of ``w:shd`` as six hex digits, "auto" when it says so, None when not stated."""
        if shading is None:
            return None
        fill = self.stated(shading, "fill", "themeFill") or "auto"
        pattern = (attribute(shading) or "clear").lower()
        share = 1.0 if pattern == "solid" else _percent(pattern)
        if not share:
            return fill
        color = self.stated(shading, "color") or "auto"
        color, fill = ("000000" if color == "auto" else color), ("FFFFFF" if fill == "auto" else fill)
        return blend(color, fill, share)

    def drawing_color(self, fill: etree._Element | None) -> str | None:
        """The colour of a solid fill of DrawingML, also in its Word 2010 form; None when there is no solid fill."""
        color = next(fill.iterchildren(etree.Element), None) if fill is not None else None
        if color is None:
            return None
        value = _plain_attribute(color, "val") or ""
        kind = etree.QName(color).localname
        if kind == "sysClr":
            found: str | None = _plain_attribute(color, "lastClr") or UNKNOWN
        elif kind == "prstClr":
            found = _PRESETS.get(value, UNKNOWN)
        else:
            found = value if kind == "srgbClr" else self.named(value)
        if found is None or parse_hex(found) is None:
            return UNKNOWN
        for change in color.iterchildren(etree.Element):
            found = _changed(found, etree.QName(change).localname, _plain_attribute(change, "val"))
        return found


def blend(one: str, other: str, share: float) -> str:
    """``share`` (0 to 1) of ``one`` over ``other``; UNKNOWN when either is no colour."""
    first, second = parse_hex(one), parse_hex(other)
    if first is None or second is None:
        return UNKNOWN
    return "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in zip(first, second, strict=True))


def _changed(color: str, kind: str, value: str | None) -> str:
    """DrawingML's changes of luminance, in hundred thousandths (ECMA-376 part 1, 20.1.2.3)."""
    rgb = parse_hex(color)
    try:
        share = float((value or "").rstrip("%")) / 100_000
    except ValueError:
        return color
    if rgb is None or kind not in ("lumMod", "lumOff", "tint", "shade"):
        return color
    if kind in ("tint", "shade"):
        return blend(color, "FFFFFF" if kind == "tint" else "000000", min(max(share, 0), 1))
    hue, light, full = colorsys.rgb_to_hls(*(part / 255 for part in rgb))
    light = light * share if kind == "lumMod" else light + share
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, min(max(light, 0), 1), full))


def _plain_attribute(element: etree._Element, name: str) -> str | None:
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


def _percent(pattern: str) -> float:
    digits = pattern.removeprefix("pct")
    return int(digits) / 100 if digits != pattern and digits.isascii() and digits.isdigit() and len(digits) < 4 else 0.0


def _hex_byte(value: str) -> int:
    try:
        return min(max(int(value, 16), 0), 255)
    except ValueError:
        return 255
