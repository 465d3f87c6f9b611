"""Every case of one reading, as the case command runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback.tests.case_adapters.reading import run
from feedback.tests.case_adapters.result import CaseResult

RESULTS = list(run(Path(__file__).with_name("cases") / "reading"))


def test_there_are_cases() -> None:
    assert len(RESULTS) > 60


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.case)
def test_case(result: CaseResult) -> None:
    assert result.passed, f"expected {result.expected}, got {result.got}"
