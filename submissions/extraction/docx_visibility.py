"""Whether a run of a Word document can be seen: formatting inherited through styles, colours against their ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from lxml import etree

from submissions.extraction.contrast import contrast, parse_hex
from submissions.extraction.ooxml import W, attribute, switched_on

MIN_CONTRAST = 1.5  # WCAG ratio; 1 is the same colour
MAX_TINY_HALF_POINTS = 8.0  # 4 pt
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_HIGHLIGHTS = {
    "black": "000000", "blue": "0000FF", "cyan": "00FFFF", "darkblue": "000080", "darkcyan": "008080",
    "darkgray": "808080", "darkgreen": "008000", "darkmagenta": "800080", "darkred": "800000", "darkyellow": "808000",
    "green": "00FF00", "lightgray": "C0C0C0", "magenta": "FF00FF", "red": "FF0000", "white": "FFFFFF", "yellow": "FFFF00",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What decides about visibility; None is "not stated here, ask the parent". Sizes are half points."""

    vanish: bool | None = None
    web_hidden: bool | None = None
    color: str | None = None
    fill: str | None = None
    size: float | None = None
    width_pct: float | None = None
    transparent: bool | None = None

    def over(self, parent: Look) -> Look:
        """This look with the gaps filled from ``parent``."""
        stated = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}
        return replace(parent, **stated)


def look_of(properties: etree._Element | None) -> Look:
    """Read ``w:rPr``."""
    if properties is None:
        return Look()
    color = attribute(properties.find(W + "color"))
    highlight = (attribute(properties.find(W + "highlight")) or "").lower()
    return Look(
        vanish=switched_on(properties.find(W + "vanish")),
        web_hidden=switched_on(properties.find(W + "webHidden")),
        color=None if color is None else ("auto" if color.lower() == "auto" else color),
        fill=_HIGHLIGHTS.get(highlight) or fill_of(properties.find(W + "shd")),
        size=_number(attribute(properties.find(W + "sz"))),
        width_pct=_number(attribute(properties.find(W + "w"))),
        transparent=_transparent(properties),
    )


def fill_of(shading: etree._Element | None) -> str | None:
    """The ground colour of ``w:shd`` as six hex digits, "auto" when it says so, None when not stated."""
    if shading is None:
        return None
    fill = attribute(shading, "fill") or "auto"
    pattern = (attribute(shading) or "clear").lower()
    if pattern == "solid":
        fill = attribute(shading, "color") or "000000"
        fill = "000000" if fill.lower() == "auto" else fill
    return "auto" if fill.lower() == "auto" else fill


def _transparent(properties: etree._Element) -> bool | None:
    fill = properties.find(_W14 + "textFill")
    if fill is None:
        return None
    if fill.find(_W14 + "noFill") is not None:
        return True
    # w14:alpha counts transparency: 100000 is nothing left to see.
    alphas = [_number(node.get(_W14 + "val")) or 0.0 for node in fill.iter(_W14 + "alpha")]
    return bool(alphas) and min(alphas) > 90_000


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value.rstrip("%"))
    except ValueError:
        return None


class Styles:
    """The style sheet of a document: looks and names by style id, inheritance followed."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._looks: dict[str, Look] = {}
        self._default_look = Look()
        self.default_paragraph: str | None = None
        if root is None:
            return
        self._default_look = look_of(root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr"))
        for style in root.iterchildren(W + "style"):
            style_id = attribute(style, "styleId")
            if style_id:
                self._styles[style_id] = style
                if attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true"):
                    self.default_paragraph = style_id

    def chain(self, style_id: str | None) -> Iterator[etree._Element]:
        """The style and what it is based on, nearest first; a loop ends the chain."""
        seen: set[str] = set()
        while style_id and style_id in self._styles and style_id not in seen and len(seen) < 32:
            seen.add(style_id)
            yield self._styles[style_id]
            style_id = attribute(self._styles[style_id].find(W + "basedOn"))

    def look(self, style_id: str | None) -> Look:
        """The look a style gives, inheritance followed, document defaults not included."""
        if not style_id:
            return Look()
        if style_id not in self._looks:
            look = Look()
            for style in self.chain(style_id):
                look = look.over(look_of(style.find(W + "rPr")))
                ground = fill_of(style.find(f"{W}pPr/{W}shd"))
                if ground:
                    look = look.over(replace(Look(), fill=ground))
            self._looks[style_id] = look
        return self._looks[style_id]

    def names(self, style_id: str | None) -> list[str]:
        """The lower-case names of the style and its ancestors."""
        return [(attribute(style.find(W + "name")) or "").lower() for style in self.chain(style_id)]

    def paragraph_property(self, style_id: str | None, name: str) -> etree._Element | None:
        """The nearest ``w:pPr`` child ``name`` along the chain."""
        for style in self.chain(style_id):
            found = style.find(f"{W}pPr/{W}{name}")
            if found is not None:
                return found
        return None

    def table_looks(self, style_id: str | None) -> tuple[list[str], list[str]]:
        """All ground colours and all text colours a table style may bring in (header row, banding ...)."""
        fills: list[str] = []
        colors: list[str] = []
        for style in self.chain(style_id):
            fills += [fill for shading in style.iter(W + "shd") if (fill := fill_of(shading)) and fill != "auto"]
            colors += [
                value for color in style.iter(W + "color") if (value := attribute(color)) and value.lower() != "auto"
            ]
        return fills, colors

    def effective(self, direct: Look, run_style: str | None, paragraph_style: str | None) -> Look:
        """The look of a run: direct formatting, its character style, its paragraph's style, the defaults."""
        from_run = self.look(run_style)
        from_paragraph = self.look(paragraph_style or self.default_paragraph)
        return direct.over(from_run).over(from_paragraph).over(self._default_look)


def why_hidden(look: Look, grounds: list[str], page_color: str = "FFFFFF") -> str | None:
    """The kind of hiding, or None when a reader sees the run.

    ``grounds``: colours that may lie under the run, nearest first (a table style may bring several); only when the text
    is hard to see on every one of them it counts as hidden.
    """
    if look.vanish:
        return "hidden_font"
    if look.web_hidden:
        return "hidden_font"
    if look.size is not None and look.size <= MAX_TINY_HALF_POINTS:
        return "tiny_font"
    if look.width_pct is not None and look.width_pct <= 10:
        return "tiny_font"
    if look.transparent:
        return "transparent"
    if look.color is None or look.color == "auto":
        return None  # automatic colour turns white on dark grounds by itself
    text = parse_hex(look.color)
    if text is None:
        return None
    if look.fill and look.fill != "auto":
        under = [look.fill]
    else:
        under = grounds or [page_color]
    seen = [parse_hex(ground) for ground in under]
    if any(ground is None or contrast(text, ground) >= MIN_CONTRAST for ground in seen):
        return None
    return "low_contrast"
