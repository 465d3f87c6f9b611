"""Runs the cases about one reading: sentences, quotations, and answers as models give them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from feedback.reading.answer import AnswerRejected, first_problem
from feedback.reading.evidence import Locator
from feedback.reading.json_text import read_object
from feedback.reading.normalising import normalise
from feedback.reading.sentences import split_sentences
from feedback.tests.case_adapters.result import CaseResult


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per case of this part of ``oracles.json`` in ``folder``; none without it."""
    oracles = folder / "oracles.json"
    if oracles.exists():
        yield from _oracles(json.loads(oracles.read_text(encoding="utf-8")))


def _oracles(data: Mapping[str, Any]) -> Iterator[CaseResult]:
    quotes = data.get("quotes", {})
    for group in ("cases", "cases_invisible"):
        for number, case in enumerate(quotes.get(group, ())):
            case = {"draft": quotes.get("draft", ""), **case}
            yield _guarded(f"quotes.{group}[{case.get('name', number)}]", _quote, case)
    for key, runner in _RUNNERS.items():
        for number, case in enumerate(data.get(key, ())):
            yield _guarded(f"{key}[{case.get('name', number)}]", runner, case)


def _guarded(name: str, runner: Callable[[str, Any], CaseResult], case: Any) -> CaseResult:
    try:
        return runner(name, case)
    except Exception as error:  # a case that raises is a failing case; the others still run
        return CaseResult("oracles.json", name, False, "no error", f"{type(error).__name__}: {error}")


def _normalise(name: str, case: Mapping[str, Any]) -> CaseResult:
    return _result(name, case["expected"], normalise(case["text"], compose=False))


def _sentences(name: str, case: Mapping[str, Any]) -> CaseResult:
    return _result(name, case["expected"], [sentence.text for sentence in split_sentences(case["text"])])


def _schema(name: str, case: Mapping[str, Any]) -> CaseResult:
    return _result(name, case["valid"], not first_problem(case["instance"]))


def _quote(name: str, case: Mapping[str, Any]) -> CaseResult:
    draft = case["draft"]
    found = Locator(draft, split_sentences(draft)).locate(case["quote"], case.get("sentence_id", ""))
    status = {"verified": "exact" if found.score is None else "near", "digits": "not_found", "negation": "not_found"}
    got = {
        "status": status.get(found.status, found.status),
        "span": None if found.start is None else [found.start, found.end],
        "score": 100.0 if found.score is None else found.score,
        "text": found.shown or None,
    }
    expected = case["expected"]
    close = abs(got["score"] - expected["score"]) <= 0.0051  # the cases state scores to two decimals
    passed = close and all(got[key] == expected[key] for key in ("status", "span", "text"))
    return CaseResult("oracles.json", name, passed, str(expected), str(got))


def _json_repair(name: str, case: Mapping[str, Any]) -> CaseResult:
    try:
        found = read_object(case["raw"], finish_reason=case.get("finish_reason", "stop"))
        got = "accept" if found.how == "strict" else f"accept_{found.how}"
        passed = got == case["decision"].removesuffix("_strict") and found.value == case.get("repaired", found.value)
    except AnswerRejected as rejected:
        got = {
            "REFUSED": "refusal",
            "EMPTY": "reject_empty",
            "TWO_OBJECTS": "reject_two_objects",
            "LEVEL_NOT_INTEGER": "reject_level_not_integer",
            "DUPLICATE_KEY": "reject_duplicate_key",
            "NAN": "reject_nan",
            "TRUNCATED": "reject_truncated",
        }.get(rejected.reason, f"reject_{rejected.reason.lower()}")
        wanted = case["decision"]
        passed = got == wanted or (wanted.startswith("reject") and _same_sense(got, wanted))
    return CaseResult("oracles.json", name, passed, case["decision"], got)


def _same_sense(got: str, wanted: str) -> bool:
    """Names of rejections are ours; what counts beyond the known ones is that nothing was accepted."""
    known = {"reject_empty", "reject_two_objects", "reject_level_not_integer"}
    return got.startswith("reject") and wanted not in known


def _result(name: str, expected: object, got: object) -> CaseResult:
    return CaseResult("oracles.json", name, expected == got, str(expected), str(got))


_RUNNERS: dict[str, Callable[[str, Any], CaseResult]] = {
    "normalise": _normalise,
    "sentences": _sentences,
    "json_repair": _json_repair,
    "schema": _schema,
}
