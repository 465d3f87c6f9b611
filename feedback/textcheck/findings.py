"""What the text check can find: one function per kind, in the order of how much they help a writer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from feedback.contract import Sentence
from feedback.merging.similarity import stem_list
from feedback.textcheck import wordlists
from feedback.textcheck.citations import CitationCheck
from feedback.textcheck.counts import Counts
from feedback.textcheck.structure import WORD, Structure

LONG_PARAGRAPH_WORDS = 250
LONG_SENTENCE_WORDS = 45
REPEATED_WORDS = 8
MIN_QUOTED_WORDS = 5
MAX_PLACES = 5
NEAR_CHARS = 150

_QUOTED = re.compile(r"“([^“”\n]{15,600})”|\"([^\"\n]{15,600})\"")
_REFERENCE_SECTIONS = {"references", "bibliography", "works cited", "sources", "literature"}
_ONLY_AUTHOR_YEAR = (
    "Only citations by author and year, or by number in brackets, are recognised; footnotes and unusual spellings of "
    "a name are not."
)


@dataclass(frozen=True)
class TextNote:
    """One observation: ``found`` - where (``spans``: start, end in the draft) - ``question`` - ``cannot_tell``.

    ``spans`` is empty for what is missing from the draft.
    """

    code: str
    found: str
    spans: tuple[tuple[int, int], ...]
    question: str
    cannot_tell: str


@dataclass(frozen=True)
class Draft:
    """Everything the findings look at; all offsets are those of ``text``."""

    text: str
    structure: Structure
    counts: Counts
    cited: CitationCheck
    sentences: Sequence[Sentence]
    required_sections: tuple[str, ...]
    word_range: tuple[int | None, int | None]


def findings(draft: Draft) -> Iterator[TextNote]:
    """All observations about ``draft``, the most useful first."""
    for find in _FINDERS:
        note = find(draft)
        if note is not None:
            yield note


def _placeholders(draft: Draft) -> TextNote | None:
    places = [match.span() for match in wordlists.PLACEHOLDER.finditer(draft.text)]
    if not places:
        return None
    return TextNote(
        "PLACEHOLDER",
        f"{_n(len(places), 'place looks', 'places look')} unfinished, e.g. {_quoted(draft, places[0])}.",
        _few(places),
        "Is there something you still wanted to fill in?",
        "It cannot tell whether the words are meant to stand there.",
    )


def _missing_sections(draft: Draft) -> TextNote | None:
    headings = [set(stem_list(heading.text)) for heading in draft.structure.headings]
    missing = [
        section
        for section in draft.required_sections
        if section.strip()
        and not any(set(stem_list(section)) <= heading for heading in headings)
        and not (section.strip().lower() in _REFERENCE_SECTIONS and draft.structure.has_references)
    ]
    if not missing:
        return None
    return TextNote(
        "SECTION_MISSING",
        f"The task asks for {_listed(missing)}; no heading of that name was found.",
        (),
        "Is this part there under another name, or still to be written?",
        "It looks at headings only, not at what a part is about.",
    )


def _cited_not_listed(draft: Draft) -> TextNote | None:
    labels = draft.cited.cited_not_listed
    if not labels:
        return None
    citations = [draft.cited.first(label) for label in labels]
    if draft.structure.has_references:
        found = f"Cited in the text, but not in the list of references: {_listed(labels)}."
    else:
        found = f"The text cites {_listed(labels)}, and no list of references was found."
    return TextNote(
        "CITED_NOT_LISTED",
        found,
        _few((c.start, c.end) for c in citations if c),
        "Would a reader find this source?",
        _ONLY_AUTHOR_YEAR,
    )


def _quotation_without_citation(draft: Draft) -> TextNote | None:
    places = []
    for match in _QUOTED.finditer(draft.structure.body.text):
        inside = match.group(1) or match.group(2)
        if len(WORD.findall(inside)) >= MIN_QUOTED_WORDS and not _cited_near(draft, *match.span()):
            places.append(match.span())
    if not places:
        return None
    return TextNote(
        "QUOTATION_WITHOUT_CITATION",
        f"{_n(len(places), 'quotation has', 'quotations have')} no citation nearby, e.g. {_quoted(draft, places[0])}.",
        _few(places),
        "Whose words are these, and where can a reader find them?",
        "It cannot tell a quoted source from speech or from words set apart. " + _ONLY_AUTHOR_YEAR,
    )


def _cited_near(draft: Draft, start: int, end: int) -> bool:
    """Whether a citation stands in the sentence of start..end, or close by in its paragraph."""
    around = next((p for p in draft.structure.paragraphs if p.start <= start < p.end), draft.structure.body)
    first, last = max(around.start, start - NEAR_CHARS), min(around.end, end + NEAR_CHARS)
    return any(first <= citation.start < last for citation in draft.cited.citations)


def _claims(draft: Draft) -> TextNote | None:
    """Sentences that say what studies, numbers or most people show, with no citation in them or in a neighbour."""
    places = []
    for number, sentence in enumerate(draft.sentences):
        if not _is_prose(sentence.text) or not wordlists.CLAIMS.search(sentence.text):
            continue
        around = [s for s in draft.sentences[max(number - 1, 0) : number + 2] if s.paragraph == sentence.paragraph]
        if not any(around[0].start <= citation.start < around[-1].end for citation in draft.cited.citations):
            places.append((sentence.start, sentence.end))
    if not places:
        return None
    return TextNote(
        "CLAIM_WITHOUT_SOURCE",
        f"{_n(len(places), 'sentence states', 'sentences state')} something a reader may want evidence for, "
        f"e.g. {_quoted(draft, places[0])}.",
        _few(places),
        "How do you know this, and could a reader check it?",
        "It goes by signal words such as numbers or “studies show”; it cannot tell whether the claim is true.",
    )


def _listed_not_cited(draft: Draft) -> TextNote | None:
    labels = draft.cited.listed_not_cited
    if not labels:
        return None
    entries = [reference.place for label in labels for reference in draft.cited.references if reference.label == label]
    return TextNote(
        "LISTED_NOT_CITED",
        f"In the list of references, but not cited in the text: {_listed(labels)}.",
        _few((entry.start, entry.end) for entry in entries),
        "Where in the text did you use this source?",
        _ONLY_AUTHOR_YEAR,
    )


def _key_terms(draft: Draft) -> TextNote | None:
    missing = [term for term, found in draft.counts.term_coverage.items() if not found]
    if not missing:
        return None
    return TextNote(
        "KEY_TERM_NOT_FOUND",
        f"The text does not use {_listed([f'“{term}”' for term in missing])}.",
        (),
        "Do you treat this in other words, or is it still open?",
        "It looks for the words, not for the idea.",
    )


def _length(draft: Draft) -> TextNote | None:
    least, most = draft.word_range
    words = draft.counts.words
    if least is not None and words < least:
        found, question = (
            f"The text has {words:,} words; the task asks for at least {least:,}.",
            "What is still to say?",
        )
    elif most is not None and words > most:
        found, question = f"The text has {words:,} words; the task allows {most:,}.", "What could a reader do without?"
    else:
        return None
    return TextNote(
        "LENGTH", found, (), question, "It counts words without the references; your course may count otherwise."
    )


def _repetition(draft: Draft) -> TextNote | None:
    words = list(WORD.finditer(draft.structure.body.text))
    seen: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i in range(len(words) - REPEATED_WORDS + 1):
        seen[tuple(word.group().lower() for word in words[i : i + REPEATED_WORDS])].append(i)
    repeats = sorted({i for starts in seen.values() if len(starts) > 1 for i in starts})
    places: list[tuple[int, int]] = []
    for i in repeats:
        start, end = words[i].start(), words[i + REPEATED_WORDS - 1].end()
        if places and start <= places[-1][1]:
            places[-1] = (places[-1][0], end)
        else:
            places.append((start, end))
    if not places:
        return None
    return TextNote(
        "REPEATED_PASSAGE",
        f"The same words in a row occur more than once: {_quoted(draft, places[0])}.",
        _few(places),
        "Does the second time add something?",
        "It cannot tell a refrain, a term or a quotation from an oversight.",
    )


def _long_paragraphs(draft: Draft) -> TextNote | None:
    long = [p for p in draft.structure.paragraphs if p.words > LONG_PARAGRAPH_WORDS]
    if not long:
        return None
    return TextNote(
        "LONG_PARAGRAPH",
        f"{_n(len(long), 'paragraph has', 'paragraphs have')} more than {LONG_PARAGRAPH_WORDS} words; the longest has "
        f"{max(p.words for p in long)}.",
        _few((p.start, p.end) for p in long),
        "Does it hold one idea or several?",
        "It counts words; some kinds of text need long paragraphs.",
    )


def _long_sentences(draft: Draft) -> TextNote | None:
    lengths = [(len(WORD.findall(s.text)), s) for s in draft.sentences]
    long = [(words, s) for words, s in lengths if words > LONG_SENTENCE_WORDS]
    if not long:
        return None
    longest = max(words for words, _ in long)
    return TextNote(
        "LONG_SENTENCE",
        f"{_n(len(long), 'sentence has', 'sentences have')} more than {LONG_SENTENCE_WORDS} words; the longest has {longest}.",
        _few((s.start, s.end) for _, s in long),
        "Read it aloud: can a listener follow it in one go?",
        "It counts words; a long sentence can be clear.",
    )


def _absolute_words(draft: Draft) -> TextNote | None:
    places = [match.span() for match in wordlists.ABSOLUTE.finditer(draft.structure.body.text)]
    if len(places) < 2:
        return None
    words = list(dict.fromkeys(draft.text[start:end].lower() for start, end in places))
    return TextNote(
        "ABSOLUTE_WORDS",
        f"{len(places)} words leave no exception: {_listed([f'“{word}”' for word in words[:MAX_PLACES]])}.",
        _few(places),
        "Is there a case in which this does not hold?",
        "It cannot tell whether the claim is right, or whether somebody else is quoted.",
    )


_FINDERS: tuple[Callable[[Draft], TextNote | None], ...] = (
    _placeholders,
    _missing_sections,
    _cited_not_listed,
    _quotation_without_citation,
    _claims,
    _key_terms,
    _length,
    _listed_not_cited,
    _repetition,
    _long_paragraphs,
    _long_sentences,
    _absolute_words,
)


def _is_prose(sentence: str) -> bool:
    """Whether this is a sentence rather than a heading or the row of a table."""
    return sentence[0] not in "#|" and "\t" not in sentence and sentence.rstrip("\"'”’)]*_")[-1:] in {".", "!", "?"}


def _few(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(places)[:MAX_PLACES]


def _quoted(draft: Draft, place: tuple[int, int]) -> str:
    words = " ".join(draft.text[place[0] : place[1]].split()).strip('“”"')
    return f"“{words if len(words) <= 70 else words[:69].rsplit(' ', 1)[0] + ' …'}”"


def _listed(things: Sequence[str]) -> str:
    shown = list(things[:MAX_PLACES])
    if len(things) > MAX_PLACES:
        shown.append(f"{len(things) - MAX_PLACES} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _n(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
