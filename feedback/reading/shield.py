"""Reasons for the instructor to look that come from the draft itself, or from how models answered to it.

What a person cannot see is found by code; what a person can see is left to models and the person. Every detail is a
sentence for the instructor; none of them accuses the student.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from feedback.contract import Flag, ReadCriterion, Reading, RubricSnapshot, RunReading, Sentence
from feedback.reading.characters import CleanedText
from feedback.reading.signals import speaks_of_danger, speaks_to_reviewer
from submissions.extraction.characters import count_words
from submissions.extraction.language import guess

COPIED_SHARE = 0.40
REPEATED_SHARE = 0.40
NGRAM_WORDS = 8
# Without a minimum set by the assignment: less than this cannot be judged by any rubric.
LEAST_WORDS = 10
# A guess at the language from fewer words is worth nothing.
LANGUAGE_WORDS = 40
THIN_QUOTES = 2
JUMP_LEVELS = 2
JUMP_CHANGED_SHARE = 0.10

_WORD = re.compile(r"[^\W_]+")
_LANGUAGE_CODES = {
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "por": "pt",
    "nld": "nl", "dut": "nl", "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "ara": "ar", "rus": "ru",
    "fas": "fa", "per": "fa", "heb": "he", "hin": "hi", "ell": "el", "tha": "th", "pol": "pl", "tur": "tr",
}  # fmt: skip


def draft_flags(
    *,
    text: str,
    sentences: Sequence[Sentence],
    cleaned: CleanedText,
    hidden_spans_count: int,
    assignment_text: str,
    min_words: int | None,
    max_words: int | None,
    expected_language: str,
    readings: Sequence[RunReading],
    rubric: RubricSnapshot | None = None,
) -> tuple[Flag, ...]:
    """Every flag that the draft's text and the readings of it raise, one per code (EVIDENCE_THIN: per criterion).

    ``cleaned`` is ``clean_for_model(text)``; ``hidden_spans_count`` what extraction found hidden in the file. An empty
    ``expected_language`` accepts every language. ``rubric`` is needed for EVIDENCE_THIN.
    """
    if not sentences:
        empty = Flag("EMPTY", "must", "The draft holds no readable text.")
        return (*_hidden(cleaned, sentences, hidden_spans_count), empty)
    return (
        *_hidden(cleaned, sentences, hidden_spans_count),
        *_length(text, min_words, max_words),
        *_language(text, expected_language, readings),
        *_originality(text, assignment_text),
        *_what_readers_say(text, sentences, readings),
        *(_thin(text, sentences, readings, rubric) if rubric else ()),
    )


def jump_flag(
    *, criterion_key: str, title: str, old_level: int | None, new_level: int | None, changed_share: float
) -> Flag | None:
    """JUMP: two levels or more between drafts of which less than a tenth of the sentences (0..1) changed, else None."""
    if old_level is None or new_level is None or changed_share >= JUMP_CHANGED_SHARE:
        return None
    if abs(new_level - old_level) < JUMP_LEVELS:
        return None
    detail = (
        f"{title}: {abs(new_level - old_level)} levels apart from the last draft, though little of the text changed."
    )
    return Flag("JUMP", "check", detail, criterion_key)


def evidence_thin(
    *,
    rubric: RubricSnapshot,
    readings: Sequence[RunReading],
    sentences: Sequence[Sentence],
    suspect: Collection[str] = (),
) -> Iterator[Flag]:
    """EVIDENCE_THIN per criterion: a top level with fewer than two different verified quotations.

    A quotation out of a sentence that speaks to the reviewer is no evidence of the work; ``suspect`` adds ids to those
    that the readings name.
    """
    addressed = _addressed(readings) | set(suspect)
    spans = [(s.start, s.end) for s in sentences if s.id in addressed]
    for criterion in rubric.criteria:
        thin = [
            _name(run)
            for run in readings
            for read in run.reading.criteria
            if read.criterion_key == criterion.key
            and read.level == criterion.level_count - 1
            and _different_quotes(read, spans) < THIN_QUOTES
        ]
        if thin:
            detail = f"{criterion.title}: the top level stands on fewer than {THIN_QUOTES} quotations ({_names(thin)})."
            yield Flag("EVIDENCE_THIN", "check", detail, criterion.key)


def _thin(
    text: str, sentences: Sequence[Sentence], readings: Sequence[RunReading], rubric: RubricSnapshot
) -> Iterator[Flag]:
    suspect = speaks_to_reviewer(text, sentences)
    return evidence_thin(rubric=rubric, readings=readings, sentences=sentences, suspect=suspect)


def _different_quotes(read: ReadCriterion, spans: Sequence[tuple[int, int]]) -> int:
    places: list[tuple[int, int]] = []
    for quote in read.quotes:
        if not quote.verified or quote.start is None or quote.end is None:
            continue
        place = (quote.start, quote.end)
        if not any(_overlap(place, other) for other in (*spans, *places)):
            places.append(place)
    return len(places)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _hidden(cleaned: CleanedText, sentences: Sequence[Sentence], hidden_spans_count: int) -> Iterator[Flag]:
    if hidden_spans_count:
        pieces = "one piece" if hidden_spans_count == 1 else f"{hidden_spans_count} pieces"
        detail = f"The file holds {pieces} of text that a person reading it would not see. No reviewer got it."
        yield Flag("HIDDEN_TEXT", "must", detail)
    invisible = [found for found in cleaned.found if found.flag == "INVISIBLE_TEXT"]
    if invisible:
        detail = "The text holds characters that nobody can see. They were removed before any reviewer read it."
        ids = _sentences_at(sentences, [(found.start, found.end) for found in invisible])
        yield Flag("INVISIBLE_TEXT", "must", detail, sentence_ids=ids)
    decoded = [found for found in cleaned.found if found.decoded]
    if decoded:
        words = "; ".join(dict.fromkeys(f"“{found.decoded[:200]}”" for found in decoded[:3]))
        ids = _sentences_at(sentences, [(found.start, found.end) for found in decoded])
        yield Flag("DECODED_TEXT", "must", f"Part of the text says something else once decoded: {words}.", "", ids)


def _sentences_at(sentences: Sequence[Sentence], spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Ids of the sentences that overlap or touch ``spans``."""
    return tuple(s.id for s in sentences if any(start <= s.end and end >= s.start for start, end in spans))


def _length(text: str, min_words: int | None, max_words: int | None) -> Iterator[Flag]:
    words = count_words(text)
    if not words:
        yield Flag("EMPTY", "must", "The draft holds no words.")
    elif words < (min_words or LEAST_WORDS):
        asked = f"; the assignment asks for at least {min_words}" if min_words else ""
        yield Flag("TOO_SHORT", "must", f"The draft has {words} words{asked}.")
    if max_words and words > max_words:
        yield Flag("TOO_LONG", "info", f"The draft has {words} words; the assignment allows {max_words}.")


def _language(text: str, expected_language: str, readings: Sequence[RunReading]) -> Iterator[Flag]:
    expected = _base_language(expected_language)
    if not expected:
        return
    votes = Counter(_base_language(run.reading.language) for run in readings)
    named = votes.most_common(1)[0][0] if votes and votes.most_common(1)[0][1] * 2 > len(readings) else ""
    guessed = guess(text) if count_words(text) >= LANGUAGE_WORDS else ""
    other = next((code for code in (named, guessed) if code and code != expected), "")
    if other and guessed != expected:
        detail = f"The draft seems to be written in another language ({other}) than the assignment's ({expected})."
        yield Flag("LANGUAGE_MISMATCH", "must", detail)


def _base_language(code: str) -> str:
    base = re.split(r"[-_]", code.strip().lower())[0]
    return _LANGUAGE_CODES.get(base, base)


def _originality(text: str, assignment_text: str) -> Iterator[Flag]:
    grams = _ngrams(text)
    if not grams:
        return
    assignment = set(_ngrams(assignment_text))
    copied = sum(1 for gram in grams if gram in assignment) / len(grams)
    if copied >= COPIED_SHARE:
        detail = f"About {round(100 * copied)}% of the draft repeats the text of the assignment."
        yield Flag("COPIES_ASSIGNMENT", "must", detail)
    repeated = 1 - len(set(grams)) / len(grams)
    if repeated >= REPEATED_SHARE and len(grams) >= 5 * NGRAM_WORDS:
        yield Flag("REPETITION", "check", f"About {round(100 * repeated)}% of the draft repeats itself word for word.")


def _ngrams(text: str) -> list[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return [tuple(words[i : i + NGRAM_WORDS]) for i in range(len(words) - NGRAM_WORDS + 1)]


def _what_readers_say(text: str, sentences: Sequence[Sentence], readings: Sequence[RunReading]) -> Iterator[Flag]:
    off_task = [run for run in readings if run.reading.on_task == "no"]
    if len(off_task) * 2 > len(readings):
        detail = f"{len(off_task)} of {len(readings)} readings say that the draft does not answer the assignment."
        yield Flag("OFF_TOPIC", "must", detail)
    last = sentences[-1].id
    unread = _those(readings, lambda reading: reading.last_sentence_id != (reading.last_expected_id or last))
    missing = _those(readings, lambda reading: bool(reading.parts_missing))
    if unread or missing:
        said = [f"Not read to the last sentence: {_names(unread)}."] if unread else []
        said += [f"Parts of the long draft got no comments: {_names(missing)}."] if missing else []
        yield Flag("NOT_READ_TO_END", "must", " ".join(said))
    concerned = _those(readings, lambda reading: reading.student_concern)
    dangerous = speaks_of_danger(sentences)
    if concerned or dangerous:
        detail = "The draft may say that somebody is in danger. Please read it yourself before anything is released."
        yield Flag("STUDENT_CONCERN", "must", detail, sentence_ids=dangerous)
    addressed = _addressed(readings) | set(speaks_to_reviewer(text, sentences))
    if addressed:
        ids = tuple(s.id for s in sentences if s.id in addressed)
        detail = "Some sentences may speak to whoever assesses the draft. Reviewers were told to set them aside."
        yield Flag("ADDRESSED_TO_REVIEWER", "check", detail, sentence_ids=ids)
    early = _those(readings, lambda reading: reading.level_before_evidence)
    if early:
        yield Flag("ORDER_VIOLATION", "info", f"Levels were chosen before evidence was given: {_names(early)}.")


def _addressed(readings: Sequence[RunReading]) -> set[str]:
    return {sentence_id for run in readings for sentence_id in run.reading.addressed_to_reviewer}


def _those(readings: Sequence[RunReading], holds: Callable[[Reading], bool]) -> list[str]:
    return [_name(run) for run in readings if holds(run.reading)]


def _name(run: RunReading) -> str:
    return f"{run.model}, reading {run.run + 1}"


def _names(names: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(names))
