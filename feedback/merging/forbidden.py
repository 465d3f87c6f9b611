"""Words that have no place in a comment a student reads."""

from __future__ import annotations

import re

# Talk of grades addressed to this work, not every "score" or "mark" an essay may be about.
_GRADE_TALK = re.compile(
    r"""
      \b(?:your|higher|better|lower|good|top|final|overall|full|maximum)\s+(?:grades?|marks?|scores?)\b
    | \bgrade\s+(?:of|would|should|will)\b
    | \b\d+(?:[.,]\d+)?\s*/\s*(?:10|20|100)\b
    | \b(?:worth|lose[sd]?|losing|gains?|earns?|cost(?:s)?\s+you)\s+(?:\w+\s+){0,2}(?:points?|marks)\b
    | \b(?:i\s+(?:would|give|rate|award)|deserves)\b[^.!?]{0,30}\b(?:grades?|marks?|points?|scores?|[ABCDF][+-]?(?!\w))
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NO_GRADE = re.compile(r"\b(?:quotation|question|exclamation|punctuation|speech|diacritical)\s+marks?\b", re.IGNORECASE)
_ANY_GRADE_WORD = re.compile(
    r"\b(?:grad(?:e|es|ed|ing)|marks?|marking|scor(?:e|es|ed|ing)|\d+\s*points?|pass(?:es|ed)?\s+mark)\b"
    r"|\d\s*(?:%|per\s?cent\b)",
    re.IGNORECASE,
)
_MARKUP_OR_LINK = re.compile(
    r"https?:|www\.|\bmailto:|\bjavascript:|</?[a-z!][^>]*>|\[[^\]]*\]\([^)]*\)|!\[|```|\*\*|^\s*#{1,6}\s"
    r"|\b[\w-]+\.(?:com|org|net|edu|io|example)\b",
    re.IGNORECASE | re.MULTILINE,
)


def grade_talk(text: str) -> bool:
    """Whether a comment tells the student a grade, a mark or points for this work."""
    return _GRADE_TALK.search(_NO_GRADE.sub(" ", text)) is not None


def any_grade_word(text: str) -> bool:
    """The stricter question, for text nobody has reviewed: does it use the words of grading at all?"""
    return _ANY_GRADE_WORD.search(_NO_GRADE.sub(" ", text)) is not None


def markup_or_link(text: str) -> bool:
    """Whether the text contains a link, HTML or Markdown."""
    return _MARKUP_OR_LINK.search(text) is not None
