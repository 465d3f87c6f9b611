"""Points of one draft from the levels on its desk, and what to say of them. A model never gives a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from feedback.agreement.points import CriterionPoints, PointsTotal, total_points
from feedback.contract import RubricSnapshot
from feedback.models import CriterionResult


@dataclass(frozen=True)
class Points:
    """Points of a draft with the titles of what is open: ``total.points`` is None while a criterion has no level."""

    total: PointsTotal
    open_titles: tuple[str, ...]

    @property
    def words(self) -> str:
        """The total as a sentence; what is not decided is said, never counted as 0."""
        total = self.total
        if total.points is not None:
            return _("%(points)s of %(all)s points") % {"points": _number(total.points), "all": _number(total.out_of)}
        open_ones = ", ".join(self.open_titles)
        if not total.partial_out_of:
            return _("No points yet: no level for %(open)s") % {"open": open_ones}
        return _("%(points)s of %(all)s points so far, without %(open)s, which has no level yet") % {
            "points": _number(total.partial_points),
            "all": _number(total.partial_out_of),
            "open": open_ones,
        }

    @property
    def weighted_words(self) -> str:
        """The weighted share in words, "" while a criterion is open and where it says no more than the points do."""
        share, total = self.total.weighted_share, self.total
        if share is None or total.points is None or (total.out_of and abs(share - total.points / total.out_of) < 0.005):
            return ""
        return _("%(share)s%% by the rubric's weights") % {"share": _number(share * 100)}


def points_of(rows: Sequence[CriterionResult]) -> Points | None:
    """Return the points of a draft whose criteria are ``rows``; None where its rubric has no points.

    Counted is the level that is shown: the person's, else the suggestion; withheld and not decided is open.
    """
    rows = [row for row in rows if row.snapshot.get("levels")]
    if not rows:
        return None
    rubric = RubricSnapshot.from_json({"title": "", "criteria": [row.snapshot for row in rows]})
    total = total_points(rubric, {row.criterion_key: row.shown_level for row in rows})
    if total is None:
        return None
    titles = {criterion.key: criterion.title for criterion in rubric.criteria}
    return Points(total, tuple(titles[key] for key in total.open_criteria))


def by_criterion(points: Points | None) -> dict[str, CriterionPoints]:
    """Return the points by criterion key; empty where there are none."""
    return {} if points is None else {entry.criterion_key: entry for entry in points.total.criteria}


def criterion_words(entry: CriterionPoints | None) -> str:
    """Return "3 of 5 points", or that the level is open; "" for a criterion without points."""
    if entry is None:
        return ""
    if entry.points is None:
        return _("open, of %(all)s points") % {"all": _number(entry.out_of)}
    return _("%(points)s of %(all)s points") % {"points": _number(entry.points), "all": _number(entry.out_of)}


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
