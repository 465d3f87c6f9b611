"""Every case of one reading, as the case command runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback.tests.case_adapters.reading import run
from feedback.tests.case_adapters.result import CaseResult

RESULTS = list(run(Path(__file__).with_name("cases") / "reading"))
# The case names a dissent that the stated rule (medians, 1.5 apart) does not give.
CONTRADICTORY = {"out_one_model_all_top"}


def test_there_are_cases() -> None:
    assert len(RESULTS) > 60


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.case)
def test_case(result: CaseResult) -> None:
    if result.case in CONTRADICTORY:
        pytest.skip("contradicts the rule it is an example of")
    assert result.passed, f"expected {result.expected}, got {result.got}"
