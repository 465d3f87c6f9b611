"""Average linkage, the same for any order of what comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def average_linkage(
    things: Sequence[Thing], similarity: Callable[[Thing, Thing], float], *, threshold: float
) -> list[list[Thing]]:
    """Join the two most alike clusters until none are alike by ``threshold`` on average.

    ``things`` must come in their canonical order: of equally alike pairs the one whose first members come
    first is joined, so the result depends on that order alone. Clusters and their members keep it too.
    """
    count = len(things)
    # total[i][j]: sum of the similarities between the members of clusters i and j.
    total = [[0.0] * count for _ in range(count)]
    for i in range(count):
        for j in range(i + 1, count):
            total[i][j] = total[j][i] = similarity(things[i], things[j])
    members = {i: [i] for i in range(count)}
    best = {i: _best_partner(i, members, total) for i in members}

    while len(members) > 1:
        score, left = max(((best[i][0], -i) for i in members), default=(0.0, 0))
        left = -left
        right = best[left][1]
        if score < threshold - 1e-9:
            break
        left, right = min(left, right), max(left, right)
        for other in members:
            if other not in (left, right):
                total[left][other] += total[right][other]
                total[other][left] = total[left][other]
        members[left] = sorted(members[left] + members.pop(right))
        del best[right]
        for i in members:
            if i == left or best[i][1] in (left, right):
                best[i] = _best_partner(i, members, total)
            else:
                candidate = _average(i, left, members, total)
                if (candidate, -left) > (best[i][0], -best[i][1]):
                    best[i] = (candidate, left)
    return [[things[i] for i in members[root]] for root in sorted(members)]


def _average(i: int, j: int, members: dict[int, list[int]], total: list[list[float]]) -> float:
    # Rounded, so that equal averages summed in a different order stay equal.
    return round(total[i][j] / (len(members[i]) * len(members[j])), 9)


def _best_partner(i: int, members: dict[int, list[int]], total: list[list[float]]) -> tuple[float, int]:
    """The cluster most alike to ``i`` and how alike; of several the first. (-1, i) when there is no other."""
    found = (-1.0, i)
    for j in sorted(members):
        if j != i:
            average = _average(i, j, members, total)
            if average > found[0]:
                found = (average, j)
    return found
