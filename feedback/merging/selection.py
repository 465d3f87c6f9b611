"""Which clusters a student sees by default: few, supported by more than one reader, and not contradicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from feedback.merging.notes import Cluster

Section = Literal["priority", "strength", "further", "question", ""]

MAX_PRIORITIES = 3
MAX_PRIORITIES_PER_CRITERION = 2
MAX_STRENGTHS = 2
MAX_FURTHER = 2
MAX_QUESTIONS = 1

# One model alone counts when it said so in two of at least three runs.
SINGLE_MODEL_MIN_SAID = 2
SINGLE_MODEL_MIN_RUNS = 3


def select(clusters: Sequence[Cluster], *, models: int, runs: Mapping[str, Mapping[str, int]]) -> list[Cluster]:
    """Give each cluster its section, or the reason why it has none.

    ``clusters``: most urgent first; ``models``: how many models took part; ``runs``: per criterion and model the
    number of runs asked.
    """
    taken: Counter[Section] = Counter()
    priorities_of: Counter[str] = Counter()
    chosen = []
    for cluster in clusters:
        alone = models == 1
        reason = _not_eligible(cluster, alone=alone, runs=runs[cluster.criterion_key])
        section: Section = ""
        if not reason:
            section, reason = _section(cluster, taken, priorities_of)
        if section:
            taken[section] += 1
            priorities_of[cluster.criterion_key] += section == "priority"
        chosen.append(replace(cluster, section=section, why_not_shown=reason, single_model=bool(section) and alone))
    return chosen


def _not_eligible(cluster: Cluster, *, alone: bool, runs: Mapping[str, int]) -> str:
    if cluster.conflict_with:
        return "Reviewers contradict each other here."
    if alone:
        asked = max(runs.values(), default=0)
        if cluster.n_runs < SINGLE_MODEL_MIN_SAID or asked < SINGLE_MODEL_MIN_RUNS:
            return f"Only one model took part; {cluster.n_runs} of its {asked} runs said this."
    elif len(cluster.models) < 2:
        return "Only one reviewer noticed this."
    return ""


def _section(cluster: Cluster, taken: Counter[Section], priorities_of: Counter[str]) -> tuple[Section, str]:
    if cluster.kind == "strength":
        if taken["strength"] < MAX_STRENGTHS:
            return "strength", ""
        return "", "Two strengths with more support are shown."
    if cluster.kind == "question":
        if taken["question"] < MAX_QUESTIONS:
            return "question", ""
        return "", "A question with more support is shown."
    if taken["priority"] < MAX_PRIORITIES and priorities_of[cluster.criterion_key] < MAX_PRIORITIES_PER_CRITERION:
        return "priority", ""
    if taken["further"] < MAX_FURTHER:
        return "further", ""
    return "", "Enough notes that are more urgent are shown."
