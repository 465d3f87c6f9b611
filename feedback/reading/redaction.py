"""Names, numbers and addresses of a course's people, replaced before anything leaves and put back afterwards.

The roster decides: full names in either order, student numbers, every email address. A lone first or last name is
replaced only where it introduces the writer ("My name is ...", a header line), because the same word is often a cited
author or an ordinary word. A full name followed by a year is a citation and stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s,.'’\-\u00ad\u200b-\u200d\u2060\ufeff]{1,4}\Z")
_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_NUMBER = re.compile(r"(?<![\w.])[A-Za-z]{0,2}\d(?:[ -]?\d){3,13}[A-Za-z]?(?![\w])")
_STATED_NUMBER = re.compile(
    r"(?:student|matriculation|enrol\w*|candidate|matrikel)\W{0,2}(?:id|number|nummer|no|nr|#)?(?: is| was| ist| lautet)?\W{1,4}"
    r"(?P<number>[A-Za-z]{0,2}\d{5,12}[A-Za-z]?)\b",
    re.IGNORECASE,
)
_YEAR_FOLLOWS = re.compile(r"(?:['’]s)?,?\s*[(\[]?\s*(?:1[5-9]|20)\d\d[a-z]?\b")
_INTRODUCES = re.compile(
    r"(?:\b(?:my name is|my name's|i am called|they call me|call me|mein name ist|ich heiße|me llamo|mi nombre es"
    r"|je m['’]appelle|mi chiamo|meu nome é)|\b(?:i am|i'm|i’m)"
    r"|(?:^|\n)\s*(?:name|student|author|writer|submitted by|written by|prepared by|by|autor|autorin|nombre|nom|von)\b)"
    r"\s*[:\-–]?\s*\Z",
    re.IGNORECASE,
)
_LINE_OF_ITS_OWN = re.compile(r"\s*(?:\d{1,3})?\s*\Z")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ \-]?){1,3}\Z")
_PARTICLES = frozenset(
    "al el de del della di da dos das du van von vom zu zur der den ter ten la le bin ibn bint y e af".split()  # noqa: SIM905
)
# Letters that no decomposition makes plain, and how a keyboard without umlauts spells the others.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")
_MIN_NUMBER_CHARS = 4
_PLACEHOLDER = re.compile(r"\[(?:NAME|NUMBER|EMAIL)_\d+\]")


@dataclass(frozen=True)
class _Roster:
    """``names``: first folded token -> the token sequences that follow it; ``parts``: every token of a name."""

    names: Mapping[str, tuple[tuple[str, ...], ...]]
    parts: frozenset[str]
    numbers: frozenset[str]
    unspaced: tuple[str, ...]


class Redactor:
    """Replaces with the same placeholder wherever the same words occur, for all pieces of one prompt.

    ``redactions`` maps placeholder to original and grows with every call of ``redact``.
    """

    def __init__(self, roster: tuple[str, ...], reserved: str = "") -> None:
        """``reserved``: text whose own look-alike placeholders must not be used again."""
        self._names = roster
        self._roster = _read_roster(roster)
        self._reserved = frozenset(_PLACEHOLDER.findall(reserved))
        self._placeholders: dict[str, str] = {}

    @property
    def redactions(self) -> dict[str, str]:
        return {placeholder: original for original, placeholder in self._placeholders.items()}

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, placeholder) of everything to replace in ``text``, in order, not overlapping."""
        chosen: list[tuple[int, int, str]] = []
        position = 0
        for start, end, kind in _found(self._names, text):
            if start >= position:
                chosen.append((start, end, self._placeholder(kind, text[start:end])))
                position = end
        return chosen

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, kind) of everything to replace, in order, possibly overlapping."""
        found = [(match.start(), match.end(), "EMAIL") for match in _EMAIL.finditer(text)] if "@" in text else []
        found += [(*match.span("number"), "NUMBER") for match in _STATED_NUMBER.finditer(text)]
        if self._roster.numbers:
            found += [
                (match.start(), match.end(), "NUMBER")
                for match in _NUMBER.finditer(text)
                if _plain_number(match.group()) in self._roster.numbers
                or _plain_number(match.group()).lstrip("abcdefghijklmnopqrstuvwxyz") in self._roster.numbers
            ]
        found += [(start, end, "NAME") for start, end in self._name_spans(text)]
        return sorted(found, key=lambda span: (span[0], -span[1]))

    def redact(self, text: str) -> str:
        """``text`` with everything of the roster replaced."""
        return replace_spans(text, self.spans(text))

    def _placeholder(self, kind: str, original: str) -> str:
        known = self._placeholders.get(original)
        if known:
            return known
        number = 1 + sum(1 for placeholder in self._placeholders.values() if placeholder.startswith(f"[{kind}_"))
        taken = self._reserved | set(self._placeholders.values())
        while f"[{kind}_{number}]" in taken:
            number += 1
        self._placeholders[original] = f"[{kind}_{number}]"
        return self._placeholders[original]

    def _name_spans(self, text: str) -> list[tuple[int, int]]:
        roster = self._roster
        spans: list[tuple[int, int]] = []
        for name in roster.unspaced:
            spans += [match.span() for match in re.finditer(re.escape(name), text)]
        if not roster.parts:
            return spans
        tokens = _tokens(text)
        named = roster.parts | roster.names.keys()
        for index, (token, start, end) in enumerate(tokens):
            if token not in named:
                continue
            for rest in roster.names.get(token, ()):
                last = _match_rest(text, tokens, index, rest)
                if last is None:
                    continue
                written_as_name = all(
                    text[t[1]].isupper() or t[0] in _PARTICLES for t in tokens[index : index + len(rest) + 1]
                )
                introduced = _INTRODUCES.search(text, max(0, start - 40), start) or _alone_on_line(text, start, last)
                cited = _YEAR_FOLLOWS.match(text, last) and not introduced
                if (written_as_name or introduced) and not cited:
                    spans.append((start, last))
                    break
            else:
                if token in roster.parts and self._introduces_writer(text, start, end):
                    spans.append((start, end))
                elif token in roster.parts and (initials := _INITIALS.search(text, max(0, start - 9), start)):
                    # "By A. Smith" is the writer; without "by" it may be anybody who is cited.
                    first = initials.start()
                    if _INTRODUCES.search(text, max(0, first - 40), first) and not _YEAR_FOLLOWS.match(text, end):
                        spans.append((first, end))
        return spans

    @staticmethod
    def _introduces_writer(text: str, start: int, end: int) -> bool:
        """Whether a lone first or last name stands for the writer: after "My name is", or alone on its line."""
        if not text[start].isupper() or _YEAR_FOLLOWS.match(text, end):
            return False
        return bool(_INTRODUCES.search(text, max(0, start - 40), start)) or _alone_on_line(text, start, end)


@lru_cache(maxsize=16)
def _found(roster: tuple[str, ...], text: str) -> tuple[tuple[int, int, str], ...]:
    """What is to be replaced is the same in all the prompts of a draft; only placeholders may differ."""
    return tuple(Redactor(roster)._find(text))


def _alone_on_line(text: str, start: int, end: int) -> bool:
    """Whether nothing but a page number stands beside ``start:end`` on its line."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    rest = text[end : line_end if line_end >= 0 else len(text)]
    return not text[line_start:start].strip() and bool(_LINE_OF_ITS_OWN.match(rest))


def replace_spans(text: str, spans: list[tuple[int, int, str]]) -> str:
    """``text`` with each (start, end, replacement) put in; spans are in order and do not overlap."""
    pieces: list[str] = []
    position = 0
    for start, end, replacement in spans:
        pieces += (text[position:start], replacement)
        position = end
    return "".join((*pieces, text[position:]))


def restore(text: str, redactions: Mapping[str, str]) -> str:
    """Put the originals back where a model repeated placeholders."""
    if not redactions or "[" not in text:
        return text
    return _PLACEHOLDER.sub(lambda match: redactions.get(match.group(), match.group()), text)


@lru_cache(maxsize=8)
def _tokens(text: str) -> tuple[tuple[str, int, int], ...]:
    """(folded word, start, end); every run of a draft asks for the same text."""
    if text.isascii():
        return tuple((match.group(), *match.span()) for match in _TOKEN.finditer(text.lower()))
    return tuple((_folded(match.group()), *match.span()) for match in _TOKEN.finditer(text))


def _match_rest(text: str, tokens: Sequence[tuple[str, int, int]], index: int, rest: tuple[str, ...]) -> int | None:
    """End offset when the tokens after ``index`` are ``rest`` with only name-like gaps between; else None."""
    if index + len(rest) >= len(tokens):
        return None
    end = tokens[index][2]
    for offset, expected in enumerate(rest, start=1):
        token, start, token_end = tokens[index + offset]
        if token != expected or not _GAP.match(text[end:start]):
            return None
        end = token_end
    return end


@lru_cache(maxsize=64)
def _read_roster(roster: tuple[str, ...]) -> _Roster:
    names: dict[str, set[tuple[str, ...]]] = {}
    parts: set[str] = set()
    numbers: set[str] = set()
    unspaced: list[str] = []
    for raw in roster:
        entry = raw.strip()
        if not entry or "@" in entry:
            continue
        if any(c.isdigit() for c in entry):
            number = _plain_number(entry)
            if len(number) >= _MIN_NUMBER_CHARS:
                numbers.add(number)
            continue
        if _IDEOGRAPHS.search(entry) and len(entry) >= 2:
            unspaced += sorted({entry, "".join(entry.split())})
            continue
        if "," in entry:
            last, _, first = entry.partition(",")
            entry = f"{first} {last}"
        for spelling in {entry, entry.casefold().translate(_SPELLED_OUT)}:
            tokens = tuple(_folded(token) for token in _TOKEN.findall(spelling))
            for form in _forms(tokens):
                names.setdefault(form[0], set()).add(form[1:])
            parts.update(token for token in tokens if len(token) >= 2 and token not in _PARTICLES)
    longest_first = {first: tuple(sorted(rests, key=lambda rest: (-len(rest), rest))) for first, rests in names.items()}
    return _Roster(longest_first, frozenset(parts), frozenset(numbers), tuple(unspaced))


def _forms(tokens: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The ways a full name is written: in order, without or with initials of middle names, last name first or first last."""
    if len(tokens) < 2:
        return []
    first, *middle, last = tokens
    initials = tuple(token[0] for token in middle)
    return [
        tokens,
        (first, last),
        (first, *initials, last),
        (last, first),
        (last, first, *middle),
        (*middle, last, first),
        (last, first, *initials),
    ]


def _folded(token: str) -> str:
    if token.isascii():
        return token.lower()
    decomposed = unicodedata.normalize("NFKD", token.casefold().translate(_PLAIN))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _plain_number(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())
