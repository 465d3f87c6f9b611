"""What a careful colleague would say about a rubric before it is used. Hints only; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from courses.rubric_spec import CriterionSpec, RubricSpec

# From this ratio on (0..100, rapidfuzz token_sort_ratio) two descriptors are read as the same sentence.
SAME = 88.0
VAGUE = {
    "good",
    "bad",
    "nice",
    "great",
    "poor",
    "excellent",
    "adequate",
    "appropriate",
    "weak",
    "fair",
    "satisfactory",
    "unsatisfactory",
    "average",
    "okay",
    "outstanding",
}
LITTLE_WORDS = {
    "the",
    "a",
    "an",
    "is",
    "are",
    "and",
    "or",
    "of",
    "to",
    "in",
    "it",
    "very",
    "quite",
    "work",
    "use",
    "with",
}
MECHANICS = re.compile(
    r"\b(grammar|spelling|punctuation|format|formatting|layout|typos?|mechanics|capitali[sz]ation|font|margins)\b", re.I
)
PERSON = re.compile(r"\b(students?|learners?|pupils?|writers?|authors?|candidates?)\b", re.I)
NEGATION = {"no", "not", "never", "without", "none", "nothing"}


@dataclass(frozen=True)
class Hint:
    """One hint. ``code`` names the kind; ``levels`` are positions of the criterion it is about."""

    code: str
    message: str
    criterion: int | None = None
    levels: tuple[int, ...] = ()


def lint_rubric(spec: RubricSpec) -> list[Hint]:
    """Return what stands in the way of levels that people and models can tell apart."""
    hints: list[Hint] = []
    for index, criterion in enumerate(spec.criteria):
        hints += _lint_levels(index, criterion)
        words = f"{criterion.title} {criterion.description}"
        if criterion.higher_order and MECHANICS.search(words):
            hints.append(
                Hint(
                    "mechanics",
                    f"“{criterion.title}” looks like a matter of form. Untick “about meaning”, so that notes on meaning come first.",
                    index,
                )
            )
        if re.search(r"\b(and|&)\b", criterion.title, re.I) and len(criterion.title.split()) > 7:
            hints.append(
                Hint(
                    "double",
                    f"“{criterion.title}” asks for several things at once; two criteria are easier to judge.",
                    index,
                )
            )
    weights = [criterion.weight for criterion in spec.criteria]
    total = sum(weights)
    if len(weights) > 1 and total and max(weights) / total > 0.7:
        heaviest = weights.index(max(weights))
        hints.append(Hint("heavy", "This criterion weighs more than all others together.", heaviest))
    for index, weight in enumerate(weights):
        if weight == 0:
            hints.append(
                Hint("weightless", "This criterion has weight 0: it is commented on but never counted.", index)
            )
    if len(spec.criteria) > 8:
        hints.append(
            Hint("many", f"{len(spec.criteria)} criteria are a lot to act on: students get three priorities per draft.")
        )
    return hints


def _lint_levels(index: int, criterion: CriterionSpec) -> list[Hint]:
    hints: list[Hint] = []
    filled = [(position, level) for position, level in enumerate(criterion.levels) if level.descriptor.strip()]
    empty = [position for position, level in enumerate(criterion.levels) if not level.descriptor.strip()]
    if empty and criterion.levels:
        names = ", ".join(f"“{criterion.levels[position].label}”" for position in empty)
        hints.append(
            Hint(
                "undescribed",
                f"{names}: without a descriptor nobody can say when a draft is at this level.",
                index,
                tuple(empty),
            )
        )
    for place, (first, one) in enumerate(filled):
        for second, other in filled[place + 1 :]:
            if _read_the_same(one.descriptor, other.descriptor):
                hints.append(
                    Hint(
                        "same",
                        f"“{one.label}” and “{other.label}” read the same. Say what can be seen in one and not in the other.",
                        index,
                        (first, second),
                    )
                )
    for position, level in filled:
        if _is_vague(level.descriptor):
            hints.append(
                Hint(
                    "vague",
                    f"“{level.label}” judges without saying what can be seen in the draft.",
                    index,
                    (position,),
                )
            )
        if PERSON.search(level.descriptor):
            hints.append(
                Hint("person", f"“{level.label}” speaks of the person. Describe the work instead.", index, (position,))
            )
    points = [level.points for level in criterion.levels]
    known = [value for value in points if value is not None]
    if known and len(known) < len(points):
        hints.append(Hint("points_missing", "Some levels have points and some have none.", index))
    if any(later < earlier for earlier, later in pairwise(known)):
        hints.append(
            Hint(
                "points_order",
                "Points fall from a lower level to a higher one. Levels go from lowest to highest.",
                index,
            )
        )
    return hints


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", text.casefold())


def _read_the_same(one: str, other: str) -> bool:
    """Whether two descriptors say the same thing; a negation or another number makes them differ."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    if _kept(first, NEGATION) != _kept(second, NEGATION):
        return False
    if [word for word in first if word.isdigit()] != [word for word in second if word.isdigit()]:
        return False
    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= SAME


def _kept(words: Iterable[str], wanted: set[str]) -> list[str]:
    return sorted(word for word in words if word in wanted)


def _is_vague(descriptor: str) -> bool:
    """Whether nothing but a judgement remains once little words are gone."""
    words = [word for word in _words(descriptor) if word not in LITTLE_WORDS]
    return any(word in VAGUE for word in words) and sum(word not in VAGUE for word in words) <= 2
