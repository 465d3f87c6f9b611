"""Plain counts of a text. They describe; none of them is good or bad by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.agreement.summary import mean, population_variance
from feedback.contract import Sentence
from feedback.merging.similarity import stem_list
from feedback.reading.sentences import split_sentences
from feedback.textcheck import wordlists
from feedback.textcheck.citations import CitationCheck, check_citations
from feedback.textcheck.structure import WORD, Structure

REPEATED_OPENER_MIN = 3
_OPENER_WORDS = 2


@dataclass(frozen=True)
class Counts:
    """All of the body, i.e. without the list of references. Paragraph numbers are 0-based.

    ``sentence_mean``, ``sentence_sd`` and ``longest_sentence`` in words (population standard deviation); ``ari`` is the
    Automated Readability Index, 4.71 characters/word + 0.5 words/sentence - 21.43 (Smith and Senter 1967), None
    without words.
    """

    words: int
    paragraphs: int
    paragraph_words: tuple[int, ...]
    sentences: int
    sentence_mean: float | None
    sentence_sd: float | None
    longest_sentence: int
    hedges: int
    boosters: int
    transitions: Mapping[str, int]
    passive_candidates: int
    citations: int
    reference_entries: int
    cited_not_listed: tuple[str, ...]
    listed_not_cited: tuple[str, ...]
    paragraphs_without_citation: tuple[int, ...]
    repeated_openers: tuple[str, ...]
    ari: float | None
    term_coverage: Mapping[str, bool]


def count(structure: Structure, *, key_terms: Sequence[str] = ()) -> tuple[Counts, CitationCheck, tuple[Sentence, ...]]:
    """Count the body of a draft; also return the citations and the sentences the counts rest on."""
    body = structure.body.text
    words = WORD.findall(body)
    sentences = tuple(sentence for sentence in split_sentences(body) if WORD.search(sentence.text))
    lengths = [len(WORD.findall(sentence.text)) for sentence in sentences]
    cited = check_citations(body, structure.entries)
    counts = Counts(
        words=len(words),
        paragraphs=len(structure.paragraphs),
        paragraph_words=tuple(paragraph.words for paragraph in structure.paragraphs),
        sentences=len(sentences),
        sentence_mean=float(mean(lengths)) if lengths else None,
        sentence_sd=float(population_variance(lengths)) ** 0.5 if lengths else None,
        longest_sentence=max(lengths, default=0),
        hedges=len(wordlists.HEDGES.findall(body)),
        boosters=len(wordlists.BOOSTERS.findall(body)),
        transitions={name: len(pattern.findall(body)) for name, pattern in wordlists.TRANSITIONS.items()},
        passive_candidates=len(wordlists.PASSIVE.findall(body)),
        citations=len(cited.citations),
        reference_entries=len(structure.entries),
        cited_not_listed=cited.cited_not_listed,
        listed_not_cited=cited.listed_not_cited,
        paragraphs_without_citation=tuple(
            number
            for number, paragraph in enumerate(structure.paragraphs)
            if not any(paragraph.start <= citation.start < paragraph.end for citation in cited.citations)
        ),
        repeated_openers=_repeated_openers(sentences),
        ari=_readability(words, len(sentences)),
        term_coverage={term: has_term(body, term) for term in key_terms},
    )
    return counts, cited, sentences


def has_term(body: str, term: str) -> bool:
    """Whether the words of ``term`` occur one after the other, whatever their endings."""
    wanted = _loose_stems(term)
    found = _loose_stems(body)
    if not wanted:
        return False
    return any(found[i : i + len(wanted)] == wanted for i in range(len(found) - len(wanted) + 1))


def _loose_stems(text: str) -> list[str]:
    """Stems without a last "e"; stop words stay out, so "freedom of speech" is found as "freedom speech" on both sides.

    The light stemming leaves "phon" of "phones" and "phone" of "phone".
    """
    return [stem.removesuffix("e") for stem in stem_list(text)] or [word.lower() for word in WORD.findall(text)]


def _repeated_openers(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """The first two words of sentences, where three sentences or more start alike; most frequent first."""
    openers = Counter[str]()
    for sentence in sentences:
        words = WORD.findall(sentence.text.lower())
        if len(words) > _OPENER_WORDS:
            openers[" ".join(words[:_OPENER_WORDS])] += 1
    return tuple(
        opener
        for opener, times in sorted(openers.items(), key=lambda item: (-item[1], item[0]))
        if times >= REPEATED_OPENER_MIN
    )


def _readability(words: Sequence[str], sentences: int) -> float | None:
    if not words or not sentences:
        return None
    return 4.71 * sum(map(len, words)) / len(words) + 0.5 * len(words) / sentences - 21.43
