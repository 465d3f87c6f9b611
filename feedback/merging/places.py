"""Where in the draft a quotation lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence

from feedback.contract import Quote, Sentence


class Places:
    """The draft's text and its sentences, ready to be asked for the sentences under a quotation."""

    def __init__(self, text: str, sentences: Sequence[Sentence]) -> None:
        self._text = text
        self._sentences = sorted(sentences, key=lambda sentence: sentence.start)
        self._starts = [sentence.start for sentence in self._sentences]
        self._order = {sentence.id: number for number, sentence in enumerate(self._sentences)}

    def holds(self, quote: Quote) -> bool:
        """Whether the quotation was verified and what would be shown is the draft's own substring."""
        if not quote.verified or quote.start is None or quote.end is None:
            return False
        return quote.start < quote.end <= len(self._text) and self._text[quote.start : quote.end] == quote.shown

    def sentence_ids(self, quote: Quote) -> list[str]:
        """Ids of the sentences the quotation touches, by its place: where the model says it lies is only a hint."""
        if quote.start is None or quote.end is None:
            return []
        first = max(bisect_right(self._starts, quote.start) - 1, 0)
        found = []
        for sentence in self._sentences[first:]:
            if sentence.start >= quote.end:
                break
            if sentence.end > quote.start:
                found.append(sentence.id)
        return found or [quote.sentence_id]

    def in_order(self, identifiers: Collection[str]) -> tuple[str, ...]:
        """The ids in the order of the draft; unknown ones last."""
        return tuple(sorted(identifiers, key=lambda i: (self._order.get(i, len(self._order)), i)))
