"""Citations in the text against the list of references: author and year, or numbers in brackets.

Other styles (footnotes, author and page) are not recognised; whoever shows a result must say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feedback.textcheck.structure import Passage

_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?|n\.\s?d\."
_PARTICLE = r"(?:(?:van|von|de|del|della|di|da|der|den|ter|le|la|du|el|al|bin|ibn|dos|das|st\.?)\s+)*"
_NAME = rf"{_PARTICLE}[^\W\d_a-zß-öø-ÿ][\w'’.-]*[\w](?:-[\w'’]+)?"
_PARENTHESES = re.compile(r"\(([^()]{3,300})\)")
_IN_PARENTHESES = re.compile(
    rf"(?P<name>{_NAME}(?:\s+{_NAME})*)(?:(?:,?\s+(?:and|&)\s+|,\s+){_NAME}(?:\s+{_NAME})*)*(?:,?\s+et\s+al\.?)?"
    rf",?\s+(?P<years>(?:{_YEAR})(?:\s*,\s*(?:{_YEAR}))*)(?!\w)"
)
_NARRATIVE = re.compile(
    rf"(?<!\w)(?P<name>{_NAME})(?P<more>(?:,\s+{_NAME})*(?:,?\s+(?:and|&)\s+{_NAME})?)(?:,?\s+et\s+al\.?)?(?:['’]s?)?"
    rf"\s+\((?P<years>(?:{_YEAR})(?:\s*,\s*(?:{_YEAR}))*)(?=[),;:])"
)
_NUMBERED = re.compile(r"\[(\d{1,3}(?:\s*[-–,]\s*\d{1,3})*)\]")
_ENTRY_NUMBER = re.compile(r"^(?:\[(\d{1,3})\]|(\d{1,3})[.)])\s*")
_ENTRY_YEAR = re.compile(rf"\(\s*({_YEAR})")
_BARE_YEAR = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d[a-z]?)(?![\d-])")

# Capitalised words before a year that name nobody.
_NOT_NAMES = frozenset(
    """however although while whereas moreover furthermore therefore thus hence in on at by from for to as since after
    before until during the a an this that these those it they we he she i and but or so yet when where if because
    january february march april may june july august september october november december spring summer autumn fall
    winter figure table section chapter page appendix also additionally similarly finally first second third see
    according like unlike both about around under over between with without see""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Citation:
    """A citation at ``start..end`` of the draft. ``label`` is "Brown 2018" or "[3]"."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class Reference:
    """An entry of the list of references; ``label`` as for citations, ``names`` how a citation may call it."""

    label: str
    names: frozenset[str]
    year: str
    place: Passage


@dataclass(frozen=True)
class CitationCheck:
    citations: tuple[Citation, ...]
    references: tuple[Reference, ...]
    cited_not_listed: tuple[str, ...]  # labels, each once, in the order of the text
    listed_not_cited: tuple[str, ...]

    def first(self, label: str) -> Citation | None:
        """The first citation with ``label``."""
        return next((citation for citation in self.citations if citation.label == label), None)


def check_citations(body: str, entries: Sequence[Passage]) -> CitationCheck:
    """Compare the citations in ``body`` with ``entries``. Either may be empty."""
    references = tuple(_references(entries))
    numbered = [reference for reference in references if reference.label.startswith("[")]
    if numbered and 2 * len(numbered) >= len(references) and _NUMBERED.search(body):
        citations = tuple(_numbered_citations(body))
        cited = {citation.label for citation in citations}
        return CitationCheck(
            citations=citations,
            references=references,
            cited_not_listed=_once(c.label for c in citations if c.label not in {r.label for r in numbered}),
            listed_not_cited=_once(r.label for r in numbered if r.label not in cited),
        )
    citations = tuple(sorted(_author_year(body), key=lambda citation: citation.start))
    return CitationCheck(
        citations=citations,
        references=references,
        cited_not_listed=_once(c.label for c in citations if not any(_means(c, r) for r in references)),
        listed_not_cited=_once(r.label for r in references if r.year and not any(_means(c, r) for c in citations)),
    )


def _author_year(body: str) -> Iterator[Citation]:
    for bracket in _PARENTHESES.finditer(body):
        offset = bracket.start(1)
        for part in re.finditer(r"[^;]+", bracket.group(1)):
            match = _IN_PARENTHESES.search(part.group())
            if match and _fold(match["name"]) not in _NOT_NAMES:
                start = offset + part.start() + match.start()
                yield from _per_year(match, match["name"], start, offset + part.start() + match.end())
    for match in _NARRATIVE.finditer(body):
        names = [match["name"], *re.findall(_NAME, match["more"])]
        names = [name for name in names if _fold(name) not in _NOT_NAMES]
        if names:
            yield from _per_year(match, names[0], match.start(), match.end())


def _per_year(match: re.Match[str], name: str, start: int, end: int) -> Iterator[Citation]:
    words = [word for word in name.split() if _fold(word) not in _NOT_NAMES]
    for year in re.findall(_YEAR, match["years"]):
        yield Citation(f"{re.sub(r'[’' ']s$', '', ' '.join(words))} {year}", start, end)


def _numbered_citations(body: str) -> Iterator[Citation]:
    for match in _NUMBERED.finditer(body):
        for part in match.group(1).split(","):
            ends = [int(number) for number in re.findall(r"\d+", part)]
            for number in range(ends[0], min(ends[-1], ends[0] + 50) + 1):
                yield Citation(f"[{number}]", match.start(), match.end())


def _references(entries: Sequence[Passage]) -> Iterator[Reference]:
    for entry in entries:
        number = _ENTRY_NUMBER.match(entry.text)
        rest = entry.text[number.end() :] if number else entry.text.lstrip("-•*· ")
        name = re.split(r"[,.(&;:“\"]", rest, maxsplit=1)[0].strip()
        found = _ENTRY_YEAR.search(rest) or _BARE_YEAR.search(rest)
        year = found.group(1) if found else ""
        if not name:
            continue
        words = _fold(name).split()
        names = frozenset({_fold(name), *(w for w in words if len(w) > 2)}) if len(words) < 8 else frozenset({words[0]})
        label = f"[{number.group(1) or number.group(2)}]" if number else f"{name} {year}".strip()
        yield Reference(label, names, year, entry)


def _means(citation: Citation, reference: Reference) -> bool:
    name, _, year = citation.label.rpartition(" ")
    return year == reference.year and (_fold(name) in reference.names or _fold(name.split()[-1]) in reference.names)


def _fold(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.sub(r"['’]s\b|['’.]", "", plain).casefold().split())


def _once(labels: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))
