"""Automatic text check (no AI): at most four observations about a text, each ending in a question.

It says what was found, where, what to ask oneself, and what the check cannot tell. Never a level, a verdict, a
correction of grammar or a guess about the author; it is no reviewer and is never counted as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.textcheck.counts import Counts, count
from feedback.textcheck.findings import Draft, TextNote, findings
from feedback.textcheck.structure import read_structure

NAME = "Automatic text check (no AI)"
MAX_NOTES = 4
MIN_WORDS = 150
LANGUAGE = "en"


@dataclass(frozen=True)
class TextCheck:
    """``notes``: the most useful first. ``why_no_notes``: a sentence when the check does not apply, else ""."""

    name: str
    counts: Counts
    notes: tuple[TextNote, ...]
    why_no_notes: str = ""


def check_text(
    text: str,
    *,
    language: str,
    key_terms: Sequence[str] = (),
    required_sections: Sequence[str] = (),
    word_range: tuple[int | None, int | None] = (None, None),
) -> TextCheck:
    """Check ``text``.

    ``language``: ISO 639-1 code of the draft; notes exist for English only. ``key_terms``: terms the task asks to
    use; ``required_sections``: headings it asks for; ``word_range``: least and most words, without the references.
    Offsets in the notes are those of ``text``.
    """
    structure = read_structure(text)
    counts, cited, sentences = count(structure, key_terms=key_terms)
    why = ""
    if language.split("-")[0].lower() != LANGUAGE:
        why = "This check knows English texts only."
    elif counts.words < MIN_WORDS:
        why = f"This check needs a text of {MIN_WORDS} words or more; this one has {counts.words}."
    if why:
        return TextCheck(NAME, counts, (), why)
    draft = Draft(
        text=text,
        structure=structure,
        counts=counts,
        cited=cited,
        sentences=sentences,
        required_sections=tuple(required_sections),
        word_range=word_range,
    )
    return TextCheck(NAME, counts, tuple(findings(draft))[:MAX_NOTES])
