"""Comments of several readings become a few notes. No model takes part, and nothing is lost.

Comments on the same criterion, of the same kind and about the same thing form a cluster; its text is the
words of one of them, verbatim. A few clusters are shown to the student by default, chosen by who supports
them and what they would change; all others stay within the instructor's reach with the reason why not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from feedback.contract import Kind, Quote, ReadItem, RubricSnapshot, RunReading, Sentence
from feedback.merging.clusters import average_linkage
from feedback.merging.places import Places
from feedback.merging.selection import Section, select
from feedback.merging.similarity import (
    HIGHER_ORDER_TAGS,
    THRESHOLD,
    Mark,
    overlap,
    similarity,
    stems,
    tag_similarity,
)

_HIGHER_ORDER_FACTOR = 1.5
_CONFLICT_OVERLAP = 0.5
_CONFLICT_TAG = 0.5


@dataclass(frozen=True)
class Member:
    """One comment of one run. ``quotes``: only those located in the draft. ``sentence_ids``: where these lie."""

    model: str
    run: int
    item: ReadItem
    quotes: tuple[Quote, ...]
    mark: Mark

    @property
    def key(self) -> tuple[str, int, int, str]:
        """Sorts members alike whatever order they arrived in ("i2" before "i10")."""
        return (self.model, self.run, len(self.item.item_id), self.item.item_id)

    @property
    def located(self) -> bool:
        return bool(self.mark.sentence_ids)


@dataclass(frozen=True)
class Cluster:
    """Comments that say the same.

    ``key`` is stable for the same readings ("n1" is the most urgent). ``support`` 0..1: mean over models of the
    share of a model's runs that said it. ``severity``: median, 1..3. ``section``: where the student would see it,
    "" when not shown; then ``why_not_shown`` says why. ``conflict_with``: keys of clusters that say the
    opposite of the same place. ``single_model``: shown on the word of one model's repeated runs, to be marked.
    """

    key: str
    criterion_key: str
    kind: Kind
    tag: str
    severity: float
    members: tuple[Member, ...]
    medoid: Member
    support: float
    priority: float
    models: tuple[str, ...]
    n_runs: int
    sentence_ids: tuple[str, ...]  # in the order of the draft
    quotes: tuple[Quote, ...]  # the medoid's, else those of the first located member
    single_model: bool = False
    section: Section = ""
    why_not_shown: str = ""
    conflict_with: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        return bool(self.section)

    @property
    def located(self) -> bool:
        return bool(self.sentence_ids)

    @property
    def absence(self) -> bool:
        """About something missing: no place in the draft can exist."""
        return not self.sentence_ids

    @property
    def comment(self) -> str:
        return self.medoid.item.comment

    @property
    def why(self) -> str:
        return self.medoid.item.why

    @property
    def next_step(self) -> str:
        return self.medoid.item.next_step


@dataclass(frozen=True)
class MergedNotes:
    """All clusters, most urgent first, and the comments that count for nothing because no place was found."""

    clusters: tuple[Cluster, ...]
    quarantined: tuple[Member, ...]

    def in_section(self, section: Section) -> tuple[Cluster, ...]:
        """The clusters of one section, most urgent first; "" gives those not shown."""
        return tuple(cluster for cluster in self.clusters if cluster.section == section)

    @property
    def priorities(self) -> tuple[Cluster, ...]:
        return self.in_section("priority")

    @property
    def strengths(self) -> tuple[Cluster, ...]:
        return self.in_section("strength")

    @property
    def further(self) -> tuple[Cluster, ...]:
        return self.in_section("further")

    @property
    def questions(self) -> tuple[Cluster, ...]:
        return self.in_section("question")

    @property
    def held(self) -> tuple[Cluster, ...]:
        return self.in_section("")

    @property
    def conflicts(self) -> tuple[tuple[Cluster, Cluster], ...]:
        """Each pair of contradicting clusters once, the strength first."""
        by_key = {cluster.key: cluster for cluster in self.clusters}
        return tuple(
            (cluster, by_key[other])
            for cluster in self.clusters
            if cluster.kind == "strength"
            for other in cluster.conflict_with
        )


def likeness(first: Member, second: Member) -> float:
    """How alike two comments are, 0..1; 0 across criteria or kinds, which are never merged."""
    if (first.item.criterion_key, first.item.kind) != (second.item.criterion_key, second.item.kind):
        return 0.0
    return similarity(first.mark, second.mark)


def merge(
    readings: Sequence[RunReading],
    *,
    rubric: RubricSnapshot,
    text: str,
    sentences: Sequence[Sentence],
    centres: Mapping[str, float | None],
    language: str = "en",
) -> MergedNotes:
    """Merge the comments of ``readings``; the same result for any order of them.

    ``text`` and ``sentences`` are the draft's; ``centres`` per criterion key as combined (None or missing: the level
    is open, and the criterion's gap to its target is not known and adds no urgency); ``language`` is the one the
    comments are written in. Comments on criteria the rubric does not have are ignored.
    """
    places = Places(text, sentences)
    known = {criterion.key for criterion in rubric.criteria}
    members: list[Member] = []
    quarantined: list[Member] = []
    for reading in readings:
        for item in reading.reading.items:
            if item.criterion_key in known:
                member = _member(reading, item, places, language)
                usable = (member.located or item.absence) and not item.quarantined
                if usable and not reading.reading.comments_dropped:
                    members.append(member)
                else:
                    quarantined.append(member)
    members.sort(key=lambda member: member.key)

    groups: dict[tuple[str, str], list[Member]] = {}
    for member in members:
        groups.setdefault((member.item.criterion_key, member.item.kind), []).append(member)
    urgency = _urgency(rubric, centres)
    runs = _runs_per_model(readings, known)
    clusters = [
        _cluster(found, urgency=urgency, runs=runs[key], places=places, rubric=rubric)
        for (key, _kind), group in sorted(groups.items())
        for found in average_linkage(group, likeness, threshold=THRESHOLD)
    ]
    clusters.sort(key=lambda cluster: (-round(cluster.priority, 9), -len(cluster.models), cluster.members[0].key))
    named = [replace(cluster, key=f"n{number}") for number, cluster in enumerate(clusters, start=1)]
    return MergedNotes(
        clusters=tuple(select(_with_conflicts(named), models=len({reading.model for reading in readings}), runs=runs)),
        quarantined=tuple(sorted(quarantined, key=lambda member: member.key)),
    )


def _member(reading: RunReading, item: ReadItem, places: Places, language: str) -> Member:
    quotes = tuple(quote for quote in item.quotes if places.holds(quote))
    return Member(
        model=reading.model,
        run=reading.run,
        item=item,
        quotes=quotes,
        mark=Mark(
            sentence_ids=frozenset(identifier for quote in quotes for identifier in places.sentence_ids(quote)),
            tag=item.tag,
            stems=stems(f"{item.comment} {item.next_step}", language=language),
        ),
    )


def _runs_per_model(readings: Sequence[RunReading], known: set[str]) -> dict[str, dict[str, int]]:
    """Per criterion and model, the number of runs that were asked about the criterion.

    An extra run that was asked about one criterion only must not dilute the support of comments on the others.
    """
    runs: dict[str, Counter[str]] = {key: Counter() for key in known}
    for reading in readings:
        asked = {criterion.criterion_key for criterion in reading.reading.criteria} or known
        for key in asked & known:
            runs[key][reading.model] += 1
    return {key: dict(counts) for key, counts in runs.items()}


def _urgency(rubric: RubricSnapshot, centres: Mapping[str, float | None]) -> dict[str, float]:
    """Per criterion 1 + weight x gap: weight as a share of all weights, gap to the target as a share of the scale."""
    weights = sum(criterion.weight for criterion in rubric.criteria)
    urgency = {}
    for criterion in rubric.criteria:
        top = criterion.level_count - 1
        target = top if criterion.target_position is None else criterion.target_position
        centre = centres.get(criterion.key)
        gap = 0.0 if centre is None or top < 1 else max(target - centre, 0.0) / top
        urgency[criterion.key] = 1 + (criterion.weight / weights if weights else 0.0) * gap
    return urgency


def _cluster(
    members: Sequence[Member],
    *,
    urgency: Mapping[str, float],
    runs: Mapping[str, int],
    places: Places,
    rubric: RubricSnapshot,
) -> Cluster:
    key = members[0].item.criterion_key
    medoid = _medoid(members)
    tag = _common_tag(members, medoid)
    runs_that_said_it = {(member.model, member.run) for member in members}
    said = Counter(model for model, _run in runs_that_said_it)
    models = tuple(sorted(said))
    asked = {**{model: said[model] for model in models if model not in runs}, **runs}
    support = sum(said[model] / asked[model] for model in asked) / len(asked)
    severity = float(median(member.item.severity for member in members))
    higher = tag in HIGHER_ORDER_TAGS and rubric.criterion(key).higher_order
    with_place = medoid if medoid.located else next((member for member in members if member.located), medoid)
    return Cluster(
        key="",
        criterion_key=key,
        kind=medoid.item.kind,
        tag=tag,
        severity=severity,
        members=tuple(members),
        medoid=medoid,
        support=support,
        priority=support * severity * (_HIGHER_ORDER_FACTOR if higher else 1.0) * urgency[key],
        models=models,
        n_runs=len(runs_that_said_it),
        sentence_ids=places.in_order({identifier for member in members for identifier in member.mark.sentence_ids}),
        quotes=with_place.quotes,
    )


def _medoid(members: Sequence[Member]) -> Member:
    """The comment most like all the others; of equals the shorter, then the first."""

    def to_all(member: Member) -> float:
        return round(sum(likeness(member, other) for other in members if other is not member), 9)

    return min(members, key=lambda member: (-to_all(member), len(member.item.comment), member.key))


def _common_tag(members: Sequence[Member], medoid: Member) -> str:
    """The most frequent tag; of equals the medoid's, then the first by name."""
    counts = Counter(member.item.tag for member in members)
    return min(counts, key=lambda tag: (-counts[tag], tag != medoid.item.tag, tag))


def _with_conflicts(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Note which clusters praise and fault the same thing at the same place."""
    against: dict[str, list[str]] = {cluster.key: [] for cluster in clusters}
    for praise in clusters:
        for fault in clusters:
            if praise.kind == "strength" and fault.kind == "issue" and _contradict(praise, fault):
                against[praise.key].append(fault.key)
                against[fault.key].append(praise.key)
    return [replace(cluster, conflict_with=tuple(against[cluster.key])) for cluster in clusters]


def _contradict(praise: Cluster, fault: Cluster) -> bool:
    return (
        praise.criterion_key == fault.criterion_key
        and overlap(frozenset(praise.sentence_ids), frozenset(fault.sentence_ids)) >= _CONFLICT_OVERLAP
        and tag_similarity(praise.tag, fault.tag) >= _CONFLICT_TAG
    )
