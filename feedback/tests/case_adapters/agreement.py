"""Runs the cases about agreement, merging, progress and the text check against the real code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from feedback.agreement import statistics, summary, weights
from feedback.agreement.aggregation import CriterionAgreement, combine
from feedback.agreement.flags import criterion_flags
from feedback.contract import CriterionSnapshot, LevelSnapshot
from feedback.merging.synthesis import SynthesisedNote, check_all
from feedback.progress.alignment import Alignment, align
from feedback.progress.goals import changed_near, verdict
from feedback.tests.case_adapters.comparing import Comparison, compare
from feedback.tests.case_adapters.merging_cases import merge_results
from feedback.tests.case_adapters.result import CaseResult
from feedback.textcheck import check_text

FILE = "oracles.json"
NOT_OFFERED = ("maximum", "pooled_*", "trimmed_mean", "scipy_*")
SKIPPED = f"{FILE}: skipped by name, because the product does not offer them: {', '.join(NOT_OFFERED)}"


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per case of ``oracles.json`` in ``folder`` that these modules answer for; none without it."""
    path = folder / FILE
    if not path.is_file():
        return
    data = json.loads(path.read_text(encoding="utf-8"))
    if "aggregate" in data or "small_stats" in data:
        print(SKIPPED)
    for key, runner in _RUNNERS.items():
        for number, case in enumerate(data.get(key, [])):
            yield _guarded(f"{key}[{case.get('name', number)}]", runner, case)
    for key, found in data.items():
        if key.startswith("merge"):
            for case in found if isinstance(found, list) else [found]:
                yield from merge_results(FILE, f"{key}.{case['name']}" if isinstance(found, list) else key, case)
    if "synthesis_check" in data:
        yield from _synthesis(data["synthesis_check"])
    if "revision" in data:
        yield from _revision(data["revision"], data.get("uptake", []))
    for number, case in enumerate(data.get("offline", [])):
        yield _guarded(f"offline[{case.get('name', number)}]", _offline, case)


def _guarded(name: str, runner: Callable[[Any], Comparison], case: Any) -> CaseResult:
    try:
        comparison = runner(case)
    except Exception as error:  # a case that raises is a failing case; the others still run
        return CaseResult(FILE, name, False, "no error", f"{type(error).__name__}: {error}")
    return CaseResult(FILE, name, comparison.passed, comparison.expected, comparison.got)


def offered(name: str) -> bool:
    """Whether the product has a counterpart to a field of the cases."""
    return name not in ("maximum", "trimmed_mean") and not name.startswith(("pooled_", "scipy_"))


def _aggregate(case: Mapping[str, Any]) -> Comparison:
    arguments = {
        "level_count": case["L"],
        "planned": case.get("planned", sum(len(levels) for levels in case["runs"].values())),
        "pass_position": case.get("pass_level"),
    }
    got = combine(case["runs"], **arguments)
    every = [level for levels in case["runs"].values() for level in levels if level is not None]
    fields: dict[str, Any] = {
        "n_valid": got.n_valid, "planned": got.planned, "n_models": got.n_models, "centre": got.centre,
        "level": got.level, "band": got.band, "near_cut": got.near_cut, "spread": got.spread,
        "model_medians": got.model_medians, "model_range": got.model_range, "gmd_models": got.gmd,
        "run_range": got.run_range, "within_model_range": got.model_ranges, "agreement_models": got.agreement,
    }  # fmt: skip
    if every:
        fields |= {
            "median_of_model_medians": combine(case["runs"], method="median_of_medians", **arguments).centre,
            "mean_of_model_means": combine(case["runs"], method="mean_of_model_means", **arguments).centre,
            "majority": combine(case["runs"], method="majority", **arguments).centre,
            "modes": summary.modes(every),
            "modal_share": summary.modal_share(every),
            "mad": summary.median_absolute_deviation(every),
        }
    expected = {name: value for name, value in case["expected"].items() if offered(name)}
    found = {name: fields.get(name, "no such field") for name in expected}
    if "flags" in case:
        expected["flags"] = sorted(map(tuple, case["flags"]))
        found["flags"] = sorted(_flag_names(got, case["L"]))
    if "display" in case:
        expected["display"] = case["display"]
        found["display"] = "withheld" if got.withheld else got.band
    return compare(expected, found)


def _flag_names(agreement: CriterionAgreement, level_count: int) -> Iterator[tuple[str, str]]:
    levels = tuple(LevelSnapshot(position, f"level {position}", "") for position in range(level_count))
    for flag in criterion_flags(CriterionSnapshot("c1", "Criterion", "", 1.0, levels), agreement):
        if flag.code == "DISSENT":
            yield from ((f"DISSENT:{model}", flag.severity) for model in agreement.dissenting)
        else:
            yield flag.code, flag.severity


def _weighted(case: Mapping[str, Any]) -> Comparison:
    got = combine(case["runs"], level_count=case.get("L", 10), planned=1, method="weighted", weights=case["weights"])
    medians = got.model_medians
    found = {
        "weighted_mean": got.centre,
        "weighted_median": summary.weighted_median(list(medians.values()), [case["weights"][m] for m in medians]),
    }
    return compare({name: case[name] for name in found if name in case}, found)


def _small_stats(case: Mapping[str, Any]) -> Comparison:
    x = case["x"]
    found = {
        "mean": summary.mean(x), "median": summary.median(x), "lower_median": summary.lower_median(x),
        "upper_median": summary.upper_median(x), "mad": summary.median_absolute_deviation(x),
        "majority": summary.majority(x), "modes": summary.modes(x), "gmd": summary.gini_mean_difference(x),
        "iqr_numpy_linear": summary.interquartile_range(x), "range": summary.value_range(x),
        "var_pop": summary.population_variance(x),
    }  # fmt: skip
    expected = {name: value for name, value in case.items() if name not in ("x", "name", "note") and offered(name)}
    return compare(expected, {name: found.get(name, "no such field") for name in expected})


def _effective_n(case: Mapping[str, Any]) -> Comparison:
    variances = {"model_variance": case["var_model"], "run_variance": case["var_run"]}
    found = {
        "var_mean": weights.variance_of_mean(case["M"], case["R"], **variances),
        "n_effective": weights.effective_readings(case["M"], case["R"], **variances),
    }
    return compare({name: case[name] for name in found if name in case}, found)


def _reliability_weights(case: Mapping[str, Any]) -> Comparison:
    limits = {"shrinkage_drafts": case.get("n0", weights.SHRINKAGE_DRAFTS), "cap": case.get("cap", weights.CAP)}
    return compare(case["expected"], weights.reliability_weights(case["mse"], case["n"], **limits))


def _qwk(case: Mapping[str, Any]) -> Comparison:
    return compare(case["expected"], statistics.qwk(case["a"], case["b"], level_count=case["L"]))


def _krippendorff(case: Mapping[str, Any]) -> Comparison:
    # The reference raises where alpha is undefined; the product says None.
    expected = {m: None if isinstance(value, str) else value for m, value in case["expected"].items()}
    return compare(expected, {m: statistics.krippendorff_alpha(case["rows"], metric=m) for m in expected})


def _icc(case: Mapping[str, Any]) -> Comparison:
    return compare(case["expected"], statistics.icc(case["matrix"]))


def _synthesis(data: Mapping[str, Any]) -> Iterator[CaseResult]:
    clusters = {name: cluster["texts"] for name, cluster in data["clusters"].items()}

    def check(case: Mapping[str, Any]) -> Comparison:
        notes = [SynthesisedNote(s["cluster_id"], s["text"], tuple(s["used"])) for s in case["synth"]]
        got = check_all(notes, clusters=clusters, draft=data["draft"])

        def prefixes(reasons: Mapping[str, list[str]]) -> dict[str, list[str]]:
            return {name: sorted(reason.split(":")[0] for reason in found) for name, found in reasons.items()}

        return compare(prefixes(case["expected"]), prefixes(got))

    for number, case in enumerate(data["cases"]):
        yield _guarded(f"synthesis_check[{case.get('name', number)}]", check, case)


def _revision(data: Mapping[str, Any], uptake: list[Mapping[str, Any]]) -> Iterator[CaseResult]:
    revisions = data if isinstance(data, list) else [data]
    for number, case in enumerate(revisions):
        yield _guarded(f"revision[{case.get('name', number)}]", _operations, case)
    alignment = align(revisions[0]["old_sentences"], revisions[0]["new_sentences"])
    for number, case in enumerate(uptake):
        yield _guarded(f"uptake[{case.get('name', number)}]", lambda c: _uptake(c, alignment), case)


def _operations(case: Mapping[str, Any]) -> Comparison:
    alignment = align(case["old_sentences"], case["new_sentences"])
    got = {
        f"{change.old}->{change.new}": (change.change, round(change.similarity or 0, 4), change.moved)
        for change in alignment.changes
    }
    expected = {
        f"{op['old']}->{op['new']}": (op["type"], round(op.get("sim") or 0, 4), op.get("moved", False))
        for op in case["ops"]
    }
    return compare(
        {"ops": expected, "summary": case.get("summary", alignment.summary)},
        {"ops": got, "summary": alignment.summary},
        tolerance=1.01e-4,
    )


def _uptake(case: Mapping[str, Any], alignment: Alignment) -> Comparison:
    changed = case["changed"] if "changed" in case else changed_near(alignment, case.get("goal_old_sentences", []))
    got = verdict(
        case["panel"],
        changed=changed,
        new_quote_verified=case["new_quote_verified"],
        offline=case.get("offline", False),
    )
    return compare(case["expected"], got)


def _offline(case: Mapping[str, Any]) -> Comparison:
    counts = check_text(case["text"], language="en", key_terms=case.get("rubric_terms", [])).counts
    found = {name: getattr(counts, name, "no such field") for name in case["expected"]}
    if "rubric_term_coverage" in found:
        found["rubric_term_coverage"] = counts.term_coverage
    # These two are rounded to four places in the cases.
    return compare(case["expected"], found, tolerance=5.1e-5)


_RUNNERS: dict[str, Callable[[Any], Comparison]] = {
    "aggregate": _aggregate,
    "weighted": _weighted,
    "small_stats": _small_stats,
    "effective_n": _effective_n,
    "reliability_weights": _reliability_weights,
    "qwk": _qwk,
    "krippendorff": _krippendorff,
    "icc": _icc,
}
