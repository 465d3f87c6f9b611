"""Every case of one reading, as the case command runs them."""

from __future__ import annotations

from pathlib import Path

from feedback.tests.case_adapters import adversarial, reading
from feedback.tests.case_adapters.result import CaseResult

FOLDER = Path(__file__).with_name("cases") / "reading"


def test_every_case() -> None:
    """In one test: to name each case, collecting would have to run it, in every process."""
    results: list[CaseResult] = [*reading.run(FOLDER), *adversarial.run(FOLDER)]
    failed = [f"{result.case}: expected {result.expected}, got {result.got}" for result in results if not result.passed]
    assert len(results) > 60 and not failed, "\n".join(failed)
