"""What a paste is stored as when its formatting came along: the text as it stood in the box, and the HTML behind it.

The text rules. The HTML only lends its structure and tells what its styles hide, as long as it says the same words.
"""

from __future__ import annotations

from collections import Counter

from submissions.extraction.document import ExtractedDocument

MAX_RICH_CHARS = 2_000_000
_BETWEEN = b"\0"  # in neither part
_MIN_SHARED = 0.9


def pack(text: str, rich: str) -> bytes:
    """Both as one file; zeros and lone surrogates, which no database stores, are left out."""
    return _BETWEEN.join(part.replace("\0", "").encode("utf-8", "ignore") for part in (text, rich))


def unpack(data: bytes) -> tuple[str, bytes]:
    """The text and the HTML of what ``pack`` made."""
    text, _, rich = data.partition(_BETWEEN)
    return text.decode("utf-8", "replace"), rich


def says_the_same(document: ExtractedDocument, text: str) -> bool:
    """Whether what was read of the HTML, hidden passages included, has the words of ``text`` and hardly any others."""
    found = Counter(document.text.split())
    for item in document.hidden:
        found.update(item.text.split())
    typed = Counter(word for word in text.split() if any(char.isalnum() for char in word))  # without bullets
    shared = (found & typed).total()
    return (
        shared >= _MIN_SHARED * max(typed.total(), 1) and shared >= _MIN_SHARED * Counter(document.text.split()).total()
    )
