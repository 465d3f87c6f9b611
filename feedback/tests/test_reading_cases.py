"""Every case of one reading, as the case command runs them."""

from __future__ import annotations

from pathlib import Path

from feedback.tests.case_adapters import adversarial, payloads, reading
from feedback.tests.case_adapters.result import CaseResult

FOLDER = Path(__file__).with_name("cases") / "reading"


def test_every_case() -> None:
    """In one test: to name each case, collecting would have to run it, in every process."""
    results: list[CaseResult] = [*reading.run(FOLDER), *adversarial.run(FOLDER)]
    failed = [f"{result.case}: expected {result.expected}, got {result.got}" for result in results if not result.passed]
    assert len(results) > 60 and not failed, "\n".join(failed)


def test_the_judge_of_payloads_sees_what_acts_and_lets_text_be_text() -> None:
    payload = "<img src=x onerror=alert(1)> <script>x</script> [a](javascript:x) https://evil.example/"
    acting = [payload, '<a href="javascript:x">a</a>', '<a href="//evil.example/">a</a>']
    assert all(list(payloads.acting_markup(f"<p>{body}</p>", payload)) for body in acting)
    escaped = "&lt;img src=x onerror=alert(1)&gt; [a](javascript:x) href=&quot;https://evil.example/&quot;"
    assert not list(payloads.acting_markup(f"<p>{escaped}</p>", payload))
    assert list(payloads.formulas("a,=1+1\n")) and not list(payloads.formulas("a,'=1+1,-3,-0.5\n"))
