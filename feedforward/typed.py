"""What somebody typed, or a program sent, where a page expects a number or an id: that, or None.

``str.isdigit`` is true of "²" and of digits of other scripts, which ``int`` refuses or takes; databases take no number
without end.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def whole_number(text: str, *, digits: int = 9) -> int | None:
    """Return the number ``text`` writes in at most ``digits`` plain digits, None when it is nothing like it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def row_id(text: str) -> UUID | None:
    """Return the public id ``text`` writes, None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def row_ids(texts: Iterable[str], *, at_most: int) -> list[UUID]:
    """Return the public ids among ``texts``, the first ``at_most``; what is none is left out."""
    found = (row_id(text) for text in texts)
    return [public_id for public_id in found if public_id is not None][:at_most]
