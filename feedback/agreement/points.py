"""Points from levels, by the rubric and by nothing else.

A model never gives a point. A criterion whose level is withheld has none, and a draft with such a
criterion has no total: what is there is stated as a part, "14 of 20, two criteria open".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.agreement.aggregation import CriterionAgreement
from feedback.contract import CriterionSnapshot, RubricSnapshot


@dataclass(frozen=True)
class CriterionPoints:
    """Points of one criterion; ``points`` is None while its level is open."""

    criterion_key: str
    points: float | None
    out_of: float


@dataclass(frozen=True)
class PointsTotal:
    """Points of a draft.

    ``points`` and ``weighted_share`` are None while any criterion is open; ``partial_points`` out of
    ``partial_out_of`` is the part that is known. ``weighted_share`` (0..1): sum of weight x points / out_of over
    the sum of weights. ``open_criteria``: keys without a level, in rubric order.
    """

    criteria: tuple[CriterionPoints, ...]
    points: float | None
    out_of: float
    partial_points: float
    partial_out_of: float
    weighted_share: float | None
    open_criteria: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.open_criteria


def has_points(criterion: CriterionSnapshot) -> bool:
    """Whether each level of the criterion says what it is worth."""
    return bool(criterion.levels) and all(level.points is not None for level in criterion.levels)


def criterion_points(criterion: CriterionSnapshot, level: int | None) -> CriterionPoints | None:
    """Points of one criterion at ``level``; None when the criterion has no points. ValueError: no such level."""
    if not has_points(criterion):
        return None
    worth = {rubric_level.position: rubric_level.points for rubric_level in criterion.levels}
    out_of = max(points for points in worth.values() if points is not None)
    if level is None:
        return CriterionPoints(criterion.key, None, out_of)
    if level not in worth:
        raise ValueError(f"{criterion.title} has no level {level}.")
    return CriterionPoints(criterion.key, worth[level], out_of)


def total_points(rubric: RubricSnapshot, levels: Mapping[str, int | None]) -> PointsTotal | None:
    """Add up the points of a draft from ``levels`` per criterion key.

    A criterion without points takes no part; a missing key is an open criterion. None when no criterion has points.
    """
    found = []
    weights = []
    for criterion in rubric.criteria:
        points = criterion_points(criterion, levels.get(criterion.key))
        if points is not None:
            found.append(points)
            weights.append(criterion.weight)
    if not found:
        return None
    known = [item for item in found if item.points is not None]
    partial = sum(item.points for item in known if item.points is not None)
    complete = len(known) == len(found)
    return PointsTotal(
        criteria=tuple(found),
        points=partial if complete else None,
        out_of=sum(item.out_of for item in found),
        partial_points=partial,
        partial_out_of=sum(item.out_of for item in known),
        weighted_share=_weighted_share(found, weights) if complete else None,
        open_criteria=tuple(item.criterion_key for item in found if item.points is None),
    )


def shown_levels(agreements: Mapping[str, CriterionAgreement]) -> dict[str, int | None]:
    """The level per criterion that may be counted: None where it is withheld."""
    return {key: None if agreement.withheld else agreement.level for key, agreement in agreements.items()}


def _weighted_share(found: list[CriterionPoints], weights: list[float]) -> float | None:
    counted = [
        (p.points / p.out_of, w) for p, w in zip(found, weights, strict=True) if p.points is not None and p.out_of
    ]
    total = sum(weight for _, weight in counted)
    return sum(share * weight for share, weight in counted) / total if total else None
