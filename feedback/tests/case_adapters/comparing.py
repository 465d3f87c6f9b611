"""Comparing what a case expects with what came out, number by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Comparison:
    """``expected`` and ``got`` name only what differs."""

    passed: bool
    expected: str
    got: str


def compare(expected: Any, got: Any, *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare numbers within ``tolerance``, sequences and mappings piece by piece, all else for equality."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        names = [n for n in {**expected, **got} if not same(expected.get(n, "-"), got.get(n, "-"), tolerance)]
        wanted = {name: expected.get(name, "nothing") for name in names}
        found = {name: got.get(name, "nothing") for name in names}
        return Comparison(not names, str(wanted), str(found))
    return Comparison(same(expected, got, tolerance), str(expected), str(got))


def same(expected: Any, got: Any, tolerance: float) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected is got
    if isinstance(expected, Real) and isinstance(got, Real):
        return abs(float(expected) - float(got)) <= tolerance
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return expected.keys() == got.keys() and all(same(expected[k], got[k], tolerance) for k in expected)
    if isinstance(expected, str) or isinstance(got, str):
        return expected == got
    if isinstance(expected, Sequence) and isinstance(got, Sequence):
        return len(expected) == len(got) and all(same(a, b, tolerance) for a, b in zip(expected, got, strict=True))
    return expected == got
