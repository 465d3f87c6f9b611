"""Whether text of an RTF file can be seen: formatting handed down by groups, shapes, colours against their ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from submissions.extraction.contrast import Rgb, contrast
from submissions.extraction.docx_visibility import MAX_TINY_HALF_POINTS, MIN_CONTRAST

_SQUEEZED = 0.35  # of the letters' height taken from between them: they lie upon each other
_FAR_TWIPS = 10_000  # 7 inches beside the text
_FRAME_TWIPS = 1_440  # an inch outside the paper on the near sides
_FAR_HALF_POINTS = 400
_SMALLEST_TWIPS = 32  # a shape with a side this short shows no letter
_WHITE: Rgb = (255, 255, 255)


@dataclass(slots=True)
class Shape:
    """A drawn shape: where it stands (twips: left, top, right, bottom), whether it is switched off, its filling."""

    edges: dict[bytes, int] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=lambda: {"name": [], "value": []})
    hidden: bool = False
    ground: Rgb | None = None

    def why_hidden(self) -> str | None:
        left, top, right, bottom = (self.edges.get(b"shp" + side) for side in (b"left", b"top", b"right", b"bottom"))
        if self.hidden:
            return "hidden_font"
        if left is None or top is None or right is None or bottom is None:
            return None
        if right < -1_440 or bottom < -1_440 or left > 2 * _FAR_TWIPS or top > 3 * _FAR_TWIPS:
            return "off_page_text_box"
        return "tiny_font" if min(right - left, bottom - top) < _SMALLEST_TWIPS else None

    def learn(self) -> None:
        """Take in the property whose name and value were just read."""
        name, value = ("".join(self.said[part]).strip() for part in ("name", "value"))
        self.said = {"name": [], "value": []}
        if name == "fHidden":
            self.hidden = value not in ("", "0")
        elif name == "fillColor" and value.isascii() and value.isdigit():
            packed = int(value)
            self.ground = packed & 255, packed >> 8 & 255, packed >> 16 & 255
        elif name == "fFilled" and value == "0":
            self.ground = None


@dataclass(frozen=True, slots=True)
class State:
    """What a group hands down to the groups inside it."""

    where: str = "body"  # body, note, silent, fonts, colors, running, info, annotation
    hidden: bool = False
    deleted: bool = False
    half_points: float = 24.0
    color: int = 0
    ground: int = 0
    shading: int = 0
    width_pct: int = 100
    spacing: float = 0.0  # half points between letters
    rise: int = 0  # half points
    far: bool = False  # beside the page
    shape: Shape | None = None
    encoding: str = "cp1252"
    skip: int = 1
    flat: bool = False  # lines too low for any letter


def is_far(word: bytes, twips: int) -> bool:
    """Whether an indent or the position of a frame puts its paragraph off the page."""
    if word.startswith(b"pos"):
        return not -_FRAME_TWIPS < twips < (12 if b"x" in word else 17) * _FRAME_TWIPS
    return abs(twips) > _FAR_TWIPS


def why_hidden(state: State, colors: Sequence[Rgb | None], cell_ground: int) -> str | None:
    """The kind of hiding, or None when a reader sees text under ``state``.

    ``colors`` is the colour table of the file, ``cell_ground`` the number in it of the cell's colour, 0 for none.
    """
    if state.deleted:
        return "deleted_text"
    if state.hidden:
        return "hidden_font"
    boxed = state.shape.why_hidden() if state.shape is not None else None
    if boxed:
        return boxed
    squeezed = state.width_pct <= 10 or state.spacing < -_SQUEEZED * state.half_points
    if state.half_points <= MAX_TINY_HALF_POINTS or state.flat or squeezed:
        return "tiny_font"
    if state.far or abs(state.rise) > _FAR_HALF_POINTS:
        return "off_page"
    color = colors[state.color] if 0 < state.color < len(colors) else None
    if color is None:
        return None
    stated = (colors[i] for i in (state.ground, state.shading, cell_ground) if 0 < i < len(colors))
    boxed_ground = state.shape.ground if state.shape is not None else None
    ground = next((found for found in stated if found is not None), boxed_ground or _WHITE)
    return "low_contrast" if contrast(color, ground) < MIN_CONTRAST else None
