"""Whether a run of a Word document can be seen: formatting inherited through styles, colours against their ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from lxml import etree

from submissions.extraction.contrast import contrast, parse_hex
from submissions.extraction.docx_colors import HIGHLIGHTS, Theme
from submissions.extraction.ooxml import W, attribute, switched_on

MIN_CONTRAST = 1.5  # WCAG ratio; 1 is the same colour
MAX_TINY_HALF_POINTS = 8.0  # 4 pt
_DEFAULT_HALF_POINTS = 22.0
_SQUEEZED = 0.35  # of the letters' height taken from between them: they lie upon each other
_FAR_HALF_POINTS = 400.0
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"


@dataclass(frozen=True, slots=True)
class Look:
    """What decides about visibility; None is "not stated here, ask the parent". Sizes are half points."""

    vanish: bool | None = None
    web_hidden: bool | None = None
    color: str | None = None
    outline: str | None = None
    fill: str | None = None
    size: float | None = None
    width_pct: float | None = None
    spacing: float | None = None
    position: float | None = None
    transparent: bool | None = None

    def over(self, parent: Look) -> Look:
        """This look with the gaps filled from ``parent``."""
        stated = {name: value for name in _NAMES if (value := getattr(self, name)) is not None}
        return replace(parent, **stated) if stated else parent


_NAMES = tuple(field.name for field in fields(Look))
_PLAIN = Look()


def look_of(properties: etree._Element | None, theme: Theme) -> Look:
    """Read ``w:rPr``."""
    if properties is None or not len(properties):
        return _PLAIN
    highlight = (attribute(properties.find(W + "highlight")) or "").lower()
    complex_script = switched_on(properties.find(W + "rtl")) or switched_on(properties.find(W + "cs"))
    size = properties.find(W + "szCs") if complex_script else None
    spacing = _number(attribute(properties.find(W + "spacing")))
    filled = properties.find(_W14 + "textFill")
    color = theme.drawing_color(filled.find(_W14 + "solidFill")) if filled is not None else None
    line = properties.find(_W14 + "textOutline")
    return Look(
        vanish=switched_on(properties.find(W + "vanish")),
        web_hidden=switched_on(properties.find(W + "webHidden")),
        color=color or theme.stated(properties.find(W + "color")),
        outline=theme.drawing_color(line.find(_W14 + "solidFill")) if line is not None else None,
        fill=HIGHLIGHTS.get(highlight) or theme.fill_of(properties.find(W + "shd")),
        size=_number(attribute(size if size is not None else properties.find(W + "sz"))),
        width_pct=_number(attribute(properties.find(W + "w"))),
        spacing=None if spacing is None else spacing / 10,  # twentieths of a point
        position=_number(attribute(properties.find(W + "position"))),
        transparent=None if filled is None else _transparent(filled),
    )


def _transparent(fill: etree._Element) -> bool:
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

    def __init__(self, root: etree._Element | None, theme: Theme | None = None) -> None:
        self.theme = theme or Theme()
        self._styles: dict[str, etree._Element] = {}
        self._looks: dict[str, Look] = {}
        self._effective: dict[tuple[str | None, str | None, Look], Look] = {}
        self._default_look = _PLAIN
        self.default_paragraph: str | None = None
        if root is None:
            return
        self._default_look = look_of(root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr"), self.theme)
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
            return _PLAIN
        if style_id not in self._looks:
            look = _PLAIN
            for style in self.chain(style_id):
                look = look.over(look_of(style.find(W + "rPr"), self.theme))
                ground = self.theme.fill_of(style.find(f"{W}pPr/{W}shd"))
                if ground:
                    look = look.over(replace(_PLAIN, fill=ground))
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

    def effective(self, direct: Look, run_style: str | None, paragraph_style: str | None, table: Look = _PLAIN) -> Look:
        """The look of a run: direct formatting, its character style, its paragraph's style, its table's, the defaults."""
        key = (run_style, paragraph_style, table)
        if key not in self._effective:
            from_paragraph = self.look(paragraph_style or self.default_paragraph)
            self._effective[key] = self.look(run_style).over(from_paragraph).over(table).over(self._default_look)
        return direct.over(self._effective[key])


def why_hidden(look: Look, grounds: Sequence[str], page_color: str = "FFFFFF") -> str | None:
    """The kind of hiding, or None when a reader sees the run.

    ``grounds``: colours that may lie under the run, nearest first (a table style may bring several); only when the text
    is hard to see on every one of them it counts as hidden.
    """
    if look.vanish or look.web_hidden:
        return "hidden_font"
    size = _DEFAULT_HALF_POINTS if look.size is None else look.size
    if size <= MAX_TINY_HALF_POINTS:
        return "tiny_font"
    if look.width_pct is not None and look.width_pct <= 10:
        return "tiny_font"
    if look.spacing is not None and look.spacing < -_SQUEEZED * size:
        return "tiny_font"
    if look.position is not None and abs(look.position) > _FAR_HALF_POINTS:
        return "off_page"
    if look.transparent:
        return "transparent"
    if look.color is None or look.color == "auto":
        return None  # automatic colour turns white on dark grounds by itself
    drawn = [parse_hex(color) for color in (look.color, look.outline) if color]
    if look.fill and look.fill != "auto":
        under: Sequence[str] = [look.fill]
    else:
        under = grounds or [page_color]
    for ground in map(parse_hex, under):
        if ground is None or any(color is None or contrast(color, ground) >= MIN_CONTRAST for color in drawn):
            return None
    return "low_contrast"
