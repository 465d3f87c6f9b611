"""Lengths of time and counts, as pages print them."""

import pytest

from feedforward.templatetags.figures import duration, whole


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (12, "under 0.1 s"),
        (2068, "2.1 s"),
        (9949, "9.9 s"),
        (9951, "10 s"),
        (48_400, "48 s"),
        (59_700, "1 min 0 s"),
        (185_000, "3 min 5 s"),
    ],
)
def test_lengths_of_time(milliseconds: int | None, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(("number", "words"), [(None, "–"), (0, "0"), (1234, "1,234"), (2_000_000, "2,000,000")])
def test_counts(number: int | None, words: str) -> None:
    assert whole(number) == words
