"""Every quotation is looked up in the draft. What is not found there does not count.

Exact first (after normalising both sides), at the cited sentence first; then, from six words on, nearly exact. What
is shown is always the draft's own substring.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Any, Literal

from rapidfuzz import fuzz

from feedback.contract import (
    Quote,
    ReadCriterion,
    ReadGoal,
    Reading,
    ReadItem,
    RubricSnapshot,
    Sentence,
)
from feedback.reading.answer import ParsedAnswer
from feedback.reading.normalising import normalise_with_map
from feedback.reading.redaction import restore
from feedback.reading.screening import objection, repeats_words
from feedback.reading.sense import PREFIXES, denials, numbers, opposed
from feedback.reading.signals import imitates_a_prompt, speaks_to_reviewer
from feedback.reading.suspects import own_words
from submissions.extraction.characters import count_words

VERIFIED_SCORE = 95.0
APPROXIMATE_SCORE = 90.0
MIN_CHARS = 12
MIN_WORDS = 3
MIN_WORDS_FUZZY = 6
UNFOUND_SHARE = 0.5

# What turns a word into its opposite when a quotation stops before it: "can't", "cannot", "useless".
_DENYING_END = re.compile(r"(?:n't|'t|not|less)(?![^\W_])")
_MARKER = re.compile(r"⟦[^⟦⟧]{0,40}⟧\s*")
# A quotation wrapped in marks or shortened with an ellipsis by the model is still the draft's words.
_WRAPPING = re.compile(r"""\A(?:["'“”‘’«»„\s]|\[?(?:\.{3}|…)\]?)+|(?:["'“”‘’«»„\s]|\[?(?:\.{3}|…)\]?)+\Z""")
# A word cut at the end of a line, a dash with or without blanks, one kind of quotation mark inside another: hyphens between
# letters and quotation marks do not tell texts apart.
_MARK = re.compile(r"""(?<=[^\W\d_]) ?-+ ?(?=[^\W\d_])|"|(?<![^\W_])'|'(?![^\W_])""")


class Locator:
    """Finds quotations in one draft; normalises it once. ``sentences`` are those of ``text``."""

    def __init__(self, text: str, sentences: Sequence[Sentence]) -> None:
        self._text = text
        self._normal = normalise_with_map(text)
        self._sentences = {sentence.id: sentence for sentence in sentences}

    def locate(self, quote: str, sentence_id: str) -> Quote:
        """Look ``quote`` up, nearest to ``sentence_id`` first; an unknown id searches the whole draft.

        Status: verified or approximate (with span and the draft's words), too_short, not_found, or negation / digits
        when the best place says the opposite or another number. ``score`` is 0..100, None for exact matches.
        """
        wanted = normalise_with_map(quote).text
        exact = self._exact(wanted, sentence_id)
        if exact is None:
            stripped = normalise_with_map(_WRAPPING.sub("", quote)).text
            if stripped != wanted:
                wanted = stripped
                exact = self._exact(wanted, sentence_id)
        if len(wanted) < MIN_CHARS or _words(wanted) < MIN_WORDS:
            return Quote(sentence_id, quote, "too_short", score=0.0)
        if exact is None:
            return (
                self._but_for_marks(quote, wanted, sentence_id)
                or (self._nearly(quote, wanted, sentence_id) if _words(wanted) >= MIN_WORDS_FUZZY else None)
                or Quote(sentence_id, quote, "not_found", score=0.0)
            )
        opposite = self._cut_word_changes_sense(exact, exact + len(wanted))
        if opposite:
            return Quote(sentence_id, quote, opposite, score=100.0)
        return self._located(quote, sentence_id, "verified", self._normal.span(exact, exact + len(wanted)), None)

    def _exact(self, wanted: str, sentence_id: str) -> int | None:
        """Offset of the occurrence nearest to the cited sentence, in the normalised text; one that is whole comes first."""
        haystack = self._normal.text
        if not wanted or wanted not in haystack:
            return None
        places = list(_occurrences(wanted, haystack))
        if len(places) == 1:
            return places[0]

        def order(place: int) -> tuple[bool, int, int]:
            end = place + len(wanted)
            return bool(self._cut_word_changes_sense(place, end)), self._distance(place, end, sentence_id), place

        return min(places, key=order)

    def _distance(self, first: int, last: int, sentence_id: str) -> int:
        """Characters between ``first:last`` of the normal text and the cited sentence; 0 where they meet or none is known."""
        sentence = self._sentences.get(sentence_id)
        if sentence is None:
            return 0
        start, end = self._normal.span(first, last)
        return max(0, sentence.start - end + 1, start - sentence.end + 1)

    def _but_for_marks(self, quote: str, wanted: str, sentence_id: str) -> Quote | None:
        """The place that has the same letters, of several the one nearest to the cited sentence; else None."""
        whole, places = self._unmarked
        bare = _MARK.sub("", wanted)
        if not bare or (bare == wanted and len(whole) == len(self._normal.text)):
            return None
        found = [
            (places[at], places[at + len(bare) - 1] + 1)
            for at in _occurrences(bare, whole)
            if not self._cut_word_changes_sense(places[at], places[at + len(bare) - 1] + 1)
        ]
        if not found:
            return None
        start, end = min(found, key=lambda place: (self._distance(place[0], place[1], sentence_id), place))
        if denials(self._normal.text[start:end]).isdisjoint(denials(wanted)):
            return Quote(sentence_id, quote, "negation", score=100.0)
        return self._located(quote, sentence_id, "verified", self._normal.span(start, end), None)

    @cached_property
    def _unmarked(self) -> tuple[str, Sequence[int]]:
        """The normal text without hyphens between letters and quotation marks, and where each of its characters stands in the normal text."""
        kept: list[int] = []
        position = 0
        for match in _MARK.finditer(self._normal.text):
            kept.extend(range(position, match.start()))
            position = match.end()
        kept.extend(range(position, len(self._normal.text)))
        return "".join(self._normal.text[place] for place in kept), kept

    def _nearly(self, quote: str, wanted: str, sentence_id: str) -> Quote:
        """The cited sentence and what stands around it first; if these words are not there, the whole draft."""
        near = self._around(sentence_id, len(wanted))
        if near is not None:
            found = self._looked_at(quote, wanted, sentence_id, self._best_within(wanted, *near))
            if found.status == "verified":
                return found
        return self._looked_at(quote, wanted, sentence_id, self._best_within(wanted, 0, len(self._normal.text)))

    def _around(self, sentence_id: str, reach: int) -> tuple[int, int] | None:
        sentence = self._sentences.get(sentence_id)
        if sentence is None:
            return None
        first = bisect_left(self._normal.starts, sentence.start) - reach
        return max(0, first), bisect_left(self._normal.starts, sentence.end) + reach

    def _looked_at(self, quote: str, wanted: str, sentence_id: str, place: tuple[float, int, int] | None) -> Quote:
        if place is None:
            return Quote(sentence_id, quote, "not_found", score=0.0)
        score, start, end = place
        if score < APPROXIMATE_SCORE:
            return Quote(sentence_id, quote, "not_found", score=score)
        start, end = self._whole_words(start, end)
        found = self._normal.text[start:end]
        if numbers(found) != numbers(wanted):
            return Quote(sentence_id, quote, "digits", score=score)
        if opposed(found, wanted):
            return Quote(sentence_id, quote, "negation", score=score)
        status = "verified" if score >= VERIFIED_SCORE else "approximate"
        return self._located(quote, sentence_id, status, self._normal.span(start, end), score)

    def _cut_word_changes_sense(self, start: int, end: int) -> Literal["", "digits", "negation"]:
        """Whether an exact match is cut out of a number ("20" of "120"), or off what denies it ("un|able", "can|'t")."""
        text = self._normal.text
        for edge in (start, end):
            if re.search(r"\d[.,-]?\Z", text[max(0, edge - 2) : edge]) and re.match(r"[.,-]?\d", text[edge : edge + 2]):
                return "digits"
        if re.match(r"\d", text[start : start + 1]) and re.search(
            r"(?<![^\s(\[=<>])-\Z", text[max(0, start - 2) : start]
        ):
            return "digits"
        if text[end - 1].isalpha() and _DENYING_END.match(text, end):
            return "negation"
        left = re.search(r"[^\W_]+\Z", text[max(0, start - 6) : start])
        return "negation" if left and left.group() in PREFIXES and text[start : start + 1].isalpha() else ""

    def _best_within(self, wanted: str, first: int, last: int) -> tuple[float, int, int] | None:
        """(score, start, end) of the most similar stretch of ``first:last`` of the normalised text."""
        haystack = self._normal.text[first:last]
        if not haystack or not wanted:
            return None
        if len(wanted) > len(haystack):
            # The library would slide the draft over the quotation: the whole draft is the place.
            return fuzz.ratio(wanted, haystack), first, first + len(haystack)
        found = fuzz.partial_ratio_alignment(wanted, haystack)
        return None if found is None else (found.score, first + found.dest_start, first + found.dest_end)

    def _whole_words(self, start: int, end: int) -> tuple[int, int]:
        text = self._normal.text
        while start > 0 and text[start - 1] != " " and text[start] != " ":
            start -= 1
        while end < len(text) and text[end] != " " and text[end - 1] != " ":
            end += 1
        while start < end and text[start] == " ":
            start += 1
        while end > start and text[end - 1] == " ":
            end -= 1
        return start, end

    def _located(self, quote: str, sentence_id: str, status: Any, span: tuple[int, int], score: float | None) -> Quote:
        start, end = span
        return Quote(sentence_id, quote, status, start, end, self._text[start:end], score)


def _occurrences(wanted: str, text: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _words(normal: str) -> int:
    """Words between blanks; where a script has no blanks, as word processors count."""
    return max(len(normal.split()), 0 if normal.isascii() else count_words(normal))


def verify(
    parsed: ParsedAnswer,
    *,
    text: str,
    sentences: Sequence[Sentence],
    redactions: Mapping[str, str],
    rubric: RubricSnapshot | None = None,
) -> Reading:
    """Look up every quotation of ``parsed`` in ``text`` and set aside comments that may not count.

    ``sentences`` are those of ``text``; ``redactions`` puts names back into what the model repeated. With ``rubric``,
    remarks on dialect are set aside unless the comment's criterion is about language.
    """
    locator = _locator(text, tuple(sentences))
    data = parsed.data

    def look_up(evidence: Sequence[Mapping[str, str]]) -> tuple[Quote, ...]:
        return tuple(
            locator.locate(restore(_MARKER.sub("", entry["quote"]), redactions), entry["sentence_id"])
            for entry in evidence
        )

    criteria = tuple(
        ReadCriterion(
            criterion_key=entry["criterion_id"],
            level=entry["level"],
            reasoning=restore(entry["reasoning"], redactions),
            not_assessable_reason=entry["not_assessable_reason"] or "",
            confidence=entry["confidence"],
            quotes=look_up(entry["evidence"]),
        )
        for entry in data["criteria"]
    )
    goals = tuple(
        ReadGoal(entry["goal_id"], entry["status"], restore(entry["note"], redactions), look_up(entry["evidence"]))
        for entry in data["goal_progress"]
    )
    item_quotes = [look_up(entry["evidence"]) for entry in data["items"]]
    quotes = [quote for criterion in criteria for quote in criterion.quotes]
    quotes += [quote for goal in goals for quote in goal.quotes]
    quotes += [quote for found in item_quotes for quote in found]
    unfound = sum(1 for quote in quotes if quote.start is None)
    dropped = bool(quotes) and unfound > UNFOUND_SHARE * len(quotes)
    addressed = tuple(data["draft_check"]["text_addressed_to_reviewer"])
    suspect = {*addressed, *imitates_a_prompt(text, sentences)}
    suspect_spans = [(s.start, s.end) for s in sentences if s.id in suspect]
    echoes = suspect | set(speaks_to_reviewer(text, sentences))
    attacks = tuple(sentence.text for sentence in sentences if sentence.id in echoes)
    about_language = {c.key for c in rubric.criteria if c.language_matters} if rubric else None
    items: list[ReadItem] = []
    for entry, found in zip(data["items"], item_quotes, strict=True):
        texts = tuple(restore(entry[name], redactions) for name in ("comment", "why", "next_step"))
        reason = objection(
            texts,
            draft=text,
            own_words=partial(own_words, text, tuple(sentences)),
            forbidden=parsed.forbidden,
            addressed=attacks,
            language_matters=about_language is None or entry["criterion_id"] in about_language,
        )
        reason = reason or _missing_evidence(entry, found, suspect_spans) or ("ungrounded_run" if dropped else "")
        items.append(_item(entry, texts, found, reason))
    return Reading(
        criteria=criteria,
        items=tuple(items),
        goals=goals,
        language=data["draft_check"]["language"],
        on_task=data["draft_check"]["on_task"],
        addressed_to_reviewer=addressed,
        student_concern=data["draft_check"]["student_concern"] == "possible",
        last_sentence_id=data["echo"]["last_sentence_id"],
        priority_item_ids=_usable_priorities(data, items),
        repaired_json=parsed.repaired,
        quotes_total=len(quotes),
        quotes_unfound=unfound,
        comments_dropped=dropped,
        level_before_evidence=parsed.level_before_evidence,
        chunked=parsed.chunked,
        last_expected_id=parsed.last_expected,
    )


def set_aside(reading: Reading, suspect: Sequence[Sentence]) -> Reading:
    """Return ``reading`` without the use of comments that stand on ``suspect`` sentences only, or repeat their words."""
    spans = [(sentence.start, sentence.end) for sentence in suspect]
    attacks = tuple(sentence.text for sentence in suspect)
    items = []
    for item in reading.items:
        located = [(q.start, q.end) for q in item.quotes if q.start is not None and q.end is not None]
        if not item.quarantined and repeats_words((item.comment, item.why, item.next_step), attacks):
            item = replace(item, quarantined=True, quarantine_reason="attack_echo")
        elif (
            not item.quarantined
            and located
            and all(any(start < b and a < end for a, b in spans) for start, end in located)
        ):
            item = replace(item, quarantined=True, quarantine_reason="addressed_evidence")
        items.append(item)
    return replace(reading, items=tuple(items))


@lru_cache(maxsize=16)
def _locator(text: str, sentences: tuple[Sentence, ...]) -> Locator:
    return Locator(text, sentences)


def _missing_evidence(
    entry: Mapping[str, Any], quotes: Sequence[Quote], suspect_spans: Sequence[tuple[int, int]]
) -> str:
    """A comment stands on a verified quotation, or says openly that something is missing; praise needs the place.

    Words that speak to the reviewer are no evidence of the work: a comment on nothing else is set aside.
    """
    verified = [
        (quote.start, quote.end)
        for quote in quotes
        if quote.start is not None and quote.end is not None and quote.verified
    ]
    if any(not any(start < b and a < end for a, b in suspect_spans) for start, end in verified):
        return ""
    if verified:
        return "addressed_evidence"
    return "" if entry["absence"] and entry["kind"] != "strength" else "no_located_quote"


def _item(entry: Mapping[str, Any], texts: tuple[str, ...], quotes: tuple[Quote, ...], reason: str) -> ReadItem:
    comment, why, next_step = texts
    return ReadItem(
        item_id=entry["item_id"],
        criterion_key=entry["criterion_id"],
        kind=entry["kind"],
        tag=entry["tag"],
        focus=entry["focus"],
        comment=comment,
        why=why,
        next_step=next_step,
        severity=entry["severity"],
        absence=entry["absence"],
        quotes=quotes,
        quarantined=bool(reason),
        quarantine_reason=reason,
    )


def _usable_priorities(data: Mapping[str, Any], items: Sequence[ReadItem]) -> tuple[str, ...]:
    usable = {item.item_id for item in items if not item.quarantined and item.kind == "issue"}
    return tuple(item_id for item_id in data["priority_item_ids"] if item_id in usable)
