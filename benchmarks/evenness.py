"""Do times tell apart what they must not? Medians, their noise, and a verdict that does not hang on a quiet machine. Pure."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHUFFLES = 999
# So seldom would chance alone draw medians as far apart as were measured, before we say that it was not chance.
CHANCE = 0.01


@dataclass(frozen=True)
class Evenness:
    """``apart_s``: between the slowest and the fastest median; ``noise_s``: how far apart chance alone draws them in 99 of
    100 cases; ``chance``: how often it draws them as far apart as ``apart_s``, or further."""

    medians_s: dict[str, float]
    apart_s: float
    noise_s: float
    chance: float

    @property
    def is_even(self) -> bool:
        return self.chance >= CHANCE

    @property
    def ratio(self) -> float:
        """Slowest to fastest median."""
        return max(self.medians_s.values()) / min(self.medians_s.values())


def _apart(columns: Sequence[Sequence[float]]) -> float:
    medians = [statistics.median(column) for column in columns]
    return max(medians) - min(medians)


def evenness(seconds: Mapping[str, Sequence[float]], *, seed: int = 1) -> Evenness:
    """Judge times (seconds) that were taken in rounds, one of each kind a round.

    A permutation test: were the kinds alike, the times of one round could have been drawn in any order. Shuffled within
    rounds, so that a machine that grows slower in between, or stops for a second, counts as noise and not as a
    difference. ``seconds`` holds as many times of every kind, in the order of the rounds.
    """
    names, rounds = list(seconds), list(zip(*seconds.values(), strict=True))
    measured = _apart(list(seconds.values()))
    shuffler = random.Random(seed)  # nosec B311 - a test of numbers, no secret
    drawn = sorted(
        _apart(list(zip(*(shuffler.sample(times, len(times)) for times in rounds), strict=True)))
        for _ in range(SHUFFLES)
    )
    beyond = sum(apart >= measured for apart in drawn)
    return Evenness(
        medians_s={name: statistics.median(seconds[name]) for name in names},
        apart_s=measured,
        noise_s=drawn[round(0.99 * (SHUFFLES - 1))],
        chance=(beyond + 1) / (SHUFFLES + 1),
    )
