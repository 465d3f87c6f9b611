"""Whether a run of letters on a PDF page can be seen: by its size, place and mode, and by the picture of the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from submissions.extraction.pdf_render import Picture

_MIN_HEIGHT_PT = 2.5
_MIN_ALPHA = 26  # of 255: 10%
_SEEN_SHARE = 0.3  # of the letters of a run; below it the run counts as hidden
_MIN_ADVANCE = 0.12  # of the font size per letter; the narrowest letters of condensed fonts take 0.2


@dataclass(slots=True)
class Piece:
    """Characters of one word drawn by one text object."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    owner: int
    glued: bool  # continues the word of the piece before
    index: int  # of its first character on the text page


@dataclass(slots=True)
class Drawn:
    """What a text object says about itself."""

    handle: object
    size: float
    width: float  # the font size across the line
    mode: int
    colors: tuple[tuple[int, int, int], ...]
    alpha: int
    embedded: bool
    bold: bool
    turn: int | None  # quarter turns against the clock; None for any other slant


def why_hidden(
    piece: Piece,
    drawn: Drawn | None,
    frame: tuple[float, float, float, float],
    rotation: int,
    picture: Picture | None,
    ocr: bool,
) -> str | None:
    left, bottom, right, top = frame
    if piece.x1 <= left or piece.x0 >= right or piece.y1 <= bottom or piece.y0 >= top:
        return "off_page"
    if drawn is None:
        return None
    if 0 < drawn.size < _MIN_HEIGHT_PT:
        return "tiny_font"
    if ocr:
        return None
    if _squeezed(piece, drawn):
        return "tiny_font"
    if drawn.mode in (3, 7):
        return "invisible_mode"
    if drawn.alpha < _MIN_ALPHA:
        return "transparent"
    if picture is not None:
        # A font that is not in the file may lack here the letters it has on the student's machine.
        trusted = (drawn.embedded or piece.text.isascii()) and drawn.size * picture.scale >= 2
        box = upright(piece, frame, rotation)
        return picture.why_hidden(box, drawn.colors, owner=piece.owner, judge_pixels=trusted)
    return None


def by_majority(pieces: list[Piece], reasons: list[str | None]) -> list[str | None]:
    """One verdict for a run drawn in one go: where most of its letters are hidden, a word that crosses a line is too."""
    if not any(reasons):
        return reasons
    hidden: dict[int, Counter[str]] = {}
    seen = Counter[int]()
    for piece, why in zip(pieces, reasons, strict=True):
        if why is None:
            seen[piece.owner] += len(piece.text)
        else:
            hidden.setdefault(piece.owner, Counter())[why] += len(piece.text)
    verdicts = {
        owner: counts.most_common(1)[0][0]
        for owner, counts in hidden.items()
        if seen[owner] <= _SEEN_SHARE * (seen[owner] + counts.total())
    }
    return [verdicts.get(piece.owner, why) for piece, why in zip(pieces, reasons, strict=True)]


def _squeezed(piece: Piece, drawn: Drawn) -> bool:
    """Letters on top of each other: drawn so, or one glyph that claims to be many letters."""
    if len(piece.text) < 4 or not piece.text.isascii():
        return False
    along = (
        max(piece.x1 - piece.x0, piece.y1 - piece.y0) if drawn.turn is None or drawn.turn % 2 else piece.x1 - piece.x0
    )
    return along < _MIN_ADVANCE * min(drawn.size, 3 * drawn.width) * len(piece.text) or drawn.width < 0.1 * drawn.size


def upright(piece: Piece, frame: tuple[float, float, float, float], rotation: int) -> tuple[float, float, float, float]:
    """Page coordinates as the reader sees the page: origin top left, y downwards."""
    left, bottom, right, top = frame
    if rotation == 1:
        return piece.y0 - bottom, piece.x0 - left, piece.y1 - bottom, piece.x1 - left
    if rotation == 2:
        return right - piece.x1, piece.y0 - bottom, right - piece.x0, piece.y1 - bottom
    if rotation == 3:
        return top - piece.y1, right - piece.x1, top - piece.y0, right - piece.x0
    return piece.x0 - left, top - piece.y1, piece.x1 - left, top - piece.y0
