"""How alike two comments of two readers are: the place they point at, the tag, the words.

Exact strings and shared tokens merge next to nothing, because two readers hardly ever use the same words; where
both point is what tells. The weights were chosen on one fixture and checked on others (docs/feedback.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

THRESHOLD = 0.5

HIGHER_ORDER_TAGS = frozenset({
    "accuracy", "analysis", "audience", "counterargument", "evidence", "method", "source_use", "structure",
    "task_fit", "thesis",
})  # fmt: skip

_TAG_GROUPS = (
    ("evidence", "source_use", "citation_format"),
    ("thesis", "introduction", "task_fit"),
    ("structure", "paragraph_focus", "transitions", "conclusion"),
    ("analysis", "counterargument", "accuracy"),
    ("clarity", "concision", "word_choice", "tone"),
    ("grammar", "mechanics"),
)
_GROUP_OF_TAG = {tag: number for number, group in enumerate(_TAG_GROUPS) for tag in group}

# Words of English, and of talking about essays, which two comments share without being alike.
_STOP_TEXT = """
a about add also an and any are as at be been being but by can consider could did do does draft each essay for
from had has have he her here his how i if in into is it its just make many may me might more most much must
my no nor not of on only or other our over paragraph point sentence shall she should so some text than that
the their then there these they this those to try use using very was we were what when where which who whom
why will with would you your yours
"""
_STOP_WORDS = frozenset(_STOP_TEXT.split())
_SUFFIXES = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "ly", "s")
_WORD = re.compile(r"[^\W\d_]{2,}")

_SNOWBALL = {
    "da": "danish", "de": "german", "es": "spanish", "fi": "finnish", "fr": "french", "it": "italian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish",
    "hu": "hungarian", "tr": "turkish", "el": "greek", "ca": "catalan", "eu": "basque", "ga": "irish",
}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """What of a comment decides whom it resembles. ``sentence_ids`` empty: it points at something missing."""

    sentence_ids: frozenset[str]
    tag: str
    stems: frozenset[str]


def similarity(first: Mark, second: Mark) -> float:
    """Return 0..1. Both located: place .60, tag .15, words .25; both absences: tag .45, words .55; else .30, .70."""
    tag = tag_similarity(first.tag, second.tag)
    words = jaccard(first.stems, second.stems)
    if first.sentence_ids and second.sentence_ids:
        return 0.60 * overlap(first.sentence_ids, second.sentence_ids) + 0.15 * tag + 0.25 * words
    if not first.sentence_ids and not second.sentence_ids:
        return 0.45 * tag + 0.55 * words
    return 0.30 * tag + 0.70 * words


def tag_similarity(first: str, second: str) -> float:
    """1 for the same tag, 0.5 for tags of one group, else 0; "other" resembles nothing, not even itself."""
    if "other" in (first, second):
        return 0.0
    if first == second:
        return 1.0
    group = _GROUP_OF_TAG.get(first)
    return 0.5 if group is not None and group == _GROUP_OF_TAG.get(second) else 0.0


def overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Overlap coefficient: shared over the smaller; 0 when either is empty."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared over all; 0 when both are empty."""
    every = len(first | second)
    return len(first & second) / every if every else 0.0


def stems(text: str, *, language: str = "en") -> frozenset[str]:
    """The stems of the content words of ``text``; ``language`` is an ISO 639-1 code, unknown ones are not stemmed."""
    return frozenset(stem_list(text, language=language))


def stem_list(text: str, *, language: str = "en") -> list[str]:
    """The stems of the content words of ``text`` in their order, repeats included."""
    words = _WORD.findall(text.lower())
    language = language.lower().split("-")[0]
    if language == "en":
        return [_light_stem(word) for word in words if word not in _STOP_WORDS]
    stemmer = _stemmer(language)
    return [stemmer(word) for word in words if len(word) > 3]


@lru_cache(maxsize=4096)
def _light_stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            # The first suffix that matches decides, even if too little would be left of the word.
            return word[: -len(suffix)] if len(word) - len(suffix) >= 4 else word
    return word


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Callable[[str], str]:
    name = _SNOWBALL.get(language)
    if name is None or name not in snowballstemmer.algorithms():
        return str
    return snowballstemmer.stemmer(name).stemWord
