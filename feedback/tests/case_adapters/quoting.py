"""Looks a quotation of a case up with the product's own locator."""

from __future__ import annotations

from functools import lru_cache

from feedback.contract import Quote
from feedback.reading.evidence import Locator
from feedback.reading.sentences import split_sentences


def located(quote: str, draft: str) -> Quote:
    """The quotation as the merge step would receive it. The cases do not say which sentence a comment cites."""
    return _locator(draft).locate(quote, "")


@lru_cache(maxsize=8)
def _locator(draft: str) -> Locator:
    return Locator(draft, split_sentences(draft))
