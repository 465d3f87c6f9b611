"""Plain text and Markdown: finding the encoding without guessing wildly, and reading the light structure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from submissions.extraction.assembly import Assembly
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable

_BOMS = (  # the longer ones first: UTF-32-LE begins like UTF-16-LE
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROL = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27}) + b"\x7f"
# Marks that normal typing puts beside letters in cp1252: quotes, dashes, dots, spaces, currency, degrees.
_COMMON_MARKS = frozenset(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u00a0\u00ab\u00bb\u20ac\u00a3\u00a7\u00b0\u00b7\u00bf\u00a1\u00b1\u00bd\u00bc\u00be\u00d7\u00a9\u00ae\u2122\u00b2\u00b3\u00b9\u2039\u203a\u00aa\u00ba\u00b5\u00ad"
)

_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_ITEM = re.compile(r"(\s*)(?:[-*+\u2022]|\d{1,3}[.)])\s+(.*)")
_SETEXT = re.compile(r"(=+|-+)\s*$")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the name of the encoding that was found; ``certain`` is False for the cp1252 fall-back."""

    text: str
    encoding: str
    certain: bool


def decode(raw: bytes) -> Decoded:
    """Decode a text file: byte order mark, strict UTF-8, UTF-16 without mark, then cp1252 if that is plausible.

    Raises Unreadable: EMPTY, MISMATCH for binary content, ENCODING when no reading is plausible.
    """
    if not raw:
        raise Unreadable(Reason.EMPTY)
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return Decoded(_strictly(raw[len(mark) :], encoding), encoding, True)
    if b"\0" in raw:
        return _without_mark(raw)
    controls = len(raw) - len(raw.translate(None, _CONTROL))
    if controls > max(4, len(raw) // 500):
        raise Unreadable(Reason.MISMATCH, "control bytes in a text file")
    try:
        return Decoded(raw.decode("utf-8"), "utf-8", True)
    except UnicodeDecodeError:
        return _as_cp1252(raw)


def read(raw: bytes, media_format: MediaFormat, limits: Limits) -> ExtractedDocument:
    """Read a ``.txt`` or ``.md`` file; errors as ``decode`` and ``Assembly.finish``."""
    decoded = decode(raw)
    assembly = Assembly(media_format, limits)
    if not decoded.certain:
        assembly.notices.append(
            "The encoding of this file is not stated; it was read as Windows-1252. Check accents and quotation marks."
        )
    if media_format is MediaFormat.MD:
        add_markdown(assembly, decoded.text)
    else:
        add_paragraphs(assembly, decoded.text)
    return assembly.finish()


def refuse_damaged(text: str) -> None:
    """Raise ENCODING when more than one character in a hundred was lost on the way (U+FFFD, half surrogate pairs)."""
    lost = text.count("\ufffd") + sum("\ud800" <= char <= "\udfff" for char in text)
    if lost * 100 > len(text):
        raise Unreadable(Reason.ENCODING, f"{lost} characters lost")


def add_paragraphs(assembly: Assembly, text: str) -> None:
    """Add plain text: blank lines part paragraphs; without any, every line is one."""
    text = re.sub(r"\r\n?|[\u0085\u2028\u2029\f]", "\n", text)
    for chunk in re.split(r"\n[^\S\n]*\n\s*", text):
        lines = [line for line in chunk.split("\n") if line.strip()]
        if len(lines) > 1 and sum(len(line) > 240 for line in lines) > len(lines) // 2:
            for line in lines:  # one line per paragraph, as editors without wrapping save them
                assembly.add("paragraph", line)
        else:
            assembly.add("paragraph", "\n".join(lines))


def add_markdown(assembly: Assembly, text: str) -> None:
    """Add Markdown: headings, lists, quotations, code and table rows keep their kind; marks inside stay as typed."""
    lines = re.sub(r"\r\n?|[\u0085\u2028\u2029\f]", "\n", text).split("\n")
    paragraph: list[str] = []
    fence: str | None = None
    code: list[str] = []

    def flush() -> None:
        if paragraph:
            assembly.add("paragraph", "\n".join(paragraph))
            paragraph.clear()

    for line in lines:
        stripped = line.strip()
        if fence is not None:
            if stripped.startswith(fence):
                assembly.add("code", "\n".join(code))
                fence = None
                code.clear()
            else:
                code.append(line)
        elif stripped.startswith(("```", "~~~")):
            flush()
            fence = stripped[:3]
        elif not stripped:
            flush()
        elif match := _HEADING.match(stripped):
            flush()
            assembly.add("heading", stripped[match.end() :].rstrip("#"), level=len(match[1]))
        elif len(paragraph) == 1 and _SETEXT.match(stripped) and len(stripped) > 2:
            assembly.add("heading", paragraph.pop(), level=1 if stripped[0] == "=" else 2)
        elif stripped.startswith(">"):
            flush()
            assembly.add("quote", stripped.lstrip("> "))
        elif stripped.startswith("|") and stripped.endswith("|"):
            flush()
            if not _TABLE_RULE.match(stripped):
                assembly.add("table_row", "\t".join(cell.strip() for cell in stripped.strip("|").split("|")))
        elif match := _ITEM.match(line):
            flush()
            assembly.add("list_item", match[2], level=len(match[1].expandtabs(4)) // 2)
        else:
            paragraph.append(stripped)
    flush()
    if code:
        assembly.add("code", "\n".join(code))


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(Reason.ENCODING, f"not valid {encoding}") from error


def _without_mark(raw: bytes) -> Decoded:
    """UTF-16 without a mark has its zero bytes on one side only; anything else with zeros is binary."""
    even, odd = raw[0::2].count(0), raw[1::2].count(0)
    if len(raw) % 2 == 0 and max(even, odd) > len(raw) // 8 and min(even, odd) <= len(raw) // 200:
        encoding = "utf-16-be" if even > odd else "utf-16-le"
        text = _strictly(raw, encoding)
        if "\0" not in text:
            return Decoded(text, encoding, True)
    raise Unreadable(Reason.MISMATCH, "zero bytes in a text file")


def _as_cp1252(raw: bytes) -> Decoded:
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise Unreadable(Reason.ENCODING, "neither UTF-8 nor cp1252") from error
    strange = high = letters = accented = 0
    previous = " "
    for char in text:
        letters += char.isalpha()
        if char > "\x7f":
            high += 1
            accented += char.isalpha()
            if char.isalpha():
                # A letter standing in or beside a word is typed; pairs of capitals with marks are mis-read UTF-8.
                strange += previous > "\x7f" and not previous.isalpha() and previous not in _COMMON_MARKS
            elif (
                char not in _COMMON_MARKS
                or previous == char
                or (previous > "\x7f" and previous.isalpha() and char in "\u20ac\u00a3\u00b1\u00a9\u00a7")
            ):
                strange += 1
        previous = char
    # No language written in cp1252 accents every second letter; Cyrillic, Greek or Hebrew read as cp1252 looks like that.
    if strange > high * 0.1 or accented * 2 > letters:
        raise Unreadable(Reason.ENCODING, "implausible as cp1252")
    return Decoded(text, "cp1252", False)
