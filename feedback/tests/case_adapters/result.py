"""What a case adapter yields: one line per case, passed or not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseResult:
    """``expected`` and ``got`` are short texts for a person; ``file`` is the name of the case file."""

    file: str
    case: str
    passed: bool
    expected: str
    got: str
