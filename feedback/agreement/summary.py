"""Summaries of a handful of ratings.

Everything here is exact where the input is exact: levels are integers, so medians and means are kept
as fractions until somebody asks for a float. That way a half is a half and a cut is a cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeVar

Number = TypeVar("Number", int, float, Fraction)
Real = int | float | Fraction


def exact(values: Iterable[Real]) -> list[Fraction]:
    """Return ``values`` as fractions, in their order."""
    return [Fraction(value) for value in values]


def mean(values: Sequence[Real]) -> Fraction:
    """Arithmetic mean; ValueError on an empty sequence, because the mean of nothing is not 0."""
    if not values:
        raise ValueError("The mean of no values is undefined.")
    return sum(exact(values), Fraction(0)) / len(values)


def median(values: Sequence[Real]) -> Fraction:
    """Median, the midpoint of the two middle values when their number is even; ValueError when empty."""
    ordered = sorted(exact(values))
    return (lower_median(ordered) + upper_median(ordered)) / 2


def lower_median(values: Sequence[Number]) -> Number:
    """The lower of the two middle values (the middle one when the number is odd); ValueError when empty."""
    if not values:
        raise ValueError("The median of no values is undefined.")
    return sorted(values)[(len(values) - 1) // 2]


def upper_median(values: Sequence[Number]) -> Number:
    """The upper of the two middle values (the middle one when the number is odd); ValueError when empty."""
    if not values:
        raise ValueError("The median of no values is undefined.")
    return sorted(values)[len(values) // 2]


def median_absolute_deviation(values: Sequence[Real]) -> Fraction:
    """median |x - median(x)|, unscaled."""
    centre = median(values)
    return median([abs(Fraction(value) - centre) for value in values])


def gini_mean_difference(values: Sequence[Real]) -> Fraction:
    """Mean |x_i - x_j| over the pairs of different positions; 0 for a single value."""
    pairs = list(combinations(exact(values), 2))
    if not pairs:
        return Fraction(0)
    return sum((abs(a - b) for a, b in pairs), Fraction(0)) / len(pairs)


def population_variance(values: Sequence[Real]) -> Fraction:
    """Mean squared distance from the mean (divided by n, not n - 1)."""
    centre = mean(values)
    return mean([(Fraction(value) - centre) ** 2 for value in values])


def value_range(values: Sequence[Number]) -> Number:
    """Largest minus smallest."""
    return max(values) - min(values)


def quantile(values: Sequence[Real], share: float) -> Fraction:
    """Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996)."""
    ordered = sorted(exact(values))
    if not ordered:
        raise ValueError("A quantile of no values is undefined.")
    position = Fraction(share) * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def interquartile_range(values: Sequence[Real]) -> Fraction:
    """Distance between the quartiles, interpolated linearly."""
    return quantile(values, 0.75) - quantile(values, 0.25)


def modes(values: Sequence[int]) -> list[int]:
    """All most frequent values, ascending; empty for no values."""
    counts = Counter(values)
    most = max(counts.values(), default=0)
    return sorted(value for value, count in counts.items() if count == most)


def modal_share(values: Sequence[int]) -> Fraction:
    """Share of the values that equal one (any) mode."""
    if not values:
        raise ValueError("The modal share of no values is undefined.")
    return Fraction(max(Counter(values).values()), len(values))


def majority(values: Sequence[int]) -> int:
    """The mode; of tied modes the one nearest the median of all values, then the lower."""
    if not values:
        raise ValueError("The majority of no values is undefined.")
    centre = median(values)
    return min(modes(values), key=lambda value: (abs(value - centre), value))


def weighted_mean(values: Sequence[Real], weights: Sequence[Real]) -> Fraction:
    """sum(w x) / sum(w); ValueError unless the weights are non-negative and some weight is positive."""
    exact_weights = _checked_weights(values, weights)
    total = sum(exact_weights, Fraction(0))
    return sum((w * Fraction(x) for x, w in zip(values, exact_weights, strict=True)), Fraction(0)) / total


def weighted_median(values: Sequence[Real], weights: Sequence[Real]) -> Fraction:
    """Smallest value whose cumulated weight passes half of the total.

    Where the cumulated weight hits half exactly, the midpoint between this value and the next one
    that carries weight. Half is compared with a tolerance of 1e-12, since weights are floats.
    """
    exact_weights = _checked_weights(values, weights)
    half = sum(exact_weights, Fraction(0)) / 2
    weighted = sorted((Fraction(x), w) for x, w in zip(values, exact_weights, strict=True) if w > 0)
    cumulated = Fraction(0)
    for position, (value, weight) in enumerate(weighted):
        cumulated += weight
        if abs(cumulated - half) <= Fraction(1, 10**12) * half and position + 1 < len(weighted):
            return (value + weighted[position + 1][0]) / 2
        if cumulated > half:
            return value
    return weighted[-1][0]


def _checked_weights(values: Sequence[Real], weights: Sequence[Real]) -> list[Fraction]:
    if len(values) != len(weights):
        raise ValueError("Each value needs exactly one weight.")
    exact_weights = exact(weights)
    if any(weight < 0 for weight in exact_weights) or not any(exact_weights):
        raise ValueError("Weights must not be negative, and one at least must be positive.")
    return exact_weights
