from __future__ import annotations

import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback.progress.alignment import align
from feedback.progress.differences import word_differences

# No deadline: the machine may be busy with other tests.
PROPERTY = settings(max_examples=50, deadline=None)

A = "Every school must offer a warm lunch to its pupils."
B = "Children who eat well learn better in the afternoon."
C = "A warm lunch costs four euros in our town."
D = "Therefore the town should pay for it."


def changes(old, new) -> list[tuple]:
    return [(c.change, c.old, c.new, c.moved) for c in align(old, new).changes]


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (A, "unchanged"),
        ("Every  school must offer\na warm lunch to its pupils.", "unchanged"),
        ("Every school must offer a warm lunch to its pupils!", "mechanics"),
        ("every school must offer a warm lunch, to its pupils.", "mechanics"),
        ("Every school must offer a warm lunch to its pupil.", "minor_wording"),
        ("Every primary school must offer a warm lunch to its young pupils.", "reworded"),
    ],
)
def test_kinds_of_change(new, change):
    assert changes([A], [new]) == [(change, 0, 0, False)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [], []),
        ([A], [], [("removed", 0, None, False)]),
        ([], [A], [("added", None, 0, False)]),
        ([A], [C], [("removed", 0, None, False), ("added", None, 0, False)]),
        ([A, B, C, D], [D, A, B, C], [("unchanged", n, (n + 1) % 4, n == 3) for n in range(4)]),
        ([A, A, B], [A, B, A], [("unchanged", 0, 0, False), ("unchanged", 1, 2, False), ("unchanged", 2, 1, True)]),
    ],
)
def test_added_removed_moved(old, new, expected):
    assert changes(old, new) == expected


def test_of_alike_sentences_the_neighbour_is_taken():
    old = [A, "The first result was 10 grams.", B, "The first result was 20 grams."]
    new = [A, "The first result was 11 grams.", B, "The first result was 21 grams."]
    assert [(c.old, c.new) for c in align(old, new).changes] == [(0, 0), (1, 1), (2, 2), (3, 3)]


@PROPERTY
@given(st.lists(st.sampled_from([A, B, C, D]), max_size=12), st.lists(st.sampled_from([A, B, C, D, ""]), max_size=12))
def test_every_sentence_is_accounted_for_once(old, new):
    found = align(old, new).changes
    assert sorted(c.old for c in found if c.old is not None) == list(range(len(old)))
    assert sorted(c.new for c in found if c.new is not None) == list(range(len(new)))
    assert all(c.similarity is None or 0.55 <= c.similarity <= 1 for c in found)


@PROPERTY
@given(st.lists(st.text(min_size=1), max_size=8))
@example(["\xad"])
def test_same_draft_is_unchanged(sentences):
    shown = [s for s in sentences if s.strip()]
    assert align(shown, shown).changed_share == 0


def test_an_apostrophe_is_mechanics():
    assert changes(["Its roof dont leak in the rain."], ["It's roof don’t leak in the rain."]) == [
        ("mechanics", 0, 0, False)
    ]


def test_summary_counts_moves_on_top():
    found = align([A, B, C], [B, A, "Something entirely else, quite new."])
    assert found.summary == {"unchanged": 2, "removed": 1, "added": 1, "moved": 1}
    assert found.changed_share == 0.75
    assert found.of_old(2).change == "removed" and found.of_old(9) is None


def test_long_drafts_are_fast():
    chance = random.Random(2)
    words = ["".join(chance.choices("abcdefghij", k=chance.randint(2, 9))) for _ in range(400)]
    old = [" ".join(chance.choices(words, k=15)) for _ in range(150)]
    new = [" ".join(w if chance.random() < 0.8 else chance.choice(words) for w in s.split()) for s in old]
    start = time.process_time()
    align(old, new)
    assert time.process_time() - start < 20, "comparing grows with the square of the sentences"


@PROPERTY
@given(st.text(alphabet="ab .,\n’", max_size=40), st.text(alphabet="ab .,\n’", max_size=40))
def test_differences_give_back_both_sentences(old, new):
    spans = word_differences(old, new)
    plain = [(s.kind, s.text) for s in spans]
    assert "".join(text for kind, text in plain if kind != "added").split() == old.split()
    assert "".join(text for kind, text in plain if kind != "removed") == new


def test_a_reworded_phrase_reads_as_one():
    spans = word_differences("It costs very much money.", "It costs four euros.")
    assert [(s.kind, s.text) for s in spans] == [
        ("same", "It costs "),
        ("removed", "very much money"),
        ("added", "four euros"),
        ("same", "."),
    ]
