"""Looks a quotation of a case up with the product's own locator."""

from __future__ import annotations

from feedback.contract import Quote


def located(quote: str, draft: str) -> Quote:
    """The quotation as the merge step would receive it."""
    start = draft.lower().find(quote.lower())
    if start < 0:
        return Quote("P1.S1", quote, "not_found")
    end = start + len(quote)
    return Quote("P1.S1", quote, "verified", start, end, draft[start:end])
