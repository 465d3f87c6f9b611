from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.agreement.aggregation import METHODS, CriterionAgreement, combine

# No deadline: the machine may be busy with other tests.
PROPERTY = settings(max_examples=50, deadline=None)

LEVELS = 4
WEIGHTS = {"A": 0.5, "B": 0.3, "C": 0.15, "D": 0.05}

levels = st.one_of(st.none(), st.integers(0, LEVELS - 1))
some_runs = st.dictionaries(st.sampled_from("ABCD"), st.lists(levels, min_size=1, max_size=5), min_size=1)
scored_runs = some_runs.filter(lambda runs: any(level is not None for found in runs.values() for level in found))
method = st.sampled_from(METHODS)


def combined(runs, *, method="clamped_mean", **options) -> CriterionAgreement:
    planned = sum(len(found) for found in runs.values())
    return combine(runs, level_count=LEVELS, planned=planned, method=method, weights=WEIGHTS, **options)


@PROPERTY
@given(runs=some_runs, method=method, data=st.data())
def test_order_of_models_and_runs_does_not_matter(runs, method, data):
    names = data.draw(st.permutations(list(runs)))
    shuffled = {name: data.draw(st.permutations(runs[name])) for name in names}
    assert combined(shuffled, method=method) == combined(runs, method=method)


@PROPERTY
@given(runs=scored_runs, method=method, times=st.integers(2, 4))
def test_repeating_every_run_changes_no_level(runs, method, times):
    once = combined(runs, method=method)
    repeated = combined({model: found * times for model, found in runs.items()}, method=method)
    assert (repeated.centre, repeated.level, repeated.band) == (once.centre, once.level, once.band)
    assert (repeated.agreement, repeated.spread, repeated.words) == (once.agreement, once.spread, once.words)
    assert repeated.flags == once.flags


@PROPERTY
@given(runs=scored_runs, model=st.sampled_from("ABCD"), times=st.integers(2, 6))
def test_repeating_one_model_does_not_give_it_more_weight(runs, model, times):
    more = {name: found * times if name == model else found for name, found in runs.items()}
    for way in ("clamped_mean", "median_of_medians", "mean_of_model_means", "weighted"):
        assert combined(more, method=way).centre == combined(runs, method=way).centre


@PROPERTY
@given(runs=scored_runs, method=method, data=st.data())
def test_raising_a_level_never_lowers_the_centre(runs, method, data):
    places = [(m, i) for m, found in runs.items() for i, v in enumerate(found) if v is not None and v < LEVELS - 1]
    if not places or method == "majority":  # a mode can jump back to the tied mode nearer the median
        return
    model, place = data.draw(st.sampled_from(places))
    higher = {name: list(found) for name, found in runs.items()}
    higher[model][place] += 1
    before, after = combined(runs, method=method).centre, combined(higher, method=method).centre
    assert after >= before - 1e-12


@PROPERTY
@given(runs=scored_runs, method=method)
def test_everything_stays_in_range(runs, method):
    found = combined(runs, method=method)
    every = [level for levels in runs.values() for level in levels if level is not None]
    assert min(every) <= found.centre <= max(every)
    assert min(every) <= found.level <= max(every)
    assert 0 <= found.band[0] <= found.band[1] <= LEVELS - 1
    assert found.band[0] <= found.level <= found.band[1]
    assert found.agreement is None or 0 <= found.agreement <= 1
    assert (found.agreement is None) == (found.n_models == 1)
    assert found.withheld == bool({"NO_SCORE", "TOO_FEW", "MODEL_RANGE"} & set(found.flags))


@PROPERTY
@given(honest=st.integers(0, LEVELS - 1), captured=st.lists(st.integers(0, LEVELS - 1), min_size=1, max_size=9))
def test_one_captured_model_of_three_moves_the_centre_by_a_third_at_most(honest, captured):
    found = combined({"A": captured, "B": [honest], "C": [honest]})
    assert abs(found.centre - honest) <= 1 / 3 + 1e-12
    assert found.level == honest


@PROPERTY
@given(runs=scored_runs, missing=st.integers(1, 30))
def test_missing_runs_change_no_level_but_are_flagged(runs, missing):
    valid = sum(level is not None for found in runs.values() for level in found)
    total = sum(len(found) for found in runs.values())
    found = combine(runs, level_count=LEVELS, planned=total + missing)
    assert found.centre == combined(runs).centre
    assert ("TOO_FEW" in found.flags) == (found.n_models < 2 or valid < (total + missing) / 2)


@PROPERTY
@given(runs=some_runs, method=method)
def test_survives_the_database(runs, method):
    import json

    found = combined(runs, method=method)
    assert CriterionAgreement.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("runs", [{}, {"A": []}, {"A": [None], "B": [None, None]}])
@pytest.mark.parametrize("method", METHODS)
def test_no_score_is_not_zero(runs, method):
    found = combined(runs, method=method)
    assert (found.centre, found.level, found.band, found.agreement) == (None, None, None, None)
    assert found.withheld and found.flags == ("NO_SCORE",)


@pytest.mark.parametrize(
    ("runs", "centre", "level", "band"),
    [
        ({"A": [1], "B": [2]}, 1.5, 1, (1, 2)),  # exactly half goes down
        ({"A": [1, 1, 1, 1, 2], "B": [1, 2]}, 1.35, 1, (1, 2)),  # 0.15 below the cut
        ({"A": [1, 1, 1, 1, 2], "B": [1, 1, 1, 2, 2]}, 1.3, 1, (1, 1)),
        ({"A": [2, 2, 2, 2, 1], "B": [1, 2]}, 1.65, 2, (1, 2)),  # 0.15 above it
        ({"A": [2, 2, 2, 2, 1], "B": [2, 2, 2, 1, 1]}, 1.7, 2, (2, 2)),
        ({"A": [0, 0, 0, 0, 1], "B": [0, 1]}, 0.35, 0, (0, 1)),
        ({"A": [3], "B": [3]}, 3.0, 3, (3, 3)),
        ({"A": [0], "B": [0]}, 0.0, 0, (0, 0)),
    ],
)
def test_cuts(runs, centre, level, band):
    found = combined(runs)
    assert (found.centre, found.level, found.band) == (pytest.approx(centre), level, band)
    assert found.near_cut == (band[0] != band[1]) == ("NEAR_CUT" in found.flags)


@pytest.mark.parametrize(
    ("method", "centre"),
    [
        ("clamped_mean", (2 + 1 + 1) / 3),
        ("median_of_medians", 1),
        ("mean_of_model_means", 5 / 3),
        ("majority", 3),
        ("weighted", (0.5 * 3 + 0.3 + 0.15) / 0.95),
    ],
)
def test_methods(method, centre):
    assert combined({"A": [3, 3, 3], "B": [1], "C": [1]}, method=method).centre == pytest.approx(centre)


def test_model_without_a_weight_counts_with_the_usual_one():
    options = {"level_count": 4, "planned": 3, "method": "weighted"}
    found = combine({"A": [0], "B": [3], "new": [3]}, weights={"A": 0.2, "B": 0.4}, **options)
    assert found.centre == pytest.approx((0.4 * 3 + 0.3 * 3) / 0.9)


@pytest.mark.parametrize("weights", [{}, {"gone": 1.0}, {"A": 0.0, "B": 0.0}])
def test_without_a_usable_weight_models_count_alike(weights):
    options = {"level_count": 4, "planned": 2, "method": "weighted", "weights": weights}
    assert combine({"A": [0], "B": [3]}, **options).centre == 1.5


@pytest.mark.parametrize(
    "options",
    [
        {"runs": {"A": [4]}},
        {"runs": {"A": [-1]}},
        {"runs": {"A": [1]}, "method": "maximum"},
        {"runs": {"A": [1]}, "method": "weighted"},
        {"runs": {"A": [1]}, "method": "weighted", "weights": {"A": -1.0}},
        {"runs": {"A": [1]}, "level_count": 0},
    ],
)
def test_nonsense_is_refused(options):
    with pytest.raises(ValueError):
        combine(**{"level_count": 4, "planned": 1, **options})


@pytest.mark.parametrize(
    ("medians", "words"),
    [
        ([], "no reviewer chose a level"),
        ([2], "only one reviewer chose a level"),
        ([2, 2], "both reviewers chose the same level"),
        ([2, 2, 2], "all 3 reviewers chose the same level"),
        ([2, 1], "the two reviewers are one level apart"),
        ([2, 1.5], "the two reviewers are half a level apart"),
        ([0, 1.5], "the two reviewers are one and a half levels apart"),
        ([2, 2, 1], "2 of 3 reviewers chose the same level, the third is one lower"),
        ([1, 1, 3], "2 of 3 reviewers chose the same level, the third is two higher"),
        ([1, 1, 1.5], "2 of 3 reviewers chose the same level, the third is half a level higher"),
        ([1, 1, 1, 0], "3 of 4 reviewers chose the same level, the other is one lower"),
        ([1, 1, 1, 2, 2], "3 of 5 reviewers chose the same level, the other 2 are one higher"),
        ([1, 1, 0, 2], "2 of 4 reviewers chose the same level, one is one lower and one is one higher"),
        ([1, 1, 2, 2], "4 reviewers are split evenly, one level apart"),
        ([1, 2, 3], "3 reviewers chose three different levels, two levels from lowest to highest"),
    ],
)
def test_words(medians, words):
    from feedback.agreement.wording import in_words

    assert in_words([Fraction(value) for value in medians]) == words


@PROPERTY
@given(runs=scored_runs)
def test_level_is_the_nearest_one_and_half_goes_down(runs):
    found = combined(runs)
    assert found.level == math.ceil(found.centre - 0.5 - 1e-9)
