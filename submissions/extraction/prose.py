"""Telling a sentence meant to be read from labels, titles, key words and page numbers."""

from __future__ import annotations

import re

_PART = re.compile(r"[,;|/\u2022\t\n]+")
_SENTENCE_END = re.compile(r"[.!?\u3002][\"'\u201d\u2019)\]]*$")
_FILE_NAME = re.compile(r"\.(docx?|pdf|odt|rtf|txt|pages|tex)\b", re.IGNORECASE)


def is_message(text: str) -> bool:
    """Whether ``text``, found where no draft text belongs, says something: seven words in one go, no file name.

    Key words and running titles come in shorter pieces; a sentence that tells somebody to do something does not.
    """
    if _FILE_NAME.search(text) and len(text.split()) < 12:
        return False
    if _is_title(text):
        return False
    pieces = _PART.split(text)
    longest = max((sum(any(c.isalpha() for c in word) for word in piece.split()) for piece in pieces), default=0)
    whole = sum(any(c.isalpha() for c in word) for word in text.split())
    ideographs = sum("\u3040" <= c <= "\u9fff" for c in text)
    return longest >= 7 or whole >= 16 or ideographs >= 14


def _is_title(text: str) -> bool:
    """Titles Are Written Like This, or ALL IN CAPITALS, and end without a full stop."""
    longer = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 3]
    capital = sum(word[0].isupper() for word in longer)
    return len(longer) <= 14 and capital >= 0.75 * len(longer) > 0 and not _SENTENCE_END.search(text.strip())
