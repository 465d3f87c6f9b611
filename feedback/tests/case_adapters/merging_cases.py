"""Builds readings from the merge cases and judges what ``merge`` makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from feedback.contract import (
    CriterionSnapshot,
    LevelSnapshot,
    ReadCriterion,
    Reading,
    ReadItem,
    RubricSnapshot,
    RunReading,
)
from feedback.merging import Cluster, Member, MergedNotes, merge
from feedback.merging.notes import likeness
from feedback.reading.sentences import split_sentences
from feedback.tests.case_adapters.comparing import compare
from feedback.tests.case_adapters.quoting import located
from feedback.tests.case_adapters.result import CaseResult

MIN_F1 = 0.80
SHUFFLES = 20
_LEVELS = tuple(LevelSnapshot(position, str(position), "") for position in range(4))


def merge_results(file: str, key: str, case: Mapping[str, Any]) -> Iterator[CaseResult]:
    """Yield the results of one merge fixture: similarities, expectation, F1 and invariants, as far as it has them."""
    if "items" not in case:
        return
    notes = merge_fixture(case, case["items"])
    members = {_key(m): m for m in (*notes.quarantined, *(m for c in notes.clusters for m in c.members))}
    for pair in case.get("pair_similarity", []):
        a, b = tuple(pair["a"]), tuple(pair["b"])
        found = compare(pair["expected"], likeness(members[a], members[b]))
        yield CaseResult(file, f"{key}.similarity[{a}, {b}]", found.passed, found.expected, found.got)
    if "expected" in case:
        found = compare(_without_unknown(case["expected"], _described(notes, case)), _described(notes, case))
        yield CaseResult(file, f"{key}.expected", found.passed, found.expected, found.got)
    wanted = wanted_pairs(case)
    if wanted is not None:
        f1 = pairwise_f1(wanted, found_pairs(notes))
        yield CaseResult(file, f"{key}.F1", f1 >= MIN_F1, f">= {MIN_F1:.2f}", f"{f1:.3f}")
    broken = broken_invariants(case, notes)
    yield CaseResult(file, f"{key}.invariants", not broken, "all hold", "; ".join(broken) or "all hold")


def merge_fixture(case: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> MergedNotes:
    """Merge ``items`` (in this order) as comments on the fixture's draft."""
    draft = case["draft"]
    criteria = sorted({item["criterion_id"] for item in case["items"]} | set(case.get("criterion_weight", {})))
    weight = case.get("criterion_weight") or dict.fromkeys(criteria, 1 / len(criteria))
    gap = case.get("criterion_gap") or {}
    rubric = [CriterionSnapshot(name, name, "", weight.get(name, 0.0), _LEVELS) for name in criteria]
    # The product takes a weight as its share of all; the cases state the share itself.
    if sum(weight.values()) < 1 - 1e-9:
        rubric.append(CriterionSnapshot("(rest)", "", "", 1 - sum(weight.values()), _LEVELS))
    runs: dict[tuple[str, int], list[ReadItem]] = {}
    for item in items:
        runs.setdefault((item["model"], item["run"]), []).append(_read_item(item, draft))
    for model, count in (case.get("runs_ok") or {}).items():
        there = {run for name, run in runs if name == model}
        missing = count - len(there)
        for run in [number for number in range(1, count + len(there) + 1) if number not in there][: max(missing, 0)]:
            runs[model, run] = []
    readings = [RunReading(model, run, _reading(found, criteria)) for (model, run), found in runs.items()]
    return merge(
        readings,
        rubric=RubricSnapshot("rubric", tuple(rubric)),
        text=draft,
        sentences=split_sentences(draft),
        centres={name: 3 - 3 * gap[name] for name in criteria if name in gap},
        language=case.get("language", "en"),
    )


def _read_item(item: Mapping[str, Any], draft: str) -> ReadItem:
    return ReadItem(
        item_id=f"i{item['idx']}",
        criterion_key=item["criterion_id"],
        kind=item["kind"],
        tag=item["tag"],
        focus="task",
        comment=item["comment"],
        why="",
        next_step=item["next_step"],
        severity=item["severity"],
        absence=item["absence"],
        quotes=tuple(located(quote, draft) for quote in item["quotes"]),
    )


def _reading(items: Sequence[ReadItem], criteria: Sequence[str]) -> Reading:
    return Reading(
        criteria=tuple(ReadCriterion(name, 1, "", "", "medium") for name in criteria),
        items=tuple(items),
        goals=(),
        language="en",
        on_task="yes",
        addressed_to_reviewer=(),
        student_concern=False,
        last_sentence_id="P1.S1",
    )


def _key(member: Member) -> tuple[str, int, int]:
    return member.model, member.run, int(member.item.item_id[1:])


def _described(notes: MergedNotes, case: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {sentence.id: number for number, sentence in enumerate(split_sentences(case["draft"]))}
    return {
        "priorities": [_cluster(c, numbers) for c in notes.priorities],
        "strengths": [_cluster(c, numbers) for c in notes.strengths],
        "others": [_cluster(c, numbers) for c in (*notes.further, *notes.questions)],
        "held": [_cluster(c, numbers) for c in notes.held],
        "conflicts": [[list(_key(a.medoid)), list(_key(b.medoid))] for a, b in notes.conflicts],
        "quarantined": [list(_key(member)) for member in notes.quarantined],
        "n_clusters": len(notes.clusters),
        "n_items": len(case["items"]),
    }


def _cluster(cluster: Cluster, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "criterion_id": cluster.criterion_key,
        "kind": cluster.kind,
        "tag": cluster.tag,
        "severity": cluster.severity,
        "models": list(cluster.models),
        "n_models": len(cluster.models),
        "n_runs": cluster.n_runs,
        "support": cluster.support,
        "verified": cluster.located,
        "absence": cluster.absence,
        "priority": cluster.priority,
        "sources": [list(_key(member)) for member in cluster.members],
        "representative": list(_key(cluster.medoid)),
        "text": cluster.comment,
        "next_step": cluster.next_step,
        "sentences": [numbers[identifier] for identifier in cluster.sentence_ids],
    }


def _without_unknown(expected: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    return {name: expected.get(name, value) for name, value in described.items()}


def wanted_pairs(case: Mapping[str, Any]) -> set[frozenset[Any]] | None:
    """Pairs that belong together, by gold labels or else by the expected clusters; None when the case has neither."""
    if any("gold" in item for item in case["items"]):
        labels: dict[Any, list[Any]] = {}
        for item in case["items"]:
            if item.get("gold") is not None:
                labels.setdefault(item["gold"], []).append((item["model"], item["run"], item["idx"]))
        groups = list(labels.values())
    elif "expected_clusters" in case:
        groups = [[tuple(member) for member in group] for group in case["expected_clusters"]]
    else:
        return None
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def found_pairs(notes: MergedNotes) -> set[frozenset[Any]]:
    return {frozenset((_key(a), _key(b))) for c in notes.clusters for a, b in combinations(c.members, 2)}


def pairwise_f1(wanted: set[frozenset[Any]], found: set[frozenset[Any]]) -> float:
    """F1 of "in the same cluster"; 1 when nothing belongs together and nothing was joined."""
    if not wanted and not found:
        return 1.0
    return 2 * len(wanted & found) / (len(wanted) + len(found))


def broken_invariants(case: Mapping[str, Any], notes: MergedNotes, *, seed: int = 1) -> list[str]:
    """What must hold of any merge, and does not."""
    broken = []
    first = _described(notes, case)
    chance = random.Random(seed)
    for _ in range(SHUFFLES):
        if _described(merge_fixture(case, chance.sample(case["items"], len(case["items"]))), case) != first:
            broken.append("the result depends on the order of the items")
            break
    comments = {item["comment"] for item in case["items"]}
    shown = [cluster for cluster in notes.clusters if cluster.shown]
    several = len({item["model"] for item in case["items"]}) > 1
    conflicting = {cluster.key for pair in notes.conflicts for cluster in pair}
    checks = {
        "a shown text is nobody's comment": all(cluster.comment in comments for cluster in shown),
        "a shown note has neither quote nor absence": all(c.quotes or c.medoid.item.absence for c in shown),
        "a quarantined comment supports a note": not {_key(m) for m in notes.quarantined}
        & {_key(m) for c in notes.clusters for m in c.members},
        "a shown note has one model only": not several or all(len(c.models) >= 2 for c in shown),
        "a contradicted note is shown": not conflicting & {cluster.key for cluster in shown},
        "too much is shown": len(notes.priorities) <= 3 and len(notes.strengths) <= 2 and len(notes.further) <= 2,
        "a criterion has more than two priorities": all(
            sum(c.criterion_key == key for c in notes.priorities) <= 2 for key in {c.criterion_key for c in shown}
        ),
    }
    return broken + [name for name, holds in checks.items() if not holds]
