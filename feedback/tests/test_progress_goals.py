from __future__ import annotations

import pytest

from feedback.agreement.aggregation import combine
from feedback.progress.alignment import align
from feedback.progress.goals import (
    VOTES,
    changed_near,
    has_new_quote,
    kept_words,
    level_change,
    needs_instructor,
    verdict,
)
from feedback.tests.readings import quote

OLD = [
    f"This is quite a long sentence about {word} and nothing else."
    for word in ["apples", "bread", "cheese", "dates", "eggs", "figs"]
]


@pytest.mark.parametrize(
    ("votes", "changed", "quoted", "expected"),
    [
        ([2, 2, 2], True, True, "addressed"),
        ([2, 2, 1], True, True, "addressed"),
        ([2, 2, 0], True, True, "partly"),  # spread of two
        ([2, 2, 2], True, False, "partly"),  # no new words to show for it
        ([1, 2], True, True, "partly"),
        ([1, 1, 1], True, True, "partly"),
        ([0, 1], True, True, "attempted_not_yet"),
        ([0, 0, 1], True, False, "attempted_not_yet"),
        ([0, 0, 0], False, False, "not_yet"),
        ([2, 2, 2], False, True, "cannot_tell"),  # models say addressed, and nothing changed
        ([1, 1, 1], False, False, "cannot_tell"),
        ([None, None], True, True, "cannot_tell"),
        ([], True, True, "cannot_tell"),
        ([2, None, None], True, True, "cannot_tell"),
        ([2, 2, None], True, True, "addressed"),
        ([2, None], True, True, "addressed"),
    ],
)
def test_verdicts(votes, changed, quoted, expected):
    found = verdict(votes, changed=changed, new_quote_verified=quoted)
    assert found == expected
    assert needs_instructor(found) is (expected == "cannot_tell")


@pytest.mark.parametrize(("changed", "expected"), [(True, "text_changed_here"), (False, "text_unchanged_here")])
def test_without_models_only_the_text_is_stated(changed, expected):
    assert verdict([], changed=changed, new_quote_verified=False, offline=True) == expected


def test_votes_cover_the_answers_of_a_reading():
    assert VOTES == {"not_yet": 0, "partly": 1, "addressed": 2, "cannot_tell": None}


@pytest.mark.parametrize(
    ("new", "goal", "changed"),
    [
        (OLD, [2], False),
        (OLD, [], False),
        ([*OLD[:5], "Something else about plums."], [2], False),
        ([*OLD[:5], "Something else about plums."], [4], True),
        ([*OLD[:5], "Something else about plums."], [], True),
        ([*OLD[:3], "A new sentence brings proof.", *OLD[3:]], [2], True),
        ([*OLD[:3], "A new sentence brings proof.", *OLD[3:]], [3], True),
        ([*OLD[:3], "A new sentence brings proof.", *OLD[3:]], [5], False),
        ([*OLD[1:3], OLD[0], *OLD[3:]], [0], True),  # moved
        (OLD[1:], [0], True),
        ([], [0], True),
    ],
)
def test_text_near_a_goal(new, goal, changed):
    assert changed_near(align(OLD, new), goal) is changed


@pytest.mark.parametrize(
    ("quotes", "new"),
    [
        ([quote("A warm lunch costs four euros")], True),
        ([quote("Every school must offer")], False),
        ([quote("words that are nowhere")], False),
        ([], False),
    ],
)
def test_new_quotations(quotes, new):
    assert has_new_quote(quotes, old_text="EVERY school   must offer a warm lunch.") is new


@pytest.mark.parametrize(
    ("kept", "new", "expected"),
    [
        (
            ["Every school must offer a warm lunch."],
            ["Plums.", "Every school must offer a warm lunch."],
            (False, set()),
        ),
        (["a warm lunch"], ["Every school must offer  A WARM lunch."], (False, set())),
        (["Children learn better."], ["Children who eat learn better.", "Plums."], (True, {0})),
        (["Children learn better."], ["Something else about plums."], (True, set())),
        ([], ["Something else about plums."], (False, set())),  # about something missing: nothing was kept
    ],
)
def test_what_can_be_said_when_the_last_draft_is_gone(kept, new, expected):
    assert kept_words(kept, new) == expected


def panel(*levels):
    return combine({f"m{n}": [level] for n, level in enumerate(levels)}, level_count=5, planned=len(levels))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (panel(1, 1, 1), panel(2, 2, 2), 1),
        (panel(3, 3, 3), panel(1, 1, 1), -2),
        (panel(1, 1, 1), panel(1, 1, 1), None),
        (panel(1, 1), panel(1, 2), None),  # 1 against "between 1 and 2"
        (panel(1, 2), panel(2, 2), None),
        (panel(1, 2), panel(3, 3), 2),
        (panel(1, 1), panel(None, None), None),
        (panel(1, 1), panel(0, 4), None),  # withheld
    ],
)
def test_level_changes_are_shown_only_beyond_noise(old, new, shown):
    assert level_change(old, new) == shown
