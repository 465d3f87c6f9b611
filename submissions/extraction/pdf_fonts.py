"""Fonts whose character map says other letters than the ones they draw.

A page shows what a font's encoding names; copying text, and reading it by program, follows its ``/ToUnicode`` map. Where
both speak of Latin letters and disagree, the map is a lie: what the encoding names is what a person reads. A font that
draws other letters than its own encoding names cannot be told without looking at the shapes.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

_BFCHAR = re.compile(rb"<([0-9A-Fa-f]{1,4})>\s*<([0-9A-Fa-f]{2,256})>")
_BFRANGE = re.compile(rb"<([0-9A-Fa-f]{1,4})>\s*<([0-9A-Fa-f]{1,4})>\s*<([0-9A-Fa-f]{2,8})>")
_SECTION = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_MIN_LIES = 3
_MIN_SHARE = 0.25
_NAMED = frozenset(("/WinAnsiEncoding", "/MacRomanEncoding", "/StandardEncoding"))
_MIN_SPOKEN_WORDS = 3


def lies(font: DictionaryObject, mapping: bytes) -> bool:
    """Whether ``/ToUnicode`` (its data in ``mapping``) calls three letters or more of a simple font something else."""
    if font.get("/Subtype") not in ("/Type1", "/TrueType", "/MMType1"):
        return False
    drawn = _drawn_letters(font)
    letters = wrong = 0
    for code, said in _entries(mapping):
        letter = drawn.get(code)
        if letter is None or not said or not (said.isascii() or _plain(said).isascii()):
            continue
        letters += 1
        wrong += _plain(said) != letter.casefold()
    return wrong >= _MIN_LIES and wrong >= _MIN_SHARE * letters


def without_lies(data: bytes) -> bytes:
    """The PDF with the maps of lying fonts taken out, so that its text reads as it looks."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    for item in writer._objects:
        if isinstance(item, DictionaryObject) and item.get("/Type") == "/Font" and "/ToUnicode" in item:
            mapping = item["/ToUnicode"].get_object()
            if isinstance(mapping, StreamObject) and lies(item, mapping.get_data()):
                del item["/ToUnicode"]
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def only_said(said: list[str], drawn: list[str]) -> Iterator[str]:
    """Passages of ``said`` that are not drawn; words both have in common between two of them belong to them."""
    passage: list[str] = []
    common: list[str] = []
    for kind, low, high, _, _ in SequenceMatcher(None, said, drawn, autojunk=False).get_opcodes():
        if kind == "equal" and high - low > 2:
            if len(passage) >= _MIN_SPOKEN_WORDS:
                yield " ".join(passage)
            passage, common = [], []
        elif kind == "equal":
            common = said[low:high]
        elif high > low:
            passage += (common if passage else []) + said[low:high]
            common = []
    if len(passage) >= _MIN_SPOKEN_WORDS:
        yield " ".join(passage)


def _drawn_letters(font: DictionaryObject) -> dict[int, str]:
    """The ASCII letters a font's encoding names, by code."""
    encoding = font.get("/Encoding")
    encoding = encoding.get_object() if encoding is not None else None
    base = encoding.get("/BaseEncoding") if isinstance(encoding, DictionaryObject) else encoding
    found: dict[int, str] = {}
    if base in _NAMED:
        found = {code: chr(code) for code in range(128) if chr(code).isalpha()}
    changes = encoding.get("/Differences") if isinstance(encoding, DictionaryObject) else None
    changes = changes.get_object() if changes is not None else None
    code = 0
    for item in changes if isinstance(changes, ArrayObject) else ():
        if isinstance(item, NameObject):
            name = str(item)[1:]
            found.pop(code, None)
            if len(name) == 1 and name.isascii() and name.isalpha():
                found[code] = name
            code += 1
        elif isinstance(item, int):
            code = item
    return found


def _entries(mapping: bytes) -> Iterator[tuple[int, str]]:
    for kind, body in _SECTION.findall(mapping):
        if kind == b"char":
            for code, said in _BFCHAR.findall(body):
                yield int(code, 16), _text(said)
        else:
            for low, high, said in _BFRANGE.findall(body):
                first = _text(said)
                for offset in range(min(int(high, 16) - int(low, 16) + 1, 256) if len(first) == 1 else 0):
                    point = ord(first) + offset
                    yield int(low, 16) + offset, chr(point) if point < 0x110000 else ""


def _text(digits: bytes) -> str:
    try:
        return bytes.fromhex(digits.decode("ascii")).decode("utf-16-be", "replace")
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """Letters without case and accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()
