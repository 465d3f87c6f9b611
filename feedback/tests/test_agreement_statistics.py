from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.agreement import weights
from feedback.agreement.aggregation import combine
from feedback.agreement.points import shown_levels, total_points
from feedback.agreement.statistics import bootstrap_interval, icc, krippendorff_alpha, qwk
from feedback.tests.readings import rubric

# No deadline: the machine may be busy with other tests.
PROPERTY = settings(max_examples=50, deadline=None)

ratings = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


@PROPERTY
@given(ratings)
def test_kappa_is_symmetric_and_at_most_one(pairs):
    first, second = zip(*pairs, strict=True)
    value = qwk(first, second, level_count=4)
    assert value == qwk(second, first, level_count=4)
    assert value is None or value <= 1 + 1e-12


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([0, 1, 2], [0, 1, 2], 1.0), ([2, 2], [2, 2], None), ([2, 2], [1, 3], 0.0), ([], [], None)],
)
def test_kappa(first, second, expected):
    assert qwk(first, second, level_count=4) == expected


@pytest.mark.parametrize(("first", "second"), [([1], [1, 2]), ([4], [1]), ([-1], [1])])
def test_kappa_refuses_nonsense(first, second):
    with pytest.raises(ValueError):
        qwk(first, second, level_count=4)


# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: 4 observers, 12 units, missing values.
KRIPPENDORFF_2011 = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


@pytest.mark.parametrize(("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_as_published(metric, published):
    assert krippendorff_alpha(KRIPPENDORFF_2011, metric=metric) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("rows", [[], [[]], [[1, 2]], [[1, None], [None, 2]], [[2, 2], [2, 2]]])
def test_alpha_of_nothing_comparable_is_undefined(rows):
    assert krippendorff_alpha(rows) is None


def test_alpha_refuses_ragged_rows_and_unknown_metrics():
    with pytest.raises(ValueError):
        krippendorff_alpha([[1, 2], [1]])
    with pytest.raises(ValueError):
        krippendorff_alpha([[1, 2], [1, 3]], metric="cosine")


def test_perfect_raters_have_perfect_coefficients():
    assert all(value == pytest.approx(1.0) for value in icc([[1, 1], [2, 2], [4, 4]]).values())
    assert krippendorff_alpha([[0, 1, 2], [0, 1, 2]]) == 1.0


def test_constant_ratings_have_no_intraclass_correlation():
    assert set(icc([[2, 2], [2, 2]]).values()) == {None}


@pytest.mark.parametrize("matrix", [[], [[1, 2]], [[1], [2]], [[1, 2], [1]]])
def test_intraclass_correlation_needs_a_full_matrix(matrix):
    with pytest.raises(ValueError):
        icc(matrix)


def test_interval_is_repeatable_and_holds_the_value():
    chance = random.Random(7)
    pairs = [(a, min(3, max(0, a + chance.choice([-1, 0, 0, 1])))) for a in (chance.randrange(4) for _ in range(40))]

    def kappa(drafts):
        return qwk([a for a, _ in drafts], [b for _, b in drafts], level_count=4)

    interval = bootstrap_interval(pairs, kappa, seed=3)
    assert interval == bootstrap_interval(pairs, kappa, seed=3) != bootstrap_interval(pairs, kappa, seed=4)
    assert interval.low < kappa(pairs) < interval.high
    narrow = bootstrap_interval(pairs * 10, kappa, seed=3, resamples=200)
    assert narrow.high - narrow.low < (interval.high - interval.low) / 2


def test_interval_of_something_undefined_is_none():
    assert bootstrap_interval([], lambda drafts: 1.0, seed=1) is None
    assert bootstrap_interval([1, 2], lambda drafts: None, seed=1) is None
    assert bootstrap_interval([1, 2], lambda drafts: float("nan"), seed=1) is None


def test_weights_are_shrunk_capped_and_sum_to_one():
    few = weights.reliability_weights({"A": 0.1, "B": 2.0}, {"A": 1, "B": 1})
    many = weights.reliability_weights({"A": 0.1, "B": 2.0}, {"A": 5000, "B": 5000})
    assert few["A"] / few["B"] < 1.2
    assert many["A"] / many["B"] == pytest.approx(3.0)
    assert sum(few.values()) == pytest.approx(sum(many.values())) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("mse", "confirmed"), [({"A": 0.0, "B": 0.0}, {"A": 40, "B": 40}), ({"A": 0.3, "B": 0.3}, {"A": 0, "B": 0})]
)
def test_weights_without_a_difference_are_equal(mse, confirmed):
    assert weights.reliability_weights(mse, confirmed) == {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(("mse", "confirmed"), [({"A": 1.0}, {}), ({"A": -1.0}, {"A": 1}), ({"A": 1.0}, {"A": -1})])
def test_weights_refuse_nonsense(mse, confirmed):
    with pytest.raises(ValueError):
        weights.reliability_weights(mse, confirmed)


@pytest.mark.parametrize(
    ("confirmed", "enough"), [({}, False), ({"A": 30, "B": 29}, False), ({"A": 30, "B": 31}, True)]
)
def test_weights_wait_for_thirty_drafts_of_each_model(confirmed, enough):
    assert weights.calibrated(confirmed) is enough


@PROPERTY
@given(models=st.integers(1, 9), runs=st.integers(1, 9))
def test_more_models_help_and_more_runs_hardly(models, runs):
    worth = weights.effective_readings(models, runs)
    assert models <= worth + 1e-9
    assert worth < 1.15 * models + 1e-9


def test_no_model_is_no_reading():
    with pytest.raises(ValueError):
        weights.effective_readings(0, 1)


@pytest.mark.parametrize(
    ("levels", "points", "partial", "share", "open_criteria"),
    [
        ({"argument": 3, "evidence": 1}, 7.0, (7.0, 10.0), 0.7, ()),
        ({"argument": 0, "evidence": 0}, 0.0, (0.0, 10.0), 0.0, ()),
        ({"argument": 3, "evidence": None}, None, (5.0, 5.0), None, ("evidence",)),
        ({}, None, (0.0, 0.0), None, ("argument", "evidence")),
    ],
)
def test_points(levels, points, partial, share, open_criteria):
    total = total_points(rubric(), levels)
    assert (total.points, total.weighted_share, total.open_criteria) == (points, share, open_criteria)
    assert (total.partial_points, total.partial_out_of) == partial
    assert (total.out_of, total.complete) == (10.0, not open_criteria)


def test_points_of_a_rubric_without_points_and_of_a_level_that_is_not_there():
    from dataclasses import replace

    plain = rubric()
    bare = replace(
        plain,
        criteria=tuple(replace(c, levels=tuple(replace(lv, points=None) for lv in c.levels)) for c in plain.criteria),
    )
    assert total_points(bare, {"argument": 1}) is None
    with pytest.raises(ValueError):
        total_points(plain, {"argument": 9})


def test_withheld_levels_give_no_points():
    agreements = {
        "argument": combine({"A": [3], "B": [3]}, level_count=4, planned=2),
        "evidence": combine({"A": [0], "B": [3]}, level_count=4, planned=2),
    }
    assert shown_levels(agreements) == {"argument": 3, "evidence": None}
    assert total_points(rubric(), shown_levels(agreements)).points is None
