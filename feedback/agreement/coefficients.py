"""Agreement over the confirmed drafts of one assignment, each number with a bootstrap interval. Pure.

Three questions, three numbers per criterion: how close the suggested level came to the confirmed one (quadratic
weighted kappa), how far the models agree with each other (Krippendorff's alpha, ordinal), and how much of what varies
is between drafts rather than between models (intraclass correlation, absolute agreement of one rating). Drafts are
resampled whole. Below ``MINIMUM_CONFIRMED_DRAFTS`` there is no number, because it would be noise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from feedback.agreement.confirmed import ConfirmedDraft, Verdict
from feedback.agreement.statistics import (
    MINIMUM_CONFIRMED_DRAFTS,
    bootstrap_interval,
    icc,
    krippendorff_alpha,
    qwk,
)

RESAMPLES = 1000
# A model counts as a rater of the assignment when it gave a level for at least half of the drafts.
RATER_SHARE = 0.5

Statistic = Callable[[Sequence[Verdict]], float | None]


@dataclass(frozen=True)
class Estimate:
    """A coefficient over ``n`` drafts. None where there are too few, or where it has no value (nothing varies)."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CriterionInsight:
    """One criterion. ``same`` and ``within_one``: shares of drafts whose suggestion was (nearly) the confirmed level.

    ``other_scale``: drafts left out because the criterion had another number of levels then.
    """

    key: str
    n: int
    other_scale: int
    same: float | None
    within_one: float | None
    qwk: Estimate
    alpha: Estimate
    icc: Estimate
    raters: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def criterion_insights(drafts: Sequence[ConfirmedDraft], *, seed: int) -> list[CriterionInsight]:
    """Return one entry per criterion that occurs, by key. The same drafts and seed give the same numbers."""
    keys = sorted({key for draft in drafts for key in draft.verdicts})
    return [_insight(key, drafts, seed=seed + place) for place, key in enumerate(keys)]


def _insight(key: str, drafts: Sequence[ConfirmedDraft], *, seed: int) -> CriterionInsight:
    every = [draft.verdicts[key] for draft in drafts if key in draft.verdicts]
    # The scale of the latest draft counts: levels of different scales cannot be compared.
    scale = every[-1].level_count
    rows = [verdict for verdict in every if verdict.level_count == scale]
    pairs = [row for row in rows if row.confirmed is not None and row.suggested is not None]
    seen = Counter(model for row in rows for model in row.medians)
    raters = tuple(sorted(model for model, n in seen.items() if n >= RATER_SHARE * len(rows)))
    rated = [row for row in rows if len(set(raters) & set(row.medians)) >= 2]
    complete = [row for row in rows if len(raters) >= 2 and all(model in row.medians for model in raters)]
    gaps = [abs(row.confirmed - row.suggested) for row in pairs]  # type: ignore[operator]
    return CriterionInsight(
        key=key,
        n=len(rows),
        other_scale=len(every) - len(rows),
        same=sum(gap == 0 for gap in gaps) / len(gaps) if gaps else None,
        within_one=sum(gap <= 1 for gap in gaps) / len(gaps) if gaps else None,
        qwk=_estimate(pairs, lambda some: _qwk(some, scale), seed=seed),
        alpha=_estimate(rated, lambda some: _alpha(some, raters), seed=seed),
        icc=_estimate(complete, lambda some: _icc(some, raters), seed=seed),
        raters=raters,
    )


def _estimate(rows: Sequence[Verdict], statistic: Statistic, *, seed: int) -> Estimate:
    if len(rows) < MINIMUM_CONFIRMED_DRAFTS:
        return Estimate(len(rows))
    value = statistic(rows)
    interval = None if value is None else bootstrap_interval(rows, statistic, seed=seed, resamples=RESAMPLES)
    if interval is None:
        return Estimate(len(rows), value)
    return Estimate(len(rows), value, interval.low, interval.high)


def _qwk(rows: Sequence[Verdict], level_count: int) -> float | None:
    suggested = [row.suggested for row in rows]
    confirmed = [row.confirmed for row in rows]
    return qwk(suggested, confirmed, level_count=level_count)  # type: ignore[arg-type]


def _alpha(rows: Sequence[Verdict], raters: Sequence[str]) -> float | None:
    return krippendorff_alpha([[_level(row.medians.get(model)) for row in rows] for model in raters])


def _icc(rows: Sequence[Verdict], raters: Sequence[str]) -> float | None:
    return icc([[row.medians[model] for model in raters] for row in rows])["ICC(A,1)"]


def _level(median: float | None) -> int | None:
    """A model's median as a level, exact halves down, as everywhere."""
    return None if median is None else math.ceil(median - 0.5)
