"""Telling a sentence meant to be read from labels, titles, key words and page numbers."""

from __future__ import annotations

import re

_PART = re.compile(r"[,;|/\u2022\t\n]+")
_FILE_NAME = re.compile(r"\.(docx?|pdf|odt|rtf|txt|pages|tex)\b", re.IGNORECASE)


def is_message(text: str) -> bool:
    """Whether ``text``, found where no draft text belongs, says something: seven words in one go, no file name.

    Key words and running titles come in shorter pieces; a sentence that tells somebody to do something does not.
    """
    if _FILE_NAME.search(text) and len(text.split()) < 12:
        return False
    pieces = _PART.split(text)
    longest = max((sum(any(c.isalpha() for c in word) for word in piece.split()) for piece in pieces), default=0)
    whole = sum(any(c.isalpha() for c in word) for word in text.split())
    ideographs = sum("\u3040" <= c <= "\u9fff" for c in text)
    return longest >= 7 or whole >= 16 or ideographs >= 14
