"""What a second reading without the suspect sentences says: did they, rather than the work, move a level?

Compared model by model, and as one centre over the models that gave a level both ways. Suggested levels are never
changed by it; it is a reason to look, with both levels beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from feedback.agreement.aggregation import Method, combine
from feedback.contract import CriterionSnapshot, Flag, RubricSnapshot, RunReading

MOVED_LEVELS = 1
# Centres are floats; a whole level must not be missed by a rounding.
_EPSILON = 1e-9


@dataclass(frozen=True)
class Compared:
    """One criterion both ways. Levels are medians per model, of the models that gave one both ways; centres 0..L-1."""

    criterion_key: str
    title: str
    with_levels: Mapping[str, float]
    without_levels: Mapping[str, float]
    with_centre: float
    without_centre: float

    @property
    def moved(self) -> bool:
        """Whether the centre is at least one level lower without the sentences."""
        return self.with_centre - self.without_centre >= MOVED_LEVELS - _EPSILON

    def moved_models(self) -> tuple[str, ...]:
        """The models whose own level is at least one lower without the sentences."""
        return tuple(m for m in self.with_levels if self.with_levels[m] - self.without_levels[m] >= MOVED_LEVELS)


@dataclass(frozen=True)
class Recheck:
    """``left_out``: ids of the sentences. ``named``: a reader or a pattern had named one of them, so that one criterion
    is enough; otherwise half of the criteria must have moved. ``criteria``: those that could be compared."""

    left_out: tuple[str, ...]
    named: bool
    criteria: tuple[Compared, ...]

    @property
    def confirmed(self) -> tuple[Compared, ...]:
        """The criteria whose centre moved, when they are enough to say so; else empty."""
        moved = tuple(compared for compared in self.criteria if compared.moved)
        return moved if moved and (self.named or 2 * len(moved) >= len(self.criteria)) else ()

    @property
    def swayed(self) -> tuple[str, ...]:
        """Models that judged at least half of the criteria lower without the sentences, whatever the others did."""
        counts: dict[str, int] = {}
        judged: dict[str, int] = {}
        for compared in self.criteria:
            for model in compared.with_levels:
                judged[model] = judged.get(model, 0) + 1
            for model in compared.moved_models():
                counts[model] = counts.get(model, 0) + 1
        return tuple(sorted(model for model, count in counts.items() if 2 * count >= judged[model]))


def compare(
    before: Sequence[RunReading],
    after: Sequence[RunReading],
    *,
    rubric: RubricSnapshot,
    left_out: tuple[str, ...],
    named: bool,
    method: Method = "clamped_mean",
    weights: Mapping[str, float] | None = None,
) -> Recheck:
    """Compare the readings of the whole draft (``before``) with those without the sentences ``left_out`` (``after``)."""
    compared = []
    for criterion in rubric.criteria:
        with_levels, without_levels = _levels(before, criterion), _levels(after, criterion)
        both = sorted(with_levels.keys() & without_levels.keys())
        if not both:
            continue
        centres = [
            combine(
                {model: levels[model] for model in both},
                level_count=criterion.level_count,
                planned=len(both),
                method=method,
                weights=weights,
            ).centre
            for levels in (with_levels, without_levels)
        ]
        assert centres[0] is not None and centres[1] is not None  # every model in both gave a level
        compared.append(
            Compared(
                criterion.key,
                criterion.title,
                {model: float(median(with_levels[model])) for model in both},
                {model: float(median(without_levels[model])) for model in both},
                centres[0],
                centres[1],
            )
        )
    return Recheck(left_out, named, tuple(compared))


def _levels(readings: Sequence[RunReading], criterion: CriterionSnapshot) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for run in readings:
        for read in run.reading.criteria:
            if read.criterion_key == criterion.key and read.level is not None:
                found.setdefault(run.model, []).append(read.level)
    return found


def recheck_flags(recheck: Recheck, rubric: RubricSnapshot) -> list[Flag]:
    """INJECTION_CONFIRMED where the centre moved; else ADDRESSED_TO_REVIEWER for a model that was swayed, or where the
    comparison failed. Empty when the sentences made no difference."""
    count = len(recheck.left_out)
    sentences = "the marked sentence" if count == 1 else f"{count} marked sentences"
    moved = recheck.confirmed
    if moved:
        levels = "; ".join(
            f"{c.title}: {_label(rubric, c.criterion_key, c.with_centre)} with, "
            f"{_label(rubric, c.criterion_key, c.without_centre)} without"
            for c in moved
        )
        detail = (
            f"Read again without {sentences}, the draft got lower levels ({levels}). "
            "Please read the sentences: if they speak to the reviewer, trust the level without them."
        )
        return [Flag("INJECTION_CONFIRMED", "must", detail, sentence_ids=recheck.left_out)]
    if recheck.swayed:
        detail = (
            f"Read again without {sentences}, {' and '.join(recheck.swayed)} chose lower levels, the others did not. "
            "Please see whether the sentences speak to the reviewer."
        )
        return [Flag("ADDRESSED_TO_REVIEWER", "check", detail, sentence_ids=recheck.left_out)]
    if not recheck.criteria:
        detail = (
            f"Whether {sentences} moved a level could not be checked: no reviewer answered again without. "
            "Please see whether they speak to the reviewer."
        )
        return [Flag("ADDRESSED_TO_REVIEWER", "check", detail, sentence_ids=recheck.left_out)]
    return []


def _label(rubric: RubricSnapshot, key: str, centre: float) -> str:
    """The label of the level nearest to ``centre``, exact halves down, as for suggested levels."""
    position = -int(-(centre - 0.5) // 1)
    return next((lv.label for lv in rubric.criterion(key).levels if lv.position == position), str(position))
