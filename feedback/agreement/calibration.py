"""How close each model came to the levels that people confirmed, and the weights that follow. Pure.

MSE of a model: mean over its drafts of the mean over criteria of (model's median - confirmed level) squared, in levels
squared. Weights come from ``feedback.agreement.weights``, from 30 confirmed drafts of every model on, never before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from feedback.agreement.confirmed import ConfirmedDraft
from feedback.agreement.weights import MINIMUM_CONFIRMED_DRAFTS, calibrated, reliability_weights


@dataclass(frozen=True)
class ModelRecord:
    """One model against the confirmed levels of ``n`` drafts. ``bias``: mean signed distance, above 0 is kinder."""

    n: int
    mse: float
    bias: float

    @property
    def distance(self) -> float:
        """The size of the leaning, whichever way it goes."""
        return abs(self.bias)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def model_records(drafts: Sequence[ConfirmedDraft]) -> dict[str, ModelRecord]:
    """Return every model that read confirmed drafts, by the name it was shown under."""
    errors: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for draft in drafts:
        gaps: dict[str, list[float]] = defaultdict(list)
        for verdict in draft.verdicts.values():
            if verdict.confirmed is not None:
                for model, median in verdict.medians.items():
                    gaps[model].append(median - verdict.confirmed)
        for model, values in gaps.items():
            errors[model].append((_mean(value**2 for value in values), _mean(values)))
    return {
        model: ModelRecord(len(rows), _mean(square for square, _ in rows), _mean(gap for _, gap in rows))
        for model, rows in sorted(errors.items())
    }


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


@dataclass(frozen=True)
class Calibration:
    """Weights of the models that read, summing to 1; ``weights`` is None until each has its 30 confirmed drafts."""

    confirmed: Mapping[str, int]
    weights: Mapping[str, float] | None
    minimum: int = MINIMUM_CONFIRMED_DRAFTS

    @property
    def missing(self) -> dict[str, int]:
        """How many confirmed drafts each model still lacks; models that have enough are left out."""
        return {model: self.minimum - n for model, n in self.confirmed.items() if n < self.minimum}


def calibrate(
    records: Mapping[str, ModelRecord], models: Sequence[str], *, own: Mapping[str, float] | None = None
) -> Calibration:
    """Return the calibration of ``models``. ``own``: factors the instructor set, 1 where there is none.

    The calibrated weights are at most three to one; a factor of the instructor's comes on top of that.
    """
    confirmed = {model: records[model].n if model in records else 0 for model in models}
    if not calibrated(confirmed):
        return Calibration(confirmed, None)
    weights = reliability_weights({model: records[model].mse for model in models}, confirmed)
    scaled = {model: weight * (own or {}).get(model, 1.0) for model, weight in weights.items()}
    total = sum(scaled.values())
    return Calibration(confirmed, {model: weight / total for model, weight in scaled.items()} if total else None)


def records_from_json(data: Mapping[str, Any]) -> dict[str, ModelRecord]:
    """Rebuild what ``ModelRecord.to_json`` gave, by model."""
    return {model: ModelRecord(**values) for model, values in data.items()}
