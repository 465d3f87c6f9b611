"""Takes the words and their places from a PDF page, each with the reason why it cannot be seen, if there is one."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import pi
from typing import Any

import pypdfium2.raw as pdfium

from submissions.extraction import pdf_covers
from submissions.extraction.limits import Limits
from submissions.extraction.pdf_layout import Word
from submissions.extraction.pdf_render import Picture, is_dark
from submissions.extraction.pdf_visibility import Drawn, Piece, by_majority, upright, why_hidden
from submissions.extraction.verdicts import Reason, Unreadable

_MAX_OBJECTS = 400_000
_OCR_SHARE = 0.8
_MAX_IMAGE_PIXELS = 24_000_000
_HYPHENS = {0x02: "-", 0xFFFE: "-"}
_WORD = re.compile("[^\\x00\\t\\n\\r \\xa0\\u2000-\\u2005\\u2007-\\u200a\\u3000]+")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")

# The same function with a plain number as result: comparing addresses is what it is needed for.
_text_object_address = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(pdfium.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)


@dataclass(slots=True)
class PageContent:
    """One page: visible words, hidden texts as (kind, text), pictures, whether its text is a layer over a scan."""

    width: float
    height: float
    words: list[Word]
    hidden: list[tuple[str, str]]
    images: int
    ocr_layer: bool


class _TextPage:
    def __init__(self, page: object) -> None:
        self.handle = pdfium.FPDFText_LoadPage(page)
        if not self.handle:
            raise Unreadable(Reason.CORRUPT, "no text page")

    def __enter__(self) -> object:
        return self.handle

    def __exit__(self, *_: object) -> None:
        pdfium.FPDFText_ClosePage(self.handle)


def read_page(page: object, limits: Limits, *, chars_left: int) -> PageContent:
    """Read one loaded page (``FPDF_PAGE``). Raises TOO_LONG beyond ``chars_left``, CORRUPT beyond sane numbers."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    left, right = sorted((box.left, box.right))
    bottom, top = sorted((box.bottom, box.top))
    if right - left < 1 or top - bottom < 1:
        raise Unreadable(Reason.CORRUPT, "page size")
    rotation = pdfium.FPDFPage_GetRotation(page)
    found = _objects(page)
    texts, images = found.texts, found.images
    with _TextPage(page) as text_page:
        count = pdfium.FPDFText_CountChars(text_page)
        if count > chars_left * 2:
            raise Unreadable(Reason.TOO_LONG, f"{count} characters on a page")
        pieces = _pieces(text_page, max(count, 0))
        drawn = _describe(text_page, pieces, texts)
    image_area, image_pixels = _image_extent(images, (left, bottom, right, top))
    invisible = sum(len(piece.text) for piece in pieces if _mode(drawn, piece) == 3)
    total = sum(len(piece.text) for piece in pieces)
    ocr = image_area >= _OCR_SHARE and total > 0 and invisible >= 0.9 * total
    picture = None
    if pieces and not ocr and image_pixels <= _MAX_IMAGE_PIXELS:
        size = (top - bottom, right - left) if rotation % 2 else (right - left, top - bottom)
        only_text = not found.others and not images and pdfium.FPDFPage_GetAnnotCount(page) == 0
        dark = all(is_dark(color) for known in drawn.values() for color in known.colors)
        picture = Picture(page, size, list(texts.values()), only_text=only_text, dark=dark)
        if found.covers:
            covered = pdf_covers.under_something(pieces, found.order, found.covers)
            picture.look_beneath([texts[owner] for owner in covered if owner in texts], covered)
    turns = Counter(known.turn for piece in pieces if (known := drawn.get(piece.owner)) for _ in piece.text)
    reading = turns.most_common(1)[0][0] if turns else 0
    content = PageContent(right - left, top - bottom, [], [], len(images), ocr)
    frame = (left, bottom, right, top)
    reasons = [why_hidden(piece, drawn.get(piece.owner), frame, rotation, picture, ocr) for piece in pieces]
    last_why: str | None = None
    for piece, why in zip(pieces, by_majority(pieces, reasons), strict=True):
        if why:
            if content.hidden and last_why == why:
                joined = content.hidden[-1][1] + ("" if piece.glued else " ") + piece.text
                content.hidden[-1] = (why, joined[:4_000])
            else:
                content.hidden.append((why, piece.text))
        else:
            _append(content.words, piece, drawn.get(piece.owner), frame, reading, last_why)
        last_why = why
    if (reading or 0) % 2:
        content.width, content.height = content.height, content.width
    return content


@dataclass(slots=True)
class _Objects:
    """The text and image objects of a page, also those inside forms; what may cover text, in drawing order."""

    texts: dict[int, object] = field(default_factory=dict)
    order: dict[int, int] = field(default_factory=dict)  # of the text's place on the page, by its address
    images: list[object] = field(default_factory=list)
    others: int = 0
    covers: list[pdf_covers.Cover] = field(default_factory=list)


def _objects(page: object) -> _Objects:
    found = _Objects()
    total = 0
    first_text = None
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        top = pdfium.FPDFPage_GetObject(page, index)
        for handle in _with_inner(top, 0):
            total += 1
            if total > _MAX_OBJECTS:
                raise Unreadable(Reason.CORRUPT, "too many objects")
            kind = pdfium.FPDFPageObj_GetType(handle)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                address = ctypes.cast(handle, ctypes.c_void_p).value or 0
                found.texts[address], found.order[address] = handle, index
                first_text = index if first_text is None else first_text
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                found.images.append(handle)
            else:
                found.others += 1
        if (
            first_text is not None
            and first_text < index
            and pdfium.FPDFPageObj_GetType(top) != pdfium.FPDF_PAGEOBJ_TEXT
        ):
            cover = pdf_covers.cover_of(top, index)
            if cover is not None:
                found.covers.append(cover)
    return found


def _with_inner(handle: Any, depth: int) -> Iterator[Any]:
    yield handle
    if depth < 12 and pdfium.FPDFPageObj_GetType(handle) == pdfium.FPDF_PAGEOBJ_FORM:
        for index in range(pdfium.FPDFFormObj_CountObjects(handle)):
            yield from _with_inner(pdfium.FPDFFormObj_GetObject(handle, index), depth + 1)


def _pieces(text_page: object, count: int) -> list[Piece]:
    """Cut the characters of a page at blanks, at jumps, and where another text object goes on."""
    pieces: list[Piece] = []
    text = _characters(text_page, count)
    any_rtl = _RTL.search(text) is not None
    for match in _WORD.finditer(text):
        _add_word(text_page, match.group(), match.start(), pieces, any_rtl=any_rtl)
    if _HALF_PAIR.search(text):
        for piece in pieces:
            piece.text = piece.text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return pieces


def _characters(text_page: object, count: int) -> str:
    """The characters of a page, one per index of the library: asked for in one go where that gives the same."""
    buffer = ctypes.create_string_buffer(2 * count + 2)
    units = pdfium.FPDFText_GetText(text_page, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))) - 1
    text = buffer.raw[: 2 * units].decode("utf-16-le", "surrogatepass") if units == count else ""
    if len(text) != count:  # characters without a meaning are left out there, and some take two units
        get_unicode = pdfium.FPDFText_GetUnicode
        codes = (get_unicode(text_page, index) for index in range(count))
        text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    return text.translate(_HYPHENS)


def _add_word(text_page: object, word: str, start: int, pieces: list[Piece], *, any_rtl: bool) -> None:
    """Add the pieces of one word. The characters of one text object lie together, so its ends tell who drew it."""
    end = start + len(word)
    owner = _text_object_address(text_page, start) or 0
    one_owner = owner == (_text_object_address(text_page, end - 1) or 0)
    if one_owner and not any_rtl:  # as nearly always
        one, other = _box(text_page, start), _box(text_page, end - 1)
        if one is not None and other is not None:
            x0, y0, x1, y1 = one
            a0, b0, a1, b1 = other
            box = (x0 if x0 < a0 else a0, y0 if y0 < b0 else b0, x1 if x1 > a1 else a1, y1 if y1 > b1 else b1)
            pieces.append(Piece(word, *box, owner, False, start))
        return
    runs = [(start, end, owner)] if one_owner else _runs(text_page, start, end)
    before: Piece | None = None
    mirrored = bool(_RTL.search(word)) and _runs_rightwards(text_page, start, end - 1)
    for low, high, owner in reversed(runs) if mirrored else runs:
        one, other = _box(text_page, low), _box(text_page, high - 1)
        if one is None or other is None:
            continue
        glued = before is not None
        if before is not None:
            height = max(before.y1 - before.y0, one[3] - one[1], 1.0)
            apart = max(one[0] - before.x1, before.x0 - one[2]) > 0.6 * height
            glued = not apart and abs(one[1] - before.y0) <= 0.75 * height
        text = word[low - start : high - start]
        if mirrored:
            text = text[::-1]
        if _RTL.search(text):
            text = unicodedata.normalize("NFKC", text)  # letters instead of their joined shapes
        before = Piece(
            text,
            min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]),
            owner, glued, low,
        )  # fmt: skip
        pieces.append(before)


def _runs(text_page: object, start: int, end: int) -> list[tuple[int, int, int]]:
    """Parts of a word (first index, end, address) by the text object that drew them."""
    runs: list[tuple[int, int, int]] = []
    for index in range(start, end):
        owner = _text_object_address(text_page, index) or 0
        if runs and runs[-1][2] == owner:
            runs[-1] = (runs[-1][0], index + 1, owner)
        else:
            runs.append((index, index + 1, owner))
    return runs


def _runs_rightwards(text_page: object, first: int, last: int) -> bool:
    """The text layer may hold a right-to-left word as it looks, the last letter first; places tell."""
    one, other = _box(text_page, first), _box(text_page, last)
    return one is not None and other is not None and one[0] < other[0]


_rect = pdfium.FS_RECTF()
_rect_reference = ctypes.byref(_rect)


def _box(text_page: object, index: int) -> tuple[float, float, float, float] | None:
    """The loose box of a character: left, bottom, right, top."""
    if not pdfium.FPDFText_GetLooseCharBox(text_page, index, _rect_reference):
        return None
    left, bottom, right, top = _rect.left, _rect.bottom, _rect.right, _rect.top
    if left <= right and bottom <= top:
        return left, bottom, right, top
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


_READ_COLOR = {  # by text render mode: filled, outlined, both
    0: (pdfium.FPDFPageObj_GetFillColor,),
    1: (pdfium.FPDFPageObj_GetStrokeColor,),
    2: (pdfium.FPDFPageObj_GetFillColor, pdfium.FPDFPageObj_GetStrokeColor),
    5: (pdfium.FPDFPageObj_GetStrokeColor,),
    6: (pdfium.FPDFPageObj_GetFillColor, pdfium.FPDFPageObj_GetStrokeColor),
}


def _describe(text_page: object, pieces: list[Piece], texts: dict[int, object]) -> dict[int, Drawn]:
    drawn: dict[int, Drawn] = {}
    size = ctypes.c_float()
    matrix = pdfium.FS_MATRIX()
    channels = [ctypes.c_uint() for _ in range(4)]
    for piece in pieces:
        if piece.owner in drawn or piece.owner not in texts:
            continue
        handle = texts[piece.owner]
        pdfium.FPDFTextObj_GetFontSize(handle, size)
        pdfium.FPDFPageObj_GetMatrix(handle, matrix)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(handle)
        colors: list[tuple[int, int, int]] = []
        alpha = 255
        for read_color in _READ_COLOR.get(mode, _READ_COLOR[0]):
            if read_color(handle, *channels):
                red, green, blue, alpha = (channel.value for channel in channels)
                colors.append((red, green, blue))
        font = pdfium.FPDFTextObj_GetFont(handle)
        weight = pdfium.FPDFFont_GetWeight(font) if font else 0
        drawn[piece.owner] = Drawn(
            handle=handle,
            size=abs(size.value) * (matrix.c**2 + matrix.d**2) ** 0.5,
            width=abs(size.value) * (matrix.a**2 + matrix.b**2) ** 0.5,
            mode=mode,
            colors=tuple(colors) or ((0, 0, 0),),
            alpha=alpha,
            embedded=bool(font) and pdfium.FPDFFont_GetIsEmbedded(font) == 1,
            bold=weight >= 600 or _named_bold(font),
            turn=_turn(pdfium.FPDFText_GetCharAngle(text_page, piece.index)),
        )
    return drawn


def _turn(angle: float) -> int | None:
    """Quarter turns of an angle in radians, None when it is more than 3 degrees off one."""
    quarters = angle / (pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < 1 / 30 else None


def _named_bold(font: object) -> bool:
    if not font:
        return False
    buffer = ctypes.create_string_buffer(128)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, 128)
    return b"bold" in buffer.value.lower()


def _mode(drawn: dict[int, Drawn], piece: Piece) -> int:
    known = drawn.get(piece.owner)
    return known.mode if known else 0


def _image_extent(images: list[object], frame: tuple[float, float, float, float]) -> tuple[float, int]:
    """The largest share of the page one image covers, and the pixels of all images."""
    left, bottom, right, top = frame
    page_area = (right - left) * (top - bottom)
    share, pixels = 0.0, 0
    edges = [ctypes.c_float() for _ in range(4)]
    width, height = ctypes.c_uint(), ctypes.c_uint()
    for image in images:
        if pdfium.FPDFPageObj_GetBounds(image, *edges):
            x0, y0, x1, y1 = (edge.value for edge in edges)
            across = max(min(x1, right) - max(x0, left), 0)
            share = max(share, across * max(min(y1, top) - max(y0, bottom), 0) / page_area)
        if pdfium.FPDFImageObj_GetImagePixelSize(image, width, height):
            pixels += width.value * height.value
    return share, pixels


def _append(
    words: list[Word],
    piece: Piece,
    drawn: Drawn | None,
    frame: tuple[float, float, float, float],
    reading: int | None,
    last_why: str | None,
) -> None:
    """Add a piece as the reader of the page's main text sees it; text at another angle is marked as tilted."""
    rotation = reading or 0
    if piece.glued and words and last_why is None:
        x0, y0, x1, y1 = upright(piece, frame, rotation)
        last = words[-1]
        last.text += piece.text
        last.x0, last.x1 = min(last.x0, x0), max(last.x1, x1)
        return
    x0, y0, x1, y1 = upright(piece, frame, rotation)
    size = drawn.size if drawn and drawn.size else y1 - y0
    tilted = drawn is not None and drawn.turn != reading
    words.append(Word(piece.text, x0, y0, x1, y1, size, bool(drawn and drawn.bold), tilted))
