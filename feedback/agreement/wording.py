"""How far reviewers agree, said in a sentence a person understands without statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(medians: Sequence[Fraction]) -> str:
    """Return e.g. "2 of 3 reviewers chose the same level, the third is one lower".

    ``medians``: one level per model, halves possible. No level is named, so the sentence is fit for
    places where levels are hidden.
    """
    count = len(medians)
    if count == 0:
        return "no reviewer chose a level"
    if count == 1:
        return "only one reviewer chose a level"
    groups = Counter(medians).most_common()
    if len(groups) == 1:
        return f"{'both' if count == 2 else f'all {count}'} reviewers chose the same level"
    if count == 2:
        return f"the two reviewers are {_distance(abs(medians[0] - medians[1]))} apart"
    largest = groups[0][1]
    if largest == 1 or groups[1][1] == largest:
        span = _distance(max(medians) - min(medians))
        if len(groups) == 2:
            return f"{count} reviewers are split evenly, {span} apart"
        return f"{count} reviewers chose {_counted(len(groups))} different levels, {span} from lowest to highest"
    common = groups[0][0]
    rest = sorted((value - common, n) for value, n in groups[1:])
    return f"{largest} of {count} reviewers chose the same level, {_the_rest(rest, count)}"


def _the_rest(rest: Sequence[tuple[Fraction, int]], count: int) -> str:
    if len(rest) == 1:
        difference, number = rest[0]
        if number == 1:
            return f"the {'third' if count == 3 else 'other'} is {_shift(difference)}"
        return f"the other {number} are {_shift(difference)}"
    return " and ".join(
        f"{_counted(number)} {'is' if number == 1 else 'are'} {_shift(difference)}" for difference, number in rest
    )


def _shift(difference: Fraction) -> str:
    return f"{_amount(abs(difference))} {'lower' if difference < 0 else 'higher'}"


def _distance(difference: Fraction) -> str:
    if difference == Fraction(1, 2):
        return "half a level"
    return f"{_amount(difference)} level{'' if difference == 1 else 's'}"


def _amount(difference: Fraction) -> str:
    whole, half = divmod(difference, 1)
    if not half:
        return _counted(int(whole))
    return f"{_counted(int(whole))} and a half" if whole else "half a level"


def _counted(number: int) -> str:
    return _SMALL[number] if number < len(_SMALL) else str(number)
