"""Whether text of pasted HTML can be seen: style attributes and simple style rules, handed down from element to element."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from submissions.extraction.contrast import Rgb, contrast, parse_hex
from submissions.extraction.docx_visibility import MIN_CONTRAST

_MAX_TINY_PT = 4.0
_MIN_OPACITY = 0.1
_SQUEEZED = 0.35  # of the letters' height taken from between them: they lie upon each other
_FAR_PT = 500.0
_SMALLEST_PT = 1.6  # a box with a side this short shows no letter, if it is cut off there
_MAX_RULES = 2_000
_WHITE: Rgb = (255, 255, 255)
_NAMES = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "blue": "0000ff", "green": "008000", "yellow": "ffff00",
    "gray": "808080", "grey": "808080", "silver": "c0c0c0", "navy": "000080", "maroon": "800000", "purple": "800080",
    "teal": "008080", "olive": "808000", "lime": "00ff00", "aqua": "00ffff", "cyan": "00ffff", "fuchsia": "ff00ff",
    "magenta": "ff00ff", "orange": "ffa500", "whitesmoke": "f5f5f5", "snow": "fffafa", "ivory": "fffff0",
    "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "azure": "f0ffff", "mintcream": "f5fffa", "aliceblue": "f0f8ff",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "gainsboro": "dcdcdc", "lightyellow": "ffffe0", "windowtext": "000000",
    "window": "ffffff", "seashell": "fff5ee", "linen": "faf0e6", "honeydew": "f0fff0", "lavenderblush": "fff0f5",
}  # fmt: skip
_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|pt|pc|in|cm|mm|em|rem|ex|ch|vw|vh|%)?$")
_POINTS = {"px": 0.75, "pt": 1.0, "pc": 12.0, "in": 72.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54, "vw": 6.0, "vh": 6.0}
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?(?:\.([\w-]+))?(?:#([\w-]+))?$", re.IGNORECASE)
_FONT_SIZES = {"1": 7.5, "2": 10.0, "3": 12.0, "4": 13.5, "5": 18.0, "6": 24.0, "7": 36.0}
_NUMBERS = re.compile(r"-?\d*\.?\d+%?")


@dataclass(frozen=True, slots=True)
class Look:
    """What an element hands down; ``gone`` is the kind of hiding nothing inside can undo."""

    gone: str | None = None
    unseen: bool = False  # visibility: hidden, which an element inside may take back
    color: Rgb | None = (0, 0, 0)
    ground: Rgb | None = _WHITE
    size_pt: float = 12.0
    squeezed: bool = False

    def why_hidden(self) -> str | None:
        """The kind of hiding of text directly in the element, None when it is seen."""
        if self.gone:
            return self.gone
        if self.unseen:
            return "hidden_font"
        if self.size_pt <= _MAX_TINY_PT or self.squeezed:
            return "tiny_font"
        if self.color is None or self.ground is None:  # a colour that cannot be told
            return None
        return "low_contrast" if contrast(self.color, self.ground) < MIN_CONTRAST else None


class Rules:
    """Rules of ``<style>`` elements with one plain selector each (``p``, ``.note``, ``p.note``, ``#a``)."""

    def __init__(self) -> None:
        self._rules: dict[
            str, list[tuple[int, str, str, str, dict[str, str]]]
        ] = {}  # by the rarest part of the selector
        self._count = 0

    def read(self, text: str) -> None:
        """Take in a style sheet; what it says with other selectors is left aside."""
        for selectors, body in _RULE.findall(re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.DOTALL)):
            stated = declarations(body)
            for selector in selectors.split(",") if stated else ():
                match = _SELECTOR.match(selector.strip())
                if match and any(match.groups()) and self._count < _MAX_RULES:
                    tag, name, key = (group or "" for group in match.groups())
                    self._count += 1
                    rule = (self._count, tag.lower(), name, key, stated)
                    self._rules.setdefault(f"#{key}" if key else f".{name}" if name else tag.lower(), []).append(rule)

    def of(self, tag: str, values: Mapping[str, str | None]) -> dict[str, str]:
        """What the rules and the element's own attributes state for it."""
        found: dict[str, str] = {}
        classes = set((values.get("class") or "").split())
        if self._rules:
            keys = (tag, f"#{values.get('id')}", *(f".{name}" for name in classes))
            rules = sorted((rule for key in keys for rule in self._rules.get(key, ())), key=lambda rule: rule[0])
            for _, wanted, name, key, stated in rules:
                if wanted in ("", tag) and (not name or name in classes) and key in ("", values.get("id")):
                    found.update(stated)
        for attribute, stated_name in (("bgcolor", "background-color"), ("color", "color")):
            if values.get(attribute):
                found[stated_name] = (values[attribute] or "").lower()
        if tag == "font" and values.get("size") in _FONT_SIZES:
            found["font-size"] = f"{_FONT_SIZES[values['size'] or '3']}pt"
        if "hidden" in values:
            found["display"] = "none"
        found.update(declarations(values.get("style") or ""))
        return found


def declarations(text: str) -> dict[str, str]:
    """``name: value`` pairs of a style attribute, lower case, without ``!important``."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


def look_inside(stated: Mapping[str, str], outer: Look) -> Look:
    """The look inside an element that states ``stated``, in an element that looks ``outer``."""
    if not stated:
        return outer
    size = _size(stated.get("font-size") or _size_in_font(stated.get("font")), outer.size_pt)
    if "zoom" in stated:
        size *= _number(stated["zoom"].replace("normal", "1")) or 1.0
    color = stated.get("-webkit-text-fill-color") or stated.get("color")
    ink = outer.color if color in (None, "inherit", "currentcolor") else _color(color)
    ground = outer.ground
    for name in ("background-color", "background", "mso-highlight"):
        if name in stated:
            value = stated[name]
            if "url(" in value or "gradient" in value:
                ground = None
            elif value.split(" ")[0] not in ("transparent", "none", "initial", "inherit"):
                ground = _color(value)
            break
    gone = outer.gone or _gone(stated, color, size)
    visibility = stated.get("visibility")
    spacing = _points(stated.get("letter-spacing"), size)
    return replace(
        outer,
        gone=gone,
        unseen=outer.unseen if visibility in (None, "inherit") else visibility in ("hidden", "collapse"),
        color=ink,
        ground=ground,
        size_pt=size,
        squeezed=outer.squeezed if spacing is None else spacing < -_SQUEEZED * size,
    )


def _gone(stated: Mapping[str, str], color: str | None, size: float) -> str | None:
    if stated.get("display") == "none" or stated.get("mso-hide") in ("all", "screen"):
        return "hidden_font"
    if stated.get("content-visibility") == "hidden":
        return "hidden_font"
    filtered = re.search(r"opacity\(\s*([\d.]+%?)", stated.get("filter", ""))
    opacity = _number(filtered[1] if filtered else stated.get("opacity"))
    if (opacity is not None and opacity < _MIN_OPACITY) or _alpha(color) < _MIN_OPACITY:
        return "transparent"
    for name in ("text-indent", "left", "right", "top", "margin-left", "margin-top"):
        if abs(_points(stated.get(name), size) or 0.0) > _FAR_PT:
            return "off_page"
    for name, either_way in (("margin", False), ("inset", True), ("translate", True), ("transform", True)):
        moves = [_points(part, size) or 0.0 for part in re.split(r"[\s,()]+", stated.get(name, ""))]
        if any(-move > _FAR_PT or (either_way and move > _FAR_PT) for move in moves):
            return "off_page"
    if re.match(r"0(\.0\d*)?\b(?!\.)", stated.get("scale", "")):
        return "tiny_font"
    shape = stated.get("clip", "") + stated.get("clip-path", "") + stated.get("transform", "")
    flat = re.search(
        r"scale[xy]?\(\s*0(\.0\d*)?\s*[,)]|rect\(\s*(0|1)(px)?[\s,]|inset\(\s*(50|100)%|circle\(\s*0", shape
    )
    sides = (_points(stated.get(name), size) for name in ("width", "height", "max-height", "max-width", "line-height"))
    cut = "hidden" in stated.get("overflow", "") or "clip" in stated.get("overflow", "")
    if flat or (cut and any(side is not None and side < _SMALLEST_PT for side in sides)):
        return "tiny_font"
    return None


def _size(value: str | None, outer: float) -> float:
    if not value:
        return outer
    match = _LENGTH.match(value)
    if match is None:
        return {"xx-small": 7.0, "smaller": outer * 0.8, "larger": outer * 1.2}.get(value, 12.0)
    number, unit = float(match[1]), match[2]
    if unit in ("em", "ex", "ch"):
        return outer * number * (1.0 if unit == "em" else 0.5)
    if unit == "%":
        return outer * number / 100
    return number * (12.0 if unit == "rem" else _POINTS.get(unit or "px", 0.75))


def _size_in_font(value: str | None) -> str | None:
    """The size inside the short form ``font: bold 12px/1.5 Arial``."""
    found = re.search(r"(?:^|\s)(\d*\.?\d+(?:px|pt|pc|in|cm|mm|em|rem|ex|ch|vw|vh|%)|0)(?=[\s/]|$)", value or "")
    return found[1] if found else None


def _points(value: str | None, size: float) -> float | None:
    match = _LENGTH.match(value or "")
    if match is None or match[2] == "%" or (match[2] is None and float(match[1])):
        return None
    relative = {"em": size, "ex": size / 2, "ch": size / 2, "rem": 12.0}
    return float(match[1]) * (relative.get(match[2] or "") or _POINTS.get(match[2] or "px", 0.75))


def _color(value: str) -> Rgb | None:
    first = value.split(" ")[0]
    if first.startswith("#") and len(first) in (4, 5):
        first = "#" + "".join(digit * 2 for digit in first[1:4])
    elif first.startswith("#"):
        first = first[:7]
    function, _, arguments = value.partition("(")
    if function in ("hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch"):
        return _by_lightness(function, _NUMBERS.findall(arguments))
    if value.startswith("rgb"):
        numbers = _NUMBERS.findall(value)[:3]
        parts = [float(n.rstrip("%")) * (2.55 if n.endswith("%") else 1.0) for n in numbers]
        return (_byte(parts[0]), _byte(parts[1]), _byte(parts[2])) if len(parts) == 3 else None
    return parse_hex(_NAMES.get(first, first))


def _by_lightness(function: str, numbers: list[str]) -> Rgb | None:
    """A colour by hue, or as a grey of its lightness: only the contrast to its ground is asked for."""
    if len(numbers) < 3:
        return None
    first, second, third = (float(n.rstrip("%")) for n in numbers[:3])
    if function in ("hsl", "hsla"):
        parts = colorsys.hls_to_rgb(first % 360 / 360, third / 100, second / 100)
    elif function == "hwb":
        grey = second / max(second + third, 1e-9)
        pure = colorsys.hls_to_rgb(first % 360 / 360, 0.5, 1.0)
        white, black = second / 100, third / 100
        parts = tuple(part * (1 - white - black) + white if white + black < 1 else grey for part in pure)  # type: ignore[assignment]
    else:
        share = first / 100 if numbers[0].endswith("%") or function in ("lab", "lch") else first
        parts = (share, share, share)
    return _byte(parts[0] * 255), _byte(parts[1] * 255), _byte(parts[2] * 255)


def _byte(value: float) -> int:
    return min(max(round(value), 0), 255)


def _alpha(color: str | None) -> float:
    if color == "transparent":
        return 0.0
    if not color or not color.startswith(("rgb", "hsl")):
        return int(color[7:9], 16) / 255 if color and re.fullmatch(r"#[0-9a-f]{8}", color) else 1.0
    numbers = _NUMBERS.findall(color)
    return 1.0 if len(numbers) < 4 else (_number(numbers[3]) or 0.0)


def _number(value: str | None) -> float | None:
    try:
        return None if not value else float(value.rstrip("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        return None
