from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.contract import RunReading
from feedback.merging import MergedNotes, merge
from feedback.merging.clusters import average_linkage
from feedback.merging.similarity import Mark, overlap, similarity, stems, tag_similarity
from feedback.reading.sentences import split_sentences
from feedback.tests.readings import DRAFT, KEYS, item, quote, reading, rubric

# No deadline: the machine may be busy with other tests.
PROPERTY = settings(max_examples=50, deadline=None)

SENTENCES = split_sentences(DRAFT)


def merged(*readings: RunReading, centres=None) -> MergedNotes:
    return merge(readings, rubric=rubric(), text=DRAFT, sentences=SENTENCES, centres=centres or {})


def by(model: str, *items, run: int = 0, **changes) -> RunReading:
    return RunReading(model, run, reading(*items, **changes))


def test_two_reviewers_with_one_thought_make_one_note():
    other = item("i1", comment="Not every school can be meant by this claim.", next_step="Narrow it down.")
    notes = merged(by("A", item("i1")), by("B", other))
    (cluster,) = notes.clusters
    assert notes.priorities == (cluster,)
    assert [member.model for member in cluster.members] == ["A", "B"]
    assert cluster.comment in {item("i1").comment, other.comment}
    assert cluster.quotes[0].shown == "Every school must offer a warm lunch"
    assert (cluster.support, cluster.sentence_ids) == (1.0, ("P1.S2",))


def test_text_and_next_step_come_from_the_same_comment():
    other = item("i1", comment="Which schools?", next_step="Name them all, one after the other.")
    (cluster,) = merged(by("A", item("i1")), by("B", other)).clusters
    assert (cluster.comment, cluster.next_step) in {(i.comment, i.next_step) for i in (item("i1"), other)}


@pytest.mark.parametrize("change", [{"criterion_key": "evidence"}, {"kind": "strength"}, {"kind": "question"}])
def test_other_criteria_and_kinds_stay_apart(change):
    assert len(merged(by("A", item("i1")), by("B", item("i1", **change))).clusters) == 2


def test_other_places_stay_apart():
    elsewhere = item("i1", quotes=("A warm lunch costs four euros",), tag="evidence", comment="A price needs a source.")
    assert len(merged(by("A", item("i1")), by("B", elsewhere)).clusters) == 2


@pytest.mark.parametrize(
    ("models", "runs", "shown", "marked"),
    [
        ("AB", 1, True, False),
        ("A", 1, False, False),
        ("A", 2, False, False),  # two of two runs of one model are not enough
        ("A", 3, True, True),
    ],
)
def test_who_must_support_a_note(models, runs, shown, marked):
    readings = [by(model, item("i1"), run=run) for model in models for run in range(runs)]
    (cluster,) = merged(*readings).clusters
    assert (cluster.shown, cluster.single_model) == (shown, marked)
    assert bool(cluster.why_not_shown) is not shown


def test_three_runs_of_one_model_among_several_are_one_reviewer():
    readings = [by("A", item("i1"), run=run) for run in range(3)] + [by("B")]
    (cluster,) = merged(*readings).clusters
    assert cluster.why_not_shown == "Only one reviewer noticed this."


def test_support_counts_each_model_alike():
    readings = [by("A", item("i1"), run=run) for run in range(4)]
    readings += [by("B", item("i1")), by("B", run=1), by("C")]
    assert merged(*readings).clusters[0].support == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_two_comments_of_one_run_are_one_voice():
    twice = by("A", item("i1"), item("i2"))
    assert merged(twice, by("A", run=1)).clusters[0].support == 0.5


def test_extra_runs_about_another_criterion_do_not_dilute_support():
    extra = [by(model, run=1, keys=("evidence",)) for model in "AB"]
    assert merged(by("A", item("i1")), by("B", item("i1")), *extra).clusters[0].support == 1.0


@pytest.mark.parametrize(
    "useless",
    [
        item("i1", quotes=("words that are not in the draft at all",)),
        item("i1", quotes=()),
        replace(item("i1"), quarantined=True),
        replace(item("i1"), quotes=(replace(quote("Every school"), status="approximate"),)),
        replace(item("i1"), quotes=(replace(quote("Every school"), shown="Each school"),)),
        replace(item("i1"), quotes=(replace(quote("Every school"), start=None, end=None),)),
    ],
)
def test_comments_without_a_place_support_nothing_and_are_kept(useless):
    notes = merged(by("A", item("i1")), by("B", useless))
    assert [len(c.members) for c in notes.clusters] == [1] and not notes.clusters[0].shown
    assert [member.model for member in notes.quarantined] == ["B"]


def test_comments_of_a_run_that_invents_quotations_drop():
    notes = merged(by("A", item("i1")), by("B", item("i1"), comments_dropped=True))
    assert not notes.clusters[0].shown
    assert [member.model for member in notes.quarantined] == ["B"]


def test_absences_are_merged_by_their_words():
    missing = {"quotes": (), "absence": True, "tag": "counterargument", "next_step": "Answer one objection."}
    a = item("i1", comment="No objection from the other side is answered.", **missing)
    b = item("i1", comment="An objection from the other side is never answered.", **missing)
    (cluster,) = merged(by("A", a), by("B", b)).clusters
    assert cluster.shown and cluster.absence and not cluster.quotes


def test_contradicting_reviewers_are_both_held_back():
    praise = item("i1", kind="strength", comment="A clear claim about schools.", next_step="")
    notes = merged(by("A", item("i1")), by("B", item("i1")), by("C", praise), by("D", praise))
    assert [(a.kind, b.kind) for a, b in notes.conflicts] == [("strength", "issue")]
    assert notes.held == notes.clusters


def test_praise_and_fault_of_different_things_at_one_place_are_no_conflict():
    praise = item("i1", kind="strength", tag="word_choice", comment="A lively verb.", next_step="")
    assert not merged(by("A", item("i1")), by("B", praise)).conflicts


WORDS = (
    "Children who eat well learn better",
    "My cousin was always tired",
    "A warm lunch costs four euros",
    "the town",
)
TAGS = ("evidence", "structure", "tone", "mechanics", "analysis")


def _many(kind: str, criterion: str | None = None):
    found = []
    for number, (words, tag) in enumerate((w, t) for w in WORDS for t in TAGS):
        key = criterion or KEYS[number % 2]
        comment = f"Alpha{chr(97 + number)} beta{chr(97 + number)} gamma{chr(97 + number)}."
        found.append(item(f"i{number}", kind=kind, criterion_key=key, quotes=(words,), tag=tag, comment=comment))
    return found


@pytest.mark.parametrize("criterion", [None, "argument"])
def test_few_notes_are_shown_and_all_others_say_why(criterion):
    everything = [*_many("issue", criterion)]
    kinds = [
        replace(i, kind=kind, item_id=f"{kind[0]}{n}")
        for n, i in enumerate(everything)
        for kind in ("strength", "question")
    ]
    quiet = [
        replace(k, quotes=(quote("Every school must offer"),) if k.kind == "strength" else (quote("a daily question"),))
        for k in kinds
    ]
    notes = merged(by("A", *everything, *quiet), by("B", *everything, *quiet))
    assert len(notes.priorities) == (2 if criterion else 3)
    assert all(sum(c.criterion_key == key for c in notes.priorities) <= 2 for key in KEYS)
    assert len(notes.strengths) <= 2 and len(notes.further) <= 2 and len(notes.questions) <= 1
    assert all(bool(c.why_not_shown) != c.shown for c in notes.clusters)
    assert sum(len(c.members) for c in notes.clusters) == 2 * (len(everything) + len(quiet))


def test_urgency_grows_with_the_gap_to_the_level_asked_for():
    readings = by("A", item("i1")), by("B", item("i1"))
    low, high, unknown = (merged(*readings, centres={"argument": c}).clusters[0] for c in (0.0, 3.0, None))
    assert low.priority == pytest.approx(1.5 * high.priority)  # weight .5, the whole scale missing
    assert unknown.priority == high.priority


def test_meaning_comes_before_mechanics():
    def share(tag):
        return merged(by("A", item("i1", tag=tag)), by("B", item("i1", tag=tag))).clusters[0].priority

    assert share("thesis") == 1.5 * share("mechanics")


def test_comments_on_unknown_criteria_are_ignored():
    assert merged(by("A", item("i1", criterion_key="invented"))).clusters == ()


def test_nothing_in_nothing_out():
    assert merged() == MergedNotes((), ())


PIECES = ("claim", "school", "lunch", "source", "unclear", "reader", "price", "cousin", "evidence", "broad", "town")


@st.composite
def comments(draw):
    sentence = draw(st.sampled_from([s.text for s in SENTENCES]))
    absence = draw(st.booleans())
    return item(
        "i0",
        quotes=() if absence else (sentence,),
        absence=absence,
        criterion_key=draw(st.sampled_from(KEYS)),
        kind=draw(st.sampled_from(["issue", "strength", "question"])),
        tag=draw(st.sampled_from([*TAGS, "other"])),
        severity=draw(st.integers(1, 3)),
        comment=" ".join(draw(st.lists(st.sampled_from(PIECES), min_size=2, max_size=6))),
        next_step="",
    )


@pytest.mark.thorough
@PROPERTY
@given(found=st.lists(st.lists(comments(), max_size=5), min_size=1, max_size=6), data=st.data())
def test_any_order_gives_the_same_notes(found, data):
    readings = [
        by("ABC"[n % 3], *[replace(c, item_id=f"i{k}") for k, c in enumerate(items)], run=n // 3)
        for n, items in enumerate(found)
    ]
    first = merged(*readings, centres={"argument": 1.0})
    shuffled = [
        RunReading(r.model, r.run, replace(r.reading, items=tuple(data.draw(st.permutations(r.reading.items)))))
        for r in data.draw(st.permutations(readings))
    ]
    assert merged(*shuffled, centres={"argument": 1.0}) == first
    members = [member.key for cluster in first.clusters for member in cluster.members]
    assert sorted([*members, *(m.key for m in first.quarantined)]) == sorted(
        (r.model, r.run, len(i.item_id), i.item_id) for r in readings for i in r.reading.items
    )
    assert all(c.comment in {m.item.comment for m in c.members} for c in first.clusters)
    assert all(0 < c.support <= 1 for c in first.clusters)


def test_linkage_is_average_not_single_or_complete():
    alike = {(0, 1): 0.9, (0, 2): 0.2, (1, 2): 0.7, (2, 3): 0.6, (0, 3): 0.0, (1, 3): 0.0}
    joined = average_linkage(range(4), lambda a, b: alike[min(a, b), max(a, b)], threshold=0.5)
    assert joined == [[0, 1], [2, 3]]


def test_linkage_matches_the_plain_definition():
    import random

    chance = random.Random(5)
    for _ in range(40):
        n = chance.randint(1, 12)
        table = {(a, b): round(chance.random(), 1) for a in range(n) for b in range(a)}

        def alike(a, b, table=table):
            return table[max(a, b), min(a, b)]

        clusters = [[i] for i in range(n)]
        while len(clusters) > 1:
            pairs = [
                (-round(sum(alike(x, y) for x in a for y in b) / len(a) / len(b), 9), a, b)
                for k, a in enumerate(clusters)
                for b in clusters[k + 1 :]
            ]
            score, a, b = min(pairs)
            if -score < 0.5 - 1e-9:
                break
            clusters = sorted([*(c for c in clusters if c not in (a, b)), sorted(a + b)])
        assert average_linkage(range(n), alike, threshold=0.5) == clusters


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("thesis", "thesis", 1.0),
        ("evidence", "source_use", 0.5),
        ("evidence", "thesis", 0.0),
        ("other", "other", 0.0),
        ("method", "visuals", 0.0),
        ("method", "method", 1.0),
    ],
)
def test_tags(first, second, expected):
    assert tag_similarity(first, second) == expected


def test_similarity_of_a_place_and_an_absence():
    placed = Mark(frozenset({"P1.S1"}), "thesis", frozenset({"claim", "broad"}))
    missing = Mark(frozenset(), "thesis", frozenset({"claim", "broad"}))
    assert similarity(placed, missing) == pytest.approx(1.0)
    assert overlap(frozenset(), frozenset({"P1.S1"})) == 0.0


@pytest.mark.parametrize(
    ("language", "a", "b"),
    [("en", "citing claims", "cited claim"), ("de", "Quellen fehlen", "Quelle fehlt"), ("xx", "abcde", "ABCDE")],
)
def test_stems_in_several_languages(language, a, b):
    assert stems(a, language=language) & stems(b, language=language)


def test_sixty_comments_on_one_criterion_are_fast():
    pile = [
        by(
            "ABC"[n % 3],
            *[replace(c, item_id=f"i{k}", criterion_key="argument") for k, c in enumerate(_many("issue")[:10])],
            run=n // 3,
        )
        for n in range(6)
    ]
    merged(*pile)
    best = min(_timed(pile) for _ in range(3))
    assert best < 5, "comparing grows with the cube of the comments"


def _timed(pile) -> float:
    start = time.process_time()
    merged(*pile)
    return time.process_time() - start
