from decimal import Decimal

import pytest

from feedforward.money import money


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "not known"),
        (0, "$0.00"),
        (Decimal("0.00000042"), "under $0.0001"),
        (Decimal("0.0001"), "$0.0001"),
        (Decimal("0.004234"), "$0.0042"),
        (Decimal("0.00996"), "$0.01"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("0.125"), "$0.13"),
        (Decimal("12.3"), "$12.30"),
        (Decimal("999.999"), "$1,000.00"),
        (Decimal("1234.5"), "$1,235"),
        (1234567, "$1,234,567"),
        (0.1, "$0.10"),
        (Decimal("-3"), "−$3.00"),
    ],
)
def test_amounts(usd: Decimal | float | None, words: str) -> None:
    assert money(usd) == words
