"""Characters a person cannot see: taken out of the text, counted, and decoded where they spell something."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Scripts written without blanks count one word per character (as word processors do), Thai and its neighbours
# one per four characters.
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fa1f]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u1000-\u109f]")
_WORD = re.compile(r"[^\W_]+(?:['’.,\-][^\W_]+)*")

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
_FLAG_TAGS = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060-\u2064\u180e\ufeff]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u206a-\u206f]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029\x0b\x0c]")
_JOINED_SCRIPTS = re.compile(r"[\u0590-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufeff]")
_ANYTHING_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufb00-\ufb06\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e01ef]"
)
# Fewer zero-width characters than this are leftovers of editors and web pages, not a message.
_ZERO_WIDTH_NOTICED = 6


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``text`` in NFC without invisible characters; ``found`` pairs of (kind, what they spell)."""

    text: str
    found: tuple[tuple[str, str], ...] = ()


def clean(text: str) -> Cleaned:
    """Remove what nobody can see from ``text``.

    Kept are joiners inside emoji and the scripts that need them, flag sequences, one variation selector after a
    character. Line ends become ``\\n``, ligature characters their letters, lone surrogates U+FFFD.
    """
    if not _ANYTHING_INVISIBLE.search(text):
        return Cleaned(unicodedata.normalize("NFC", text))
    found: list[tuple[str, str]] = []
    text = _SURROGATE.sub("\ufffd", _LINE_ENDS.sub("\n", text)).translate(_LIGATURES)
    text = _drop_tags(text, found)
    text = _drop_selectors(text, found)
    text = _drop_zero_width(text, found)
    text = _CONTROL.sub("", _BIDI.sub("", text))
    return Cleaned(unicodedata.normalize("NFC", text), tuple(found))


def count_words(text: str) -> int:
    """Words of ``text``; ideographs one each, unspaced scripts one per four characters."""
    ideographs = len(_IDEOGRAPHS.findall(text))
    unspaced = len(_UNSPACED.findall(text))
    if ideographs or unspaced:
        text = _UNSPACED.sub(" ", _IDEOGRAPHS.sub(" ", text))
    return len(_WORD.findall(text)) + ideographs + -(-unspaced // 4)


def is_blank(text: str) -> bool:
    """Whether nothing in ``text`` would leave a mark on paper."""
    return not clean(text).text.strip()


def _drop_tags(text: str, found: list[tuple[str, str]]) -> str:
    flags = [match.span() for match in _FLAG_TAGS.finditer(text)]
    pieces: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if any(start < match.start() and match.end() <= end for start, end in flags):
            return match.group()
        spelled = "".join(chr(ord(c) - 0xE0000) for c in match.group() if 0xE0020 <= ord(c) <= 0xE007E)
        pieces.append(spelled)
        return ""

    text = _TAGS.sub(replace, text)
    spelled = " ".join(piece for piece in pieces if piece.strip())
    if spelled:
        found.append(("tag_characters", spelled))
    return text


def _drop_selectors(text: str, found: list[tuple[str, str]]) -> str:
    """One selector after a visible character is normal; a chain of them carries bytes (value 0 is U+FE00)."""
    pieces: list[str] = []

    def replace(match: re.Match[str]) -> str:
        run = match.group()
        before = text[match.start() - 1] if match.start() else " "
        if len(run) == 1:
            return run if (not before.isspace() and not before.isascii()) or before in "#*0123456789" else ""
        values = bytes(ord(c) - 0xFE00 if ord(c) < 0xFF00 else (ord(c) - 0xE0100 + 16) & 255 for c in run)
        spelled = values.decode("utf-8", "replace")
        pieces.append(spelled if spelled.isprintable() else f"{len(run)} variation selectors")
        return ""

    text = _SELECTORS.sub(replace, text)
    if pieces:
        found.append(("tag_characters", " ".join(pieces)))
    return text


def _drop_zero_width(text: str, found: list[tuple[str, str]]) -> str:
    dropped = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal dropped
        run = match.group()
        before = text[match.start() - 1] if match.start() else ""
        after = text[match.end()] if match.end() < len(text) else ""
        if len(run) == 1 and run in "\u200c\u200d" and _joins(before, after):
            return run
        dropped += len(run)
        return ""

    text = _ZERO_WIDTH.sub(replace, text)
    if dropped >= _ZERO_WIDTH_NOTICED:
        found.append(("invisible_characters", f"{dropped} zero-width characters"))
    return text


def _joins(before: str, after: str) -> bool:
    if not before or not after:
        return False
    if _JOINED_SCRIPTS.match(before) and _JOINED_SCRIPTS.match(after):
        return True
    emoji_before = unicodedata.category(before) in ("So", "Sk") or before == "\ufe0f"
    return emoji_before and unicodedata.category(after) == "So"
