"""Characters nobody sees: taken out before a model reads the draft, noticed where they carry something.

Extraction removes most of them already; this is the wall behind it, and it also covers pasted text. What a
person's own language, emoji or word processor needs raises nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from feedback.reading.decoding import decoded_instructions, readable

OPEN_BRACKET, CLOSE_BRACKET = "⟦", "⟧"

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060-\u2064\u180e\ufeff\u034f\u115f\u1160\u3164\uffa0"
# A regional flag is a black flag followed by tags; every other run of tags spells something.
_TAG_RUN = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f)|[\U000e0000-\U000e007f]+"
)
_SELECTOR_RUN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_ZERO_WIDTH_RUN = re.compile(f"[{_ZERO_WIDTH}]+")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f]")
_OVERRIDE = re.compile("[\u202d\u202e][^\u202c-\u202e\n]{0,80}?[^\\W\\d_]{3}")
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\ud800-\udfff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\U0001d173-\U0001d17a\u17b4\u17b5]"
)
_BRACKETS = re.compile(f"[{OPEN_BRACKET}{CLOSE_BRACKET}]")
# Control tokens of chat templates: servers of local models may obey them inside a text, so a blank breaks them.
_CHAT_TOKEN = re.compile(
    r"[<\[](?=[|｜]|</?SYS>>|/?INST\]|/?(?:s|bos|eos|pad|unk|think|start_of_turn|end_of_turn|tool_call)>)"
)
_ANYTHING = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    f"\U0001d173-\U0001d17a\U000e0000-\U000e01ef{OPEN_BRACKET}{CLOSE_BRACKET}<\\[]"
)
# Hebrew to Myanmar, Khmer, Mongolian, Balinese, Arabic forms: scripts whose spelling uses joiners.
_JOINED_SCRIPT = re.compile(r"[\u0590-\u109f\u1780-\u18af\u1b00-\u1b7f\ua800-\ua8ff\ufb50-\ufdff\ufe70-\ufefc]")
_ALPHABETIC = re.compile(r"[A-Za-zÀ-ɏͰ-ԯ]")
# Hyphenation never falls after every single letter.
_HYPHEN_AFTER_EACH = re.compile("(?:[^\\W\\d_]\xad){4,}")
_ANNOTATION = re.compile("\ufff9[^\ufffb\n]*")
# Fewer zero-width characters inside words than this are leftovers of editors and web pages, not a message.
_IN_WORD_NOTICED = 3
_RUN_NOTICED = 4
_MAX_DECODED_CHARS = 500


@dataclass(frozen=True)
class Found:
    """Something hidden at ``start:end`` of the original text. ``decoded`` is what it spells, ``""`` if nothing.

    ``flag`` is the flag it raises: INVISIBLE_TEXT for characters nobody sees, DECODED_TEXT for visible text that
    reads as an instruction only once decoded.
    """

    kind: str
    flag: Literal["INVISIBLE_TEXT", "DECODED_TEXT"]
    start: int
    end: int
    decoded: str = ""


@dataclass(frozen=True)
class CleanedText:
    """``text`` is what a model may read: NFC, nothing invisible, no marker brackets."""

    text: str
    found: tuple[Found, ...] = ()


@lru_cache(maxsize=32)
def clean_for_model(text: str) -> CleanedText:
    """Clean a whole draft and say what was hidden in it. Harmless finds are removed without a word."""
    found = (*_invisible(text), *_disguised(text))
    return CleanedText(clean_characters(text), found)


def clean_characters(text: str) -> str:
    """Only the cleaning, for pieces of a text; cleaning twice changes nothing."""
    if not _ANYTHING.search(text):
        return unicodedata.normalize("NFC", text)
    while True:
        cleaned = unicodedata.normalize("NFC", _strip(text))
        if cleaned == text:
            return cleaned
        text = cleaned


def _strip(text: str) -> str:
    text = _CONTROL.sub("", text)
    text = _BRACKETS.sub("", text)
    text = _TAG_RUN.sub(lambda match: match.group("flag") or "", text)
    text = _BIDI.sub("", text)
    text = _SELECTOR_RUN.sub(lambda m: _kept_selector(text, m), text)
    text = _ZERO_WIDTH_RUN.sub(lambda m: _kept_joiner(text, m), text)
    return _CHAT_TOKEN.sub(lambda m: m.group() + " ", text)


def _kept_selector(text: str, match: re.Match[str]) -> str:
    """One selector after a symbol, an ideograph or a keycap is spelling; more carry bytes."""
    run = match.group()
    before = text[match.start() - 1 : match.start()]
    if len(run) > 1 or not before:
        return ""
    if before in "#*0123456789" or unicodedata.category(before) in {"So", "Sm", "Sk", "Po"}:
        return run
    return run if unicodedata.category(before) == "Lo" else ""


def _kept_joiner(text: str, match: re.Match[str]) -> str:
    run = match.group()
    if len(run) != 1 or run not in "\u200c\u200d":
        return ""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if not before or not after:
        return ""
    if _JOINED_SCRIPT.match(before) and (_JOINED_SCRIPT.match(after) or run == "\u200d"):
        return run
    emoji = before == "\ufe0f" or unicodedata.category(before) in {"So", "Sk"}
    return run if run == "\u200d" and emoji and unicodedata.category(after) in {"So", "Sm"} else ""


def _invisible(text: str) -> Iterator[Found]:
    if not _ANYTHING.search(text):
        return
    for match in _TAG_RUN.finditer(text):
        if not match.group("flag"):
            spelled = "".join(chr(ord(c) - 0xE0000) for c in match.group() if 0xE0020 <= ord(c) <= 0xE007E)
            yield Found("tag_characters", "INVISIBLE_TEXT", *match.span(), spelled.strip()[:_MAX_DECODED_CHARS])
    for match in _SELECTOR_RUN.finditer(text):
        if len(match.group()) > 1:
            spelled = _spelled_by_selectors(match.group())
            yield Found("variation_selectors", "INVISIBLE_TEXT", *match.span(), spelled)
    yield from _zero_width(text)
    for match in _OVERRIDE.finditer(text):
        yield Found("bidi_override", "INVISIBLE_TEXT", *match.span())
    for match in _HYPHEN_AFTER_EACH.finditer(text):
        yield Found("hyphen_after_each_letter", "INVISIBLE_TEXT", *match.span())
    for match in _ANNOTATION.finditer(text):
        yield Found("annotation", "INVISIBLE_TEXT", *match.span())


def _spelled_by_selectors(run: str) -> str:
    """Two ways of hiding bytes are about: offset from U+E0100, and U+FE00 as value 0."""
    direct = bytes((ord(c) - 0xE0100 if ord(c) > 0xFFFF else ord(c) - 0xFE00) & 255 for c in run)
    shifted = bytes((ord(c) - 0xE0100 + 16 if ord(c) > 0xFFFF else ord(c) - 0xFE00) & 255 for c in run)
    return max((readable(direct), readable(shifted)), key=_plainness)[:_MAX_DECODED_CHARS]


def _plainness(spelled: str) -> float:
    return sum(c.isalpha() or c == " " for c in spelled) + 0.5 * spelled.count(" ")


def _zero_width(text: str) -> Iterator[Found]:
    in_words: list[re.Match[str]] = []
    for match in _ZERO_WIDTH_RUN.finditer(text):
        run = match.group()
        if len(run) >= _RUN_NOTICED:
            yield Found("zero_width", "INVISIBLE_TEXT", *match.span(), _spelled_by_bits(run))
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if _ALPHABETIC.match(before) and _ALPHABETIC.match(after):
            in_words.append(match)
    if len(in_words) >= _IN_WORD_NOTICED:
        yield Found("zero_width_in_words", "INVISIBLE_TEXT", in_words[0].start(), in_words[-1].end())


def _spelled_by_bits(run: str) -> str:
    symbols = sorted(set(run))
    if len(symbols) != 2 or len(run) < 16:
        return ""
    for zero in symbols:
        bits = "".join("0" if c == zero else "1" for c in run)
        spelled = readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)))
        if spelled:
            return spelled[:_MAX_DECODED_CHARS]
    return ""


def _disguised(text: str) -> Iterator[Found]:
    for kind, start, end, decoded in decoded_instructions(text):
        yield Found(kind, "DECODED_TEXT", start, end, decoded[:_MAX_DECODED_CHARS])
