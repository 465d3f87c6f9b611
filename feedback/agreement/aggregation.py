"""From the levels several models chose for one criterion to one centre, or to none.

Aggregated per model first: within one model, repeated runs agree almost perfectly whether right or
wrong, so ten runs of one model are hardly more than one opinion. ``d`` below is a model's median over
its valid runs, ``a`` its mean, ``D`` the median of the ``d``. The arithmetic is exact (fractions); floats
leave at the end only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

from feedback.agreement import summary
from feedback.agreement.wording import in_words

Method = Literal["clamped_mean", "median_of_medians", "mean_of_model_means", "majority", "weighted"]
METHODS: tuple[Method, ...] = get_args(Method)

NEAR_CUT_DISTANCE = Fraction(15, 100)
DISSENT_DISTANCE = 2 - Fraction(1, 4)
WITHHOLDING = frozenset({"NO_SCORE", "TOO_FEW", "MODEL_RANGE"})


@dataclass(frozen=True)
class CriterionAgreement:
    """What several models together say of one criterion.

    ``centre`` (levels, 0..L-1), ``level``, ``band``, ``spread`` and ``gmd`` are None when nobody gave a level:
    no score is never 0. ``agreement`` (0..1) needs two models. ``withheld``: show no level, the reviewers
    disagree or are too few and the instructor decides. ``flags`` are codes, most urgent first; the models they
    mean are in ``dissenting`` and ``unstable``.
    """

    centre: float | None
    level: int | None
    band: tuple[int, int] | None
    near_cut: bool
    spread: tuple[float, float] | None
    model_medians: Mapping[str, float]
    model_means: Mapping[str, float]
    model_ranges: Mapping[str, int]  # largest minus smallest level within a model's own runs
    gmd: float | None  # Gini mean difference of the model medians
    agreement: float | None
    run_range: int | None
    n_models: int
    n_valid: int
    planned: int
    level_count: int
    withheld: bool
    flags: tuple[str, ...]
    words: str
    method: Method = "clamped_mean"
    dissenting: tuple[str, ...] = ()
    unstable: tuple[str, ...] = field(default=())

    @property
    def model_range(self) -> float | None:
        """Largest minus smallest model median."""
        return None if self.spread is None else self.spread[1] - self.spread[0]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
            for name, value in data.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CriterionAgreement:
        """Rebuild what ``to_json`` gave."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**values)


def combine(
    runs: Mapping[str, Sequence[int | None]],
    *,
    level_count: int,
    planned: int,
    pass_position: int | None = None,
    method: Method = "clamped_mean",
    weights: Mapping[str, float] | None = None,
) -> CriterionAgreement:
    """Combine the levels of one criterion.

    ``runs``: per model its levels, 0-based, None for a run that gave none. ``planned``: how many runs were
    asked for. ``pass_position``: the level that counts as passed, if the rubric has one. ``weights``: one per
    model, for the method "weighted" only; a model without a weight counts with the mean of the others.
    ValueError on a level outside 0..level_count-1, an unknown method, missing or negative weights.
    """
    if level_count < 1:
        raise ValueError("A criterion needs at least one level.")
    if method not in METHODS:
        raise ValueError(f"Unknown way of combining levels: {method!r}.")
    valid = _valid_levels(runs, level_count)
    n_valid = sum(len(levels) for levels in valid.values())
    planned = max(planned, n_valid)
    if not valid:
        return _no_score(level_count=level_count, planned=planned, method=method)

    medians = {model: summary.median(levels) for model, levels in valid.items()}
    means = {model: summary.mean(levels) for model, levels in valid.items()}
    ranges = {model: summary.value_range(levels) for model, levels in valid.items()}
    every_level = [level for levels in valid.values() for level in levels]
    centre = _centre(method, medians=medians, means=means, every_level=every_level, weights=weights)
    level = math.ceil(centre - Fraction(1, 2))
    near_cut = _near_cut(centre, level_count)
    gmd = summary.gini_mean_difference(list(medians.values()))
    dissenting = _dissenting(medians)
    unstable = tuple(model for model in valid if ranges[model] >= 2 or (level_count == 2 and ranges[model] >= 1))

    flags = []
    if len(valid) < 2 or 2 * n_valid < planned:
        flags.append("TOO_FEW")
    if _models_far_apart(medians, gmd=gmd, level_count=level_count):
        flags.append("MODEL_RANGE")
    if pass_position is not None and len({value >= pass_position for value in medians.values()}) == 2:
        flags.append("BOUNDARY")
    if dissenting:
        flags.append("DISSENT")
    if unstable:
        flags.append("UNSTABLE_MODEL")
    if near_cut:
        flags.append("NEAR_CUT")

    return CriterionAgreement(
        centre=float(centre),
        level=level,
        band=_band(centre, level, near_cut),
        near_cut=near_cut,
        spread=(float(min(medians.values())), float(max(medians.values()))),
        model_medians={model: float(value) for model, value in medians.items()},
        model_means={model: float(value) for model, value in means.items()},
        model_ranges=ranges,
        gmd=float(gmd),
        agreement=float(1 - gmd / max(level_count - 1, 1)) if len(valid) > 1 else None,
        run_range=summary.value_range(every_level),
        n_models=len(valid),
        n_valid=n_valid,
        planned=planned,
        level_count=level_count,
        withheld=not WITHHOLDING.isdisjoint(flags),
        flags=tuple(flags),
        words=in_words(list(medians.values())),
        method=method,
        dissenting=dissenting,
        unstable=unstable,
    )


def _valid_levels(runs: Mapping[str, Sequence[int | None]], level_count: int) -> dict[str, list[int]]:
    """Models by name with the levels they did give; models that gave none are left out."""
    valid = {}
    for model in sorted(runs):
        levels = [level for level in runs[model] if level is not None]
        for level in levels:
            if not 0 <= level < level_count:
                raise ValueError(f"Level {level} of {model} is outside 0..{level_count - 1}.")
        if levels:
            valid[model] = levels
    return valid


def _no_score(*, level_count: int, planned: int, method: Method) -> CriterionAgreement:
    return CriterionAgreement(
        centre=None, level=None, band=None, near_cut=False, spread=None, model_medians={}, model_means={},
        model_ranges={}, gmd=None, agreement=None, run_range=None, n_models=0, n_valid=0, planned=planned,
        level_count=level_count, withheld=True, flags=("NO_SCORE",), words=in_words([]), method=method,
    )  # fmt: skip


def _centre(
    method: Method,
    *,
    medians: Mapping[str, Fraction],
    means: Mapping[str, Fraction],
    every_level: Sequence[int],
    weights: Mapping[str, float] | None,
) -> Fraction:
    middle = summary.median(list(medians.values()))
    match method:
        case "clamped_mean":
            return summary.mean([min(max(a, middle - 1), middle + 1) for a in means.values()])
        case "median_of_medians":
            return middle
        case "mean_of_model_means":
            return summary.mean(list(means.values()))
        case "majority":
            return Fraction(summary.majority(every_level))
        case "weighted":
            return summary.weighted_mean(list(means.values()), _weights_for(means, weights))


def _weights_for(means: Mapping[str, Fraction], weights: Mapping[str, float] | None) -> list[float]:
    """One weight per model; where no model that answered has a positive one (all are substitutes), all count alike."""
    if weights is None:
        raise ValueError('Combining by "weighted" needs weights.')
    known = [weights[model] for model in means if model in weights]
    usual = sum(known) / len(known) if known else 1.0
    found = [weights.get(model, usual) for model in means]
    return found if any(found) else [1.0 for _ in found]


def _near_cut(centre: Fraction, level_count: int) -> bool:
    """Whether the centre lies within 0.15 of the cut between two levels that exist."""
    below = math.floor(centre)
    return below + 1 < level_count and abs(centre - (below + Fraction(1, 2))) <= NEAR_CUT_DISTANCE


def _band(centre: Fraction, level: int, near_cut: bool) -> tuple[int, int]:
    return (math.floor(centre), math.floor(centre) + 1) if near_cut else (level, level)


def _models_far_apart(medians: Mapping[str, Fraction], *, gmd: Fraction, level_count: int) -> bool:
    if len(medians) >= 5:
        return gmd >= 1
    return summary.value_range(list(medians.values())) >= (1 if level_count == 2 else 2)


def _dissenting(medians: Mapping[str, Fraction]) -> tuple[str, ...]:
    """The model two levels from the median of the others, where these are within one level of each other.

    A model torn between two levels pulls the median of the others by a quarter of a level, which must not hide the one
    far from all of them: that quarter is allowed for. It names the minority, not who is wrong: with two captured models of
    three the honest one is named.
    """
    if len(medians) < 3:
        return ()
    found = []
    for model, value in medians.items():
        others = [other for name, other in medians.items() if name != model]
        if summary.value_range(others) <= 1 and abs(value - summary.median(others)) >= DISSENT_DISTANCE:
            found.append(model)
    return tuple(found)
