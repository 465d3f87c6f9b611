"""Agreement coefficients for a whole assignment, never for one draft.

With the five criteria of one draft alpha has a standard deviation of about 0.3: a number that looks like
knowledge and is none. They are computed from ``MINIMUM_CONFIRMED_DRAFTS`` on, and shown with an interval.
Undefined is None, never 0 or 1.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeVar

MINIMUM_CONFIRMED_DRAFTS = 20

Metric = Literal["nominal", "ordinal", "interval"]
Unit = TypeVar("Unit")


def qwk(first: Sequence[int], second: Sequence[int], *, level_count: int) -> float | None:
    """Quadratic weighted kappa (Cohen 1968) of two raters over the same drafts.

    ``first``, ``second``: levels 0..level_count-1, one per draft. None when there is nothing to agree about:
    no drafts, or both raters constant on the same level. ValueError on unequal lengths or levels out of range.
    """
    if len(first) != len(second):
        raise ValueError("Both raters must have rated the same drafts.")
    if any(not 0 <= level < level_count for level in (*first, *second)):
        raise ValueError(f"Levels must lie in 0..{level_count - 1}.")
    n = len(first)
    observed = sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
    counts_first, counts_second = Counter(first), Counter(second)
    chance = sum(
        (a - b) ** 2 * times_a * times_b for a, times_a in counts_first.items() for b, times_b in counts_second.items()
    )
    if not chance:
        return None
    return 1 - observed * n / chance


def krippendorff_alpha(rows: Sequence[Sequence[int | None]], *, metric: Metric = "ordinal") -> float | None:
    """Krippendorff's alpha (2011, "Computing Krippendorff's alpha-reliability").

    ``rows``: one row per rater, one column per unit (draft x criterion), None where a rater gave no value. Units
    with fewer than two values do not count. None when nothing is pairable or all pairable values are equal.
    ValueError on rows of unequal length or an unknown metric.
    """
    if len({len(row) for row in rows}) > 1:
        raise ValueError("Each rater needs a place for each unit.")
    units = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    units = [values for values in units if len(values) >= 2]
    totals = Counter(value for values in units for value in values)
    if len(totals) < 2:
        return None
    delta = _squared_differences(totals, metric)
    n = sum(totals.values())
    observed = sum(
        sum(counts[a] * counts[b] * delta[a, b] for a in counts for b in counts) / (len(values) - 1)
        for values in units
        for counts in [Counter(values)]
    )
    expected = sum(totals[a] * totals[b] * delta[a, b] for a in totals for b in totals)
    return 1 - (n - 1) * observed / expected


def _squared_differences(totals: Mapping[int, int], metric: Metric) -> dict[tuple[int, int], float]:
    """Squared distance between any two values that occur; ordinal: ranks of the pooled values."""
    values = sorted(totals)
    if metric == "nominal":
        return {(a, b): float(a != b) for a in values for b in values}
    if metric == "interval":
        return {(a, b): float((a - b) ** 2) for a in values for b in values}
    if metric != "ordinal":
        raise ValueError(f"Unknown metric: {metric!r}.")
    cumulated = dict(zip(values, accumulate(totals[value] for value in values), strict=True))
    middle_rank = {value: cumulated[value] - totals[value] / 2 for value in values}
    return {(a, b): (middle_rank[a] - middle_rank[b]) ** 2 for a in values for b in values}


def icc(matrix: Sequence[Sequence[float]]) -> dict[str, float | None]:
    """All six intraclass correlations of a complete targets x raters matrix.

    Names follow McGraw and Wong (1996): "1" one-way, "A" two-way absolute agreement, "C" two-way
    consistency; ",1" one rating, ",k" the mean of all k raters. They are Shrout and Fleiss' (1979) ICC(1), ICC(2),
    ICC(3). A coefficient whose denominator is 0 is None. ValueError unless at least 2 x 2 and complete.
    """
    n = len(matrix)
    k = len(matrix[0]) if matrix else 0
    if n < 2 or k < 2 or any(len(row) != k for row in matrix):
        raise ValueError("Intraclass correlation needs at least two drafts, each rated by the same two or more raters.")
    grand = math.fsum(value for row in matrix for value in row) / (n * k)
    row_means = [math.fsum(row) / k for row in matrix]
    column_means = [math.fsum(column) / n for column in zip(*matrix, strict=True)]
    total = math.fsum((value - grand) ** 2 for row in matrix for value in row)
    between_rows = k * math.fsum((m - grand) ** 2 for m in row_means)
    between_columns = n * math.fsum((m - grand) ** 2 for m in column_means)
    rows_ms = between_rows / (n - 1)
    columns_ms = between_columns / (k - 1)
    within_ms = (total - between_rows) / (n * (k - 1))
    error_ms = max(total - between_rows - between_columns, 0.0) / ((n - 1) * (k - 1))
    return {
        "ICC(1,1)": _ratio(rows_ms - within_ms, rows_ms + (k - 1) * within_ms),
        "ICC(A,1)": _ratio(rows_ms - error_ms, rows_ms + (k - 1) * error_ms + k * (columns_ms - error_ms) / n),
        "ICC(C,1)": _ratio(rows_ms - error_ms, rows_ms + (k - 1) * error_ms),
        "ICC(1,k)": _ratio(rows_ms - within_ms, rows_ms),
        "ICC(A,k)": _ratio(rows_ms - error_ms, rows_ms + (columns_ms - error_ms) / n),
        "ICC(C,k)": _ratio(rows_ms - error_ms, rows_ms),
    }


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if abs(denominator) > 1e-12 else None


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval. ``undefined`` counts resamples on which the statistic had no value."""

    low: float
    high: float
    share: float
    resamples: int
    undefined: int


def bootstrap_interval(
    units: Sequence[Unit],
    statistic: Callable[[Sequence[Unit]], float | None],
    *,
    seed: int,
    resamples: int = 1000,
    share: float = 0.95,
) -> Interval | None:
    """Percentile interval (Efron and Tibshirani 1993, ch. 13) by resampling whole units, i.e. drafts.

    ``statistic`` may return None where it is undefined; such resamples are left out and counted. None when
    there are no units, or the statistic was undefined on half of the resamples or more. Same seed, same interval.
    """
    if not units:
        return None
    chance = random.Random(seed)
    values = []
    for _ in range(resamples):
        value = statistic(chance.choices(units, k=len(units)))
        if value is not None and math.isfinite(value):
            values.append(value)
    if 2 * len(values) <= resamples:
        return None
    values.sort()
    tail = (1 - share) / 2
    return Interval(
        low=values[max(math.floor(tail * len(values)), 0)],
        high=values[min(math.ceil((1 - tail) * len(values)) - 1, len(values) - 1)],
        share=share,
        resamples=resamples,
        undefined=resamples - len(values),
    )
