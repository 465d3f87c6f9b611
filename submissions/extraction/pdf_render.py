"""Draws a page with and without its text: a word whose place looks the same both times cannot be seen.

That one comparison covers white text, text under pictures and boxes, clipped text, layers switched off and odd blending.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence, Set
from functools import lru_cache

import pypdfium2.raw as pdfium

from submissions.extraction.contrast import Rgb, contrast
from submissions.extraction.docx_visibility import MIN_CONTRAST

_SCALE = 1.0  # pixels per point
_MAX_SIDE = 1_800
_SEEN_LEVELS = 14  # of 255 in any channel; anti-aliased grey text of contrast 1.5 changes about 20
_ALIKE_LEVELS = 80  # colours further apart in one channel are told apart even at equal luminance
_WHITE = (255, 255, 255)
_DARK_LEVEL = 160  # of 255: text up to here leaves a mark that needs no colours to be seen
_INK = bytes(level <= 255 - _SEEN_LEVELS for level in range(256))


class Picture:
    """The two drawings of one page.

    ``size`` is its width and height in points as it is shown, ``texts`` are the handles of its text objects. With
    ``only_text`` the ground is plain white and need not be drawn; with ``dark`` text the drawing has no colours either.
    """

    def __init__(
        self, page: object, size: tuple[float, float], texts: Sequence[object], *, only_text: bool, dark: bool
    ) -> None:
        scale = self.scale = min(_SCALE, _MAX_SIDE / max(size))  # pixels per point
        self.width, self.height = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
        self._across, self._down = self.width / size[0], self.height / size[1]
        self._page, self._all = page, len(texts)
        self._beneath: tuple[bytes, Set[int]] | None = None
        self._without: bytes | None = None
        self._ink: bytes | None = None
        if only_text and dark:
            self._with_text = self._draw(page, pdfium.FPDFBitmap_Gray, 1)
            self._ink = self._with_text.translate(_INK)
        else:
            self._with_text = self._draw(page, pdfium.FPDFBitmap_BGRx, 4)
        if not only_text:
            self._without = self._draw_without(page, texts)

    def look_beneath(self, texts: Sequence[object], owners: Set[int]) -> None:
        """Judge these texts by a drawing in which only they are missing: other text may stand upon what covers them."""
        if texts and len(texts) < self._all:
            self._beneath = self._draw_without(self._page, texts), owners

    def _draw_without(self, page: object, texts: Sequence[object]) -> bytes:
        for handle in texts:
            pdfium.FPDFPageObj_SetIsActive(handle, False)
        drawn = self._draw(page, pdfium.FPDFBitmap_BGRx, 4)
        for handle in texts:
            pdfium.FPDFPageObj_SetIsActive(handle, True)
        return drawn

    def _draw(self, page: object, form: int, depth: int) -> bytes:
        buffer = ctypes.create_string_buffer(self.width * self.height * depth)
        bitmap = pdfium.FPDFBitmap_CreateEx(self.width, self.height, form, buffer, self.width * depth)
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, self.width, self.height, 0, pdfium.FPDF_ANNOT)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return buffer.raw

    def why_hidden(
        self, box: tuple[float, float, float, float], colors: Sequence[Rgb], *, owner: int, judge_pixels: bool
    ) -> str | None:
        """Why the word in ``box`` (points, origin top left: x0, y0, x1, y1) drawn in ``colors`` is not seen, None if it is.

        ``colors`` are its fill, its outline or both. With ``judge_pixels`` False only they count, against the ground.
        """
        left, top = max(int(box[0] * self._across) - 1, 0), max(int(box[1] * self._down) - 1, 0)
        right = min(int(box[2] * self._across) + 2, self.width)
        bottom = min(int(box[3] * self._down) + 2, self.height)
        if right <= left or bottom <= top:
            return None
        if self._ink is not None:
            return None if not judge_pixels or self._inked(left, top, right, bottom) else "not_visible_when_rendered"
        if judge_pixels and not self._differs(self._without, left, top, right, bottom):
            return "not_visible_when_rendered"
        without, owners = self._beneath or (None, frozenset())
        if judge_pixels and owner in owners and not self._differs(without, left, top, right, bottom):
            return "not_visible_when_rendered"
        ground = self._ground(left, top, right, bottom)
        return "low_contrast" if all(_alike(color, ground) for color in colors) else None

    def _inked(self, left: int, top: int, right: int, bottom: int) -> bool:
        """Whether dark text left a mark on the white page."""
        assert self._ink is not None
        find, width = self._ink.find, self.width
        middle = (top + bottom) // 2  # ink is likeliest there
        if find(1, middle * width + left, middle * width + right) >= 0:
            return True
        return any(find(1, y * width + left, y * width + right) >= 0 for y in range(top, bottom))

    def _differs(self, without: bytes | None, left: int, top: int, right: int, bottom: int) -> bool:
        middle = (top + bottom) // 2
        for y in (*range(middle, bottom), *range(top, middle)):
            start, end = (y * self.width + left) * 4, (y * self.width + right) * 4
            one = self._with_text[start:end]
            if without is None:
                if min(one) <= 255 - _SEEN_LEVELS:
                    return True
                continue
            other = without[start:end]
            if one != other and any(abs(a - b) >= _SEEN_LEVELS for a, b in zip(one, other, strict=True)):
                return True
        return False

    def _ground(self, left: int, top: int, right: int, bottom: int) -> Rgb:
        """The commonest colour under the word."""
        if self._without is None:
            return _WHITE
        counts: dict[bytes, int] = {}
        for y in range(top, bottom, max((bottom - top) // 4, 1)):
            row = self._without[(y * self.width + left) * 4 : (y * self.width + right) * 4]
            first = row[:4]
            if row == first * (right - left):  # one colour all along, as nearly always
                counts[first] = counts.get(first, 0) + 8
                continue
            for at in range(0, len(row), max((right - left) // 8, 1) * 4):
                pixel = row[at : at + 4]
                counts[pixel] = counts.get(pixel, 0) + 1
        pixel = max(counts, key=lambda found: counts[found])
        return pixel[2], pixel[1], pixel[0]


@lru_cache(maxsize=4096)
def _alike(color: Rgb, ground: Rgb) -> bool:
    apart = max(abs(a - b) for a, b in zip(color, ground, strict=True))
    return apart < _ALIKE_LEVELS and contrast(color, ground) < MIN_CONTRAST


@lru_cache(maxsize=256)
def is_dark(color: Rgb) -> bool:
    """Whether text of this colour shows on white in a drawing without colours."""
    red, green, blue = color
    return 0.299 * red + 0.587 * green + 0.114 * blue <= _DARK_LEVEL
