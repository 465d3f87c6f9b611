"""The cases with known results, through the same adapter that ``make cases`` uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedback.tests.case_adapters.agreement import FILE, offered, run
from feedback.tests.case_adapters.comparing import same

CASES = Path(__file__).parent / "cases" / "agreement"


def test_every_case():
    """In one test: to name each case, collecting would have to run it, in every process."""
    results = list(run(CASES))
    failed = [f"{result.case}: expected {result.expected}, got {result.got}" for result in results if not result.passed]
    assert results and not failed, "\n".join(failed)
    keys = [key for key in json.loads((CASES / FILE).read_text()) if key != "about"]
    judged = {result.case.split("[")[0].split(".")[0] for result in results}
    assert set(keys) <= judged


def test_folder_without_cases_yields_nothing(tmp_path):
    assert list(run(tmp_path)) == []


def test_wrong_expectation_fails(tmp_path):
    data = json.loads((CASES / FILE).read_text())
    wrong = {"aggregate": data["aggregate"][:1], "qwk": data["qwk"][:1], "revision": data["revision"]}
    wrong["aggregate"][0]["expected"]["centre"] += 1e-5
    wrong["qwk"][0]["expected"] = 0.5
    wrong["revision"]["ops"][3]["type"] = "unchanged"
    (tmp_path / FILE).write_text(json.dumps(wrong))
    assert [result.passed for result in run(tmp_path)] == [False, False, False]


def test_case_that_raises_is_a_failure_and_stops_nothing(tmp_path):
    good = {"a": [0, 1], "b": [0, 1], "L": 2, "expected": 1.0}
    (tmp_path / FILE).write_text(json.dumps({"qwk": [{**good, "a": [9, 1]}, good]}))
    assert [result.passed for result in run(tmp_path)] == [False, True]


def test_only_what_the_product_does_not_offer_is_skipped():
    names = ["maximum", "pooled_mean", "pooled_median", "trimmed_mean", "scipy_trim_mean_0_2", "centre", "majority"]
    assert [name for name in names if offered(name)] == ["centre", "majority"]


@pytest.mark.parametrize(
    ("expected", "got", "equal"),
    [
        (1.0, 1.0000009, True),
        (1.0, 1.000002, False),
        (None, 0, False),
        (0, None, False),
        (True, 1, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [1], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("withheld", (1, 1), False),
    ],
)
def test_comparison(expected, got, equal):
    assert same(expected, got, 1e-6) is equal
