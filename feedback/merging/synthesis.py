"""Guards around a text a model wrote from the comments of a cluster (off by default).

A synthesised text may only say more smoothly what the comments said. Whoever reads the reasons below falls
back to the medoid, which is verbatim and needs no guard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from feedback.merging.similarity import stems
from feedback.reading.screening import objection

MAX_NOVELTY = 0.35
MAX_LENGTH_RATIO = 1.3

_QUOTED = re.compile(r""""([^"]+)"|(?<!\w)'([^'"]{8,})'(?!\w)""")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Stricter than for comments, since nobody has reviewed this text: no word of grading at all.
_GRADE_WORD = re.compile(
    r"\b(?:grad(?:e|es|ed|ing)|marks?|marking|scor(?:e|es|ed|ing)|\d+\s*points?|pass(?:es|ed)?\s+mark)\b"
    r"|\d\s*(?:%|per\s?cent\b)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\*\*|__|^\s*[-*#>] ", re.MULTILINE)
_OTHER_MARKS = re.compile(
    r"\b(?:quotation|question|exclamation|punctuation|speech|diacritical)\s+marks?\b", re.IGNORECASE
)
_STRAIGHT = str.maketrans({
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2018": "'", "\u2019": "'",
    "\u2013": "-", "\u2014": "-",
})  # fmt: skip


@dataclass(frozen=True)
class SynthesisedNote:
    """What a model wrote for one cluster; ``used`` index the comments it says it used."""

    cluster_id: str
    text: str
    used: tuple[int, ...]


def check_synthesis(
    note: SynthesisedNote, *, clusters: Mapping[str, Sequence[str]], draft: str, language: str = "en"
) -> list[str]:
    """Return why ``note`` must not be used; empty when it may.

    ``clusters``: the comments of each cluster by id. Reasons: unknown_cluster; bad_citation (nothing used, or a
    comment that does not exist); novelty:<share> of word stems that no comment has, above 0.35; too_long (over 1.3
    times the longest comment); quote_not_in_draft; new_number; grade_talk; markup_or_link; authorship, person
    or replacement as for any comment.
    """
    comments = clusters.get(note.cluster_id)
    if comments is None:
        return ["unknown_cluster"]
    reasons = []
    if not note.used or any(not 0 <= index < len(comments) for index in note.used):
        reasons.append("bad_citation")
    words = stems(note.text, language=language)
    known = stems(" ".join(comments), language=language)
    novelty = len(words - known) / len(words) if words else 0.0
    if novelty > MAX_NOVELTY:
        reasons.append(f"novelty:{novelty:.2f}")
    if len(note.text) > MAX_LENGTH_RATIO * max((len(comment) for comment in comments), default=0):
        reasons.append("too_long")
    plain_draft = _plain(draft)
    quotes = [_plain(a or b).strip(" .,;:!?") for a, b in _QUOTED.findall(note.text.translate(_STRAIGHT))]
    genuine = [quote for quote in quotes if quote in plain_draft]
    if len(genuine) < len(quotes):
        reasons.append("quote_not_in_draft")
    # A number is known from the comments, or inside words that are really the draft's.
    if set(_NUMBER.findall(note.text)) - set(_NUMBER.findall(" ".join([*comments, *genuine]))):
        reasons.append("new_number")
    unfit = objection((note.text,), draft="")
    if unfit == "grade_talk" or _GRADE_WORD.search(_OTHER_MARKS.sub(" ", note.text)):
        reasons.append("grade_talk")
    if unfit in ("link", "markup") or _MARKUP.search(note.text):
        reasons.append("markup_or_link")
    if unfit in ("authorship", "person", "replacement"):
        reasons.append(unfit)
    return reasons


def check_all(
    notes: Sequence[SynthesisedNote], *, clusters: Mapping[str, Sequence[str]], draft: str, language: str = "en"
) -> dict[str, list[str]]:
    """Return the reasons per cluster id, of every cluster asked for and every one answered.

    A cluster without a text is "missing_cluster"; one answered twice is "duplicate_cluster", since nothing says
    which of the texts was meant.
    """
    reasons: dict[str, list[str]] = {}
    for note in notes:
        found = check_synthesis(note, clusters=clusters, draft=draft, language=language)
        if note.cluster_id in reasons:
            found = [*reasons[note.cluster_id], *found, "duplicate_cluster"]
        reasons[note.cluster_id] = found
    for cluster_id in clusters:
        reasons.setdefault(cluster_id, ["missing_cluster"])
    return reasons


def _plain(text: str) -> str:
    return " ".join(normalize("NFKC", text).translate(_STRAIGHT).lower().split())
