"""What people confirmed of what models said, as values: the ground of coefficients and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """One criterion of one confirmed draft. Levels are 0-based; None is none given, never 0.

    ``medians``: level per model, halves possible; stand-ins are left out: they were asked because another failed.
    """

    level_count: int
    confirmed: int | None
    suggested: int | None
    medians: Mapping[str, float]


@dataclass(frozen=True)
class ConfirmedDraft:
    """One draft with its verdicts by criterion key."""

    feedback_id: int
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
