"""What no comment may say, whoever wrote it: each check has a name and is meant to miss rather than to overreach.

Words of the draft itself are never held against a comment: an essay about grading is discussed in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from feedback.reading.normalising import normalise

_LINK = re.compile(
    r"(?:https?|ftp|file|data|javascript|mailto):\S|\bwww\.\w|\b[\w-]+\.(?:com|org|net|io|example|ru|xyz|info)\b(?:/|\b)",
    re.I,
)
_MARKUP = re.compile(
    r"</?[a-z!][^<>\n]{0,200}>|!?\[[^\]\n]*\]\([^)\n]*\)|```|^\s{0,3}#{1,6} \S|&(?:#\d+|#x[0-9a-f]+|lt|gt|amp|quot);|⟦|⟧",
    re.I | re.M,
)
_NUMBER = r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|zero)"
_GRADE = re.compile(
    rf"\b(?:levels?|score|grade|nivel|niveau|stufe|puntuación)\s*(?:of|is|:|=|#)?\s*{_NUMBER}(?![\w-])"
    r"|\bmarks?\s*(?:of|is|:|=)\s*\d"
    r"|(?<![\d/])\b\d{1,3}(?:[.,]\d+)?\s*/\s*(?:10|20|25|30|50|100)\b(?![/\d])"
    r"|\b\d{1,3}(?:[.,]\d+)?\s+out of\s+(?:4|5|10|20|100)\b(?=\s*(?:[.,;!)]|$|on\b|for\b))"
    r"|\b\d+(?:[.,]\d+)?\s*(?:marks|pts)\b"
    r"|\b\d+(?:[.,]\d+)?\s*(?:%|percent)\s+(?:grade|mark|score|on|for) (?:this|the) (?:criterion|essay|draft|work)\b"
    r"|\b(?:worth|lose|loses|gain|gains|earn|earns|award|awarded|scores?|deduct(?:ed)?|costs?)\s+(?:you\s+|about\s+)?\d+\s+points?\b"
    r"|\b(?:your|full|top|highest|higher|low|lower|better|good|best|passing|failing|final|overall)"
    r"\s+(?:grades?|marks?|scores?|gpa)\b"
    r"|\b(?:raises?|improves?|boosts?|affects?|hurts?|lowers?)\s+(?:the|your|this|its)\s+(?:grade|marks?|score)\b"
    r"|\b(?:graded|marked|scored|rated)\s+(?:as\s+)?(?:an?\s+)?[A-F][+-]?(?![\w'’])"
    r"|\b(?:deserves?|earns?|merits?|receives?|awarded?)\s+(?:an?\s+|the\s+)?"
    r"(?:[B-F][+-]?(?![\w'’])|A[+-](?!\w)|distinction\b|fail(?:ing)?\b|pass(?:ing)?\b|top\b|highest\b|full\s+(?:marks?|credit|points)"
    r"|level\b)"
    r"|\b(?:lose|losing|gain|gaining|cost|costs|deduct(?:ed)?)\s+(?:you\s+|some\s+|any\s+)?(?:marks|points|a\s+grade)\b"
    r"|\b(?:top|highest|lowest|maximum|minimum)\s+level\b",
    re.IGNORECASE,
)
_AUTHORSHIP = re.compile(
    r"\b(?:written|generated|produced|composed|authored|created|drafted)\s+(?:\w+\s+)?(?:by|with|using|through)\s+"
    r"(?:an?\s+|the\s+help\s+of\s+)?(?:ai\b|a\.i\.|artificial|chat\s?gpt|gpt|claude|gemini|copilot|llm|language model|machine"
    r"|bot\b|chatbot|someone else|another person|software)"
    r"|\b(?:ai|machine|chatgpt|computer)[- ](?:generated|written|produced|assisted)\b"
    r"|\bplagiari[sz](?:ed|ing|es|e)\b|\b(?:is|was|be|as|constitutes?|of|looks? like|seems?|possible|potential|clear(?:ly)?)\s+plagiarism\b"
    r"|\b(?:you|the (?:student|writer|author))\s+(?:have\s+|has\s+|may have\s+|might have\s+|probably\s+)*(?:copied|cheated)\b"
    r"|\bacademic (?:misconduct|dishonesty)\b|\b(?:not|isn['’]t|aren['’]t) (?:your|the (?:student|writer|author)['’]s) own (?:work|words|writing)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:you are|you['’]re|you seem|you must be|the (?:student|writer|author) (?:is|seems))\s+(?:\w+ly\s+|very\s+|too\s+|so\s+|an?\s+)*"
    r"(?:lazy|stupid|careless|weak|poor|bad|incompetent|talented|gifted|smart|intelligent|brilliant|clever|untalented|hopeless|native|non-native)\b",
    re.IGNORECASE,
)
_DIALECT = re.compile(
    r"\b(?:incorrect|improper|broken|bad|wrong|poor|non-?standard|substandard|ungrammatical|uneducated)\s+"
    r"(?:english|dialect|spanish|french|german|language use|vernacular)\b|\bnon-native\b",
    re.IGNORECASE,
)
_QUOTED = re.compile('["“„«]([^"“”„«»]{40,})["”“»]')
# Whatever a pattern finds holds one of its words, in small letters: a text without them need not be searched.
_NEEDED = {
    _LINK: tuple(
        "http ftp: file: data: javascript: mailto: www. .com .org .net .io .example .ru .xyz .info".split()  # noqa: SIM905
    ),
    _MARKUP: ("<", "](", "```", "#", "&", "⟦", "⟧"),
    _GRADE: (
        "level", "score", "grade", "nivel", "niveau", "stufe", "puntuaci", "mark", "/", "out of", "pts", "%", "percent",
        "point", "gpa", "rated", "deserve", "earn", "merit", "receive", "award",
    ),
    _AUTHORSHIP: (
        "written", "generated", "produced", "composed", "authored", "created", "drafted", "assisted", "plagiari",
        "copied", "cheated", "academic", "own ",
    ),
    _PERSON: ("you are", "you're", "you’re", "you seem", "you must be", "student", "writer", "author"),
    _DIALECT: ("english", "dialect", "spanish", "french", "german", "language use", "vernacular", "non-native"),
    _QUOTED: ('"', "“", "„", "«"),
}  # fmt: skip
# What small letters leave of the characters that a pattern takes for i and s where case does not count.
_TAKEN_FOR = str.maketrans({"ı": "i", "ſ": "s", "\u0307": ""})
_CHECKS = (
    ("link", _LINK),
    ("markup", _MARKUP),
    ("grade_talk", _GRADE),
    ("authorship", _AUTHORSHIP),
    ("person", _PERSON),
)
_MIN_ECHO_CHARS = 24
_ECHO_WORDS = 5
_ECHO_UNSPACED = 12
_SPOKEN = re.compile(r"[^\W_]+")
_LONGEST_REPLACEMENT_WORDS = 15


def objection(
    texts: tuple[str, ...],
    *,
    draft: str,
    own_words: Callable[[], str] | None = None,
    forbidden: tuple[str, ...] = (),
    addressed: tuple[str, ...] = (),
    language_matters: bool = True,
) -> str:
    """The name of the first reason not to use a comment made of ``texts``, ``""`` when there is none.

    ``own_words`` gives the draft without sentences that may tell a reader what level to give: only there grade talk is the
    draft's own. ``forbidden`` are words of the call (canary, nonce): nonce_echo. ``addressed`` are sentences of the draft that
    speak to the reviewer: repeating one is attack_echo. Then link, markup, grade_talk, authorship, person and, unless
    ``language_matters``, dialect; last replacement, a passage of more than 15 words to be pasted in.
    """
    said = "\n".join(texts)
    if any(word and word in said for word in forbidden):
        return "nonce_echo"
    if any(_repeats(text, addressed) for text in texts):
        return "attack_echo"
    for name, pattern in _CHECKS:
        for match in _hits(pattern, texts):
            own = own_words() if own_words and name == "grade_talk" else draft
            if not _in_draft(match.group(), own):
                return name
    if not language_matters and any(True for _ in _hits(_DIALECT, texts)):
        return "dialect"
    for match in _hits(_QUOTED, texts):
        if len(match.group(1).split()) > _LONGEST_REPLACEMENT_WORDS and not _in_draft(
            match.group(1).strip(" .…"), draft
        ):
            return "replacement"
    return ""


def _hits(pattern: re.Pattern[str], texts: tuple[str, ...]) -> Iterator[re.Match[str]]:
    needed = _NEEDED[pattern]
    for text in texts:
        small = _in_small_letters(text)
        for word in needed:
            if word in small:
                yield from pattern.finditer(text)
                break


@lru_cache(maxsize=128)
def _in_small_letters(text: str) -> str:
    small = text.lower()
    return small if small.isascii() else small.translate(_TAKEN_FOR)


def _in_draft(words: str, draft: str) -> bool:
    return normalise(words) in normalise(draft)


def _repeats(text: str, sentences: tuple[str, ...]) -> bool:
    if not sentences:
        return False
    said = normalise(text)
    return any(len(attack) >= _MIN_ECHO_CHARS and attack in said for attack in map(normalise, sentences))


def repeats_words(texts: tuple[str, ...], sentences: tuple[str, ...]) -> bool:
    """Whether ``texts`` hold five words running of any of ``sentences``, or twelve characters of one without blanks."""
    said = " ".join(_SPOKEN.findall(normalise(" ".join(texts))))
    return any(piece in f" {said} " for sentence in sentences for piece in _pieces(sentence))


def _pieces(sentence: str) -> Iterator[str]:
    words = _SPOKEN.findall(normalise(sentence))
    count = min(len(words), _ECHO_WORDS)
    if count > 1:
        yield from (f" {' '.join(words[i : i + count])} " for i in range(len(words) - count + 1))
    if not sentence.isascii():  # scripts without blanks have one long word for a sentence
        for word in words:
            yield from (word[i : i + _ECHO_UNSPACED] for i in range(len(word) - _ECHO_UNSPACED + 1))
