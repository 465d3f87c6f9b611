"""Draws a page with and without its text: a word whose place looks the same both times cannot be seen.

That one comparison covers white text, text under pictures and boxes, clipped text, layers switched off and odd blending.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import pypdfium2.raw as pdfium

from submissions.extraction.contrast import Rgb, contrast
from submissions.extraction.docx_visibility import MIN_CONTRAST

_SCALE = 1.5  # pixels per point
_MAX_SIDE = 1_800
_SEEN_LEVELS = 14  # of 255 in any channel; anti-aliased grey text of contrast 1.5 changes about 20
_ALIKE_LEVELS = 80  # colours further apart in one channel are told apart even at equal luminance


class Picture:
    """The two drawings of one page. ``texts`` are the handles of its text objects."""

    def __init__(self, page: object, texts: Sequence[object]) -> None:
        width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        scale = min(_SCALE, _MAX_SIDE / max(width, height, 1))
        self._page = page
        self.width, self.height = max(int(width * scale), 1), max(int(height * scale), 1)
        self._with_text = self._draw()
        for handle in texts:
            pdfium.FPDFPageObj_SetIsActive(handle, False)
        self._without = self._draw()
        for handle in texts:
            pdfium.FPDFPageObj_SetIsActive(handle, True)
        self._x, self._y = ctypes.c_int(), ctypes.c_int()

    def _draw(self) -> bytes:
        size = self.width * self.height * 4
        buffer = (ctypes.c_ubyte * size)()
        bitmap = pdfium.FPDFBitmap_CreateEx(self.width, self.height, pdfium.FPDFBitmap_BGRx, buffer, self.width * 4)
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, self._page, 0, 0, self.width, self.height, 0, pdfium.FPDF_ANNOT)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return bytes(buffer)

    def why_hidden(self, box: tuple[float, float, float, float], color: Rgb, *, judge_pixels: bool) -> str | None:
        """Why the word in ``box`` (page coordinates x0, y0, x1, y1) drawn in ``color`` is not seen, None when it is.

        With ``judge_pixels`` False only its colour against the ground counts.
        """
        left, top, right, bottom = self._pixels(box)
        if right <= left or bottom <= top:
            return None
        if judge_pixels and not self._differs(left, top, right, bottom):
            return "not_visible_when_rendered"
        ground = self._ground(left, top, right, bottom)
        if (
            contrast(color, ground) < MIN_CONTRAST
            and max(abs(a - b) for a, b in zip(color, ground, strict=True)) < _ALIKE_LEVELS
        ):
            return "low_contrast"
        return None

    def _pixels(self, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        corners = []
        for x, y in ((box[0], box[1]), (box[2], box[3])):
            pdfium.FPDF_PageToDevice(self._page, 0, 0, self.width, self.height, 0, x, y, self._x, self._y)
            corners.append((self._x.value, self._y.value))
        (ax, ay), (bx, by) = corners
        left, right = sorted((ax, bx))
        top, bottom = sorted((ay, by))
        return max(left - 1, 0), max(top - 1, 0), min(right + 1, self.width), min(bottom + 1, self.height)

    def _differs(self, left: int, top: int, right: int, bottom: int) -> bool:
        middle = (top + bottom) // 2  # ink is likeliest there
        for y in (*range(middle, bottom), *range(top, middle)):
            start, end = (y * self.width + left) * 4, (y * self.width + right) * 4
            one, other = self._with_text[start:end], self._without[start:end]
            if one != other and any(abs(a - b) >= _SEEN_LEVELS for a, b in zip(one, other, strict=True)):
                return True
        return False

    def _ground(self, left: int, top: int, right: int, bottom: int) -> Rgb:
        """The commonest colour under the word."""
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
