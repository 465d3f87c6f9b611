"""Which texts of a PDF page lie under something that is drawn after them, judged by places alone.

What lies there need not hide anything (a highlighter, a frame): the picture of the page tells.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import pypdfium2.raw as pdfium

_CELL_PT = 48.0
_MIN_SIDE_PT = 3.0  # an underline or a rule covers no letters
_MANY_CELLS = 120


class Cover(NamedTuple):
    """Bounds of an object in page points and its place in the order of drawing."""

    at: int
    x0: float
    y0: float
    x1: float
    y1: float


class Placed(Protocol):
    """A run of letters with its box and the address of the text object that drew it."""

    x0: float
    y0: float
    x1: float
    y1: float
    owner: int


_edges = [ctypes.c_float() for _ in range(4)]


def cover_of(handle: object, index: int) -> Cover | None:
    """The bounds of an object large enough to cover letters, None for lines and what has no bounds."""
    if not pdfium.FPDFPageObj_GetBounds(handle, *_edges):
        return None
    x0, y0, x1, y1 = (edge.value for edge in _edges)
    return Cover(index, x0, y0, x1, y1) if x1 - x0 >= _MIN_SIDE_PT and y1 - y0 >= _MIN_SIDE_PT else None


def under_something(pieces: Iterable[Placed], order: Mapping[int, int], covers: Sequence[Cover]) -> set[int]:
    """Addresses of the text objects of which a piece has its middle under a cover drawn later."""
    wide: list[Cover] = []
    cells: dict[tuple[int, int], list[Cover]] = {}
    for cover in covers:
        columns = range(int(cover.x0 // _CELL_PT), int(cover.x1 // _CELL_PT) + 1)
        rows = range(int(cover.y0 // _CELL_PT), int(cover.y1 // _CELL_PT) + 1)
        if len(columns) * len(rows) > _MANY_CELLS:
            wide.append(cover)
            continue
        for column in columns:
            for row in rows:
                cells.setdefault((column, row), []).append(cover)
    found: set[int] = set()
    for piece in pieces:
        index = order.get(piece.owner)
        if index is None or piece.owner in found:
            continue
        x, y = (piece.x0 + piece.x1) / 2, (piece.y0 + piece.y1) / 2
        here = cells.get((int(x // _CELL_PT), int(y // _CELL_PT)), ())
        if any(c.at > index and c.x0 <= x <= c.x1 and c.y0 <= y <= c.y1 for part in (here, wide) for c in part):
            found.add(piece.owner)
    return found
