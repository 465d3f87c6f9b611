"""File names are text somebody typed: shown cleaned, never used as a path."""

from __future__ import annotations

import re
import unicodedata

from submissions.extraction.verdicts import Reason, Unreadable

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f]')
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINER = "\u200d"
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_MAX_CHARS = 120


def clean_name(name: str) -> str:
    """A harmless form of ``name`` for pages, headers and exports, at most 120 characters.

    Only the part after the last path separator; look-alikes of separators, quotes, markup and control characters are
    replaced or dropped; a leading dot, formula sign or reserved device name gets an underscore in front.
    """
    shown = "".join(c for c in name if c == _JOINER or unicodedata.category(c) not in _INVISIBLE)
    shown = unicodedata.normalize("NFC", shown)
    # Look-alikes of separators and dots count as what they look like.
    shown = shown.translate(
        {0xFF0F: "/", 0x2215: "/", 0x2044: "/", 0xFF3C: "\\", 0x2024: ".", 0x2025: "..", 0xFF0E: "."}
    )
    shown = re.split(r"[\\/]", shown)[-1]
    shown = re.sub(r"\s+", " ", _UNSAFE.sub("_", shown)).strip(" ")
    shown = shown.rstrip(". ")
    if len(shown) > _MAX_CHARS:
        stem, dot, extension = shown.rpartition(".")
        keep = _MAX_CHARS - len(extension) - 1 if dot and len(extension) <= 8 else _MAX_CHARS
        shown = f"{stem[:keep]}.{extension}" if dot and len(extension) <= 8 else shown[:keep]
    if shown.startswith((".", "=", "+", "-", "@", "~")) or _RESERVED.match(shown):
        shown = f"_{shown}"
    return shown or "draft"


def extension_of(name: str) -> str:
    """The lower-case extension that counts (the last one), or ``""``. Raises NAME for a name that is none.

    Empty names, names of dots and blanks, and hidden files (``.htaccess``) are no names of a draft.
    """
    visible = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE).strip()
    if "\0" in name:
        raise Unreadable(Reason.NAME, "zero byte in the name")
    base = re.split(r"[\\/]", visible)[-1].strip()
    stem, dot, extension = base.rpartition(".")
    if not base.strip(". ") or (dot and not stem.strip(". ")):
        raise Unreadable(Reason.NAME, "no usable name")
    return extension.strip().lower() if dot else ""
