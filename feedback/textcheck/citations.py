"""Citations in the text against the list of references: author and year, or numbers in brackets.

Other styles (footnotes, author and page) are not recognised; whoever shows a result must say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedback.textcheck.structure import Passage

_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?|n\.\s?d\."
_PARTICLE = r"(?:(?:van|von|de|del|della|di|da|der|den|ter|le|la|du|el|al|bin|ibn|dos|das)\s+){0,3}"
_NAME = rf"{_PARTICLE}[^\W\d_a-zß-öø-ÿ][\w'’-]{{0,40}}(?<=\w)"
_PARENTHESES = re.compile(r"\(([^()]{3,300})\)")
_YEARS = re.compile(rf"(?<!\w)(?:{_YEAR})(?!\w)")
_YEAR_IN_BRACKETS = re.compile(rf"\(((?:{_YEAR})(?:\s*,\s*(?:{_YEAR})){{0,5}})(?=[),;:])")
# Every repetition is bounded: drafts are hostile input, and these run over all of one.
_FIRST_AUTHOR = re.compile(rf"(?<!\w)(?P<name>{_NAME}(?:\s+(?:of\s+(?:the\s+)?)?{_NAME}){{0,5}})")
_AUTHORS_BEFORE = re.compile(
    rf"(?<![\w'’-])(?P<name>{_NAME})(?P<more>(?:(?:,\s+{_NAME}){{0,6}},?\s+(?:and|&)\s+{_NAME})?)"
    rf"(?:,?\s+et\s+al\.?)?(?:['’]s?)?\s+\Z"
)
_BEFORE_CHARS = 160
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
    citations = tuple(sorted(_author_year(body, references), key=lambda citation: citation.start))
    return CitationCheck(
        citations=citations,
        references=references,
        cited_not_listed=_once(c.label for c in citations if not any(_means(c, r) for r in references)),
        listed_not_cited=_once(r.label for r in references if r.year and not any(_means(c, r) for c in citations)),
    )


def _author_year(body: str, references: Sequence[Reference]) -> Iterator[Citation]:
    for bracket in _PARENTHESES.finditer(body):
        for part in re.finditer(r"[^;]+", bracket.group(1)):
            years = list(_YEARS.finditer(part.group()))
            author = _FIRST_AUTHOR.search(part.group(), 0, years[0].start()) if years else None
            if author and _fold(author["name"]) not in _NOT_NAMES:
                start = bracket.start(1) + part.start() + author.start()
                end = bracket.start(1) + part.start() + years[-1].end()
                yield from _per_year([author["name"]], [year.group() for year in years], (start, end), references)
    for bracket in _YEAR_IN_BRACKETS.finditer(body):
        window = body[max(0, bracket.start() - _BEFORE_CHARS) : bracket.start()]
        authors = _AUTHORS_BEFORE.search(window)
        if authors:
            names = [authors["name"], *re.findall(_NAME, authors["more"])]
            end = bracket.end() + (body[bracket.end() : bracket.end() + 1] == ")")
            place = (bracket.start() - len(window) + authors.start(), end)
            yield from _per_year(names, _YEARS.findall(bracket.group(1)), place, references)


def _per_year(
    names: Sequence[str], years: Sequence[str], place: tuple[int, int], references: Sequence[Reference]
) -> Iterator[Citation]:
    """One citation per year, by the first of ``names`` that is listed, else by the first that can be a name.

    In "In Paris, Smith and Jones (2020)" only the list tells that Paris is no author.
    """
    cleaned = [" ".join(word for word in name.split() if _fold(word) not in _NOT_NAMES) for name in names]
    candidates = [re.sub(r"['’]s?$", "", name) for name in cleaned if name]
    for year in years:
        citations = [Citation(f"{name} {year}", *place) for name in candidates]
        listed = [c for c in citations if any(_means(c, reference) for reference in references)]
        yield from (listed or citations)[:1]


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
        # "(WHO, 2020)" means the entry of the World Health Organization.
        initials = "".join(word[0] for word in name.split() if word[0].isupper()).casefold()
        names |= {initials} if len(initials) >= 2 else set()
        label = f"[{number.group(1) or number.group(2)}]" if number else f"{name} {year}".strip()
        yield Reference(label, names, year, entry)


def _means(citation: Citation, reference: Reference) -> bool:
    name, _, year = citation.label.rpartition(" ")
    return year == reference.year and (_fold(name) in reference.names or _fold(name.split()[-1]) in reference.names)


@lru_cache(maxsize=8192)
def _fold(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.sub(r"['’]s\b|['’.]", "", plain).casefold().split())


def _once(labels: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))
