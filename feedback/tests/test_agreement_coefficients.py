"""Coefficients over confirmed drafts and the calibration of models: small worlds with known answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.agreement.calibration import calibrate, model_records, records_from_json
from feedback.agreement.coefficients import criterion_insights
from feedback.agreement.confirmed import ConfirmedDraft, Verdict
from feedback.agreement.statistics import qwk


def world(n: int, *, seed: int = 1, noise: float = 0.6, levels: int = 4) -> list[ConfirmedDraft]:
    """Drafts of known quality, read by two models of which "Kind" is a level too kind half of the time."""
    chance = random.Random(seed)
    drafts = []
    for number in range(n):
        true = chance.randrange(levels)
        near = min(levels - 1, max(0, round(true + chance.gauss(0, noise))))
        kind = min(levels - 1, true + chance.choice([0, 1]))
        drafts.append(
            ConfirmedDraft(number, {"c1": Verdict(levels, true, near, {"Near": float(near), "Kind": float(kind)})})
        )
    return drafts


def test_below_twenty_drafts_there_is_no_number_and_from_twenty_on_there_is():
    assert [row.qwk.value for row in criterion_insights(world(19), seed=1)] == [None]
    (row,) = criterion_insights(world(20), seed=1)
    for estimate in (row.qwk, row.alpha, row.icc):
        assert estimate.n == 20 and estimate.value is not None
        assert estimate.low is not None and estimate.low <= estimate.value <= estimate.high
    assert criterion_insights(world(20), seed=1) == [row], "the same drafts and seed, the same numbers"


def test_the_kappa_is_that_of_suggestion_and_confirmed_level():
    drafts = world(40)
    verdicts = [draft.verdicts["c1"] for draft in drafts]
    (row,) = criterion_insights(drafts, seed=1)
    assert row.qwk.value == qwk([v.suggested for v in verdicts], [v.confirmed for v in verdicts], level_count=4)
    assert row.same == sum(v.suggested == v.confirmed for v in verdicts) / 40
    assert row.raters == ("Kind", "Near") and row.icc.n == 40


def test_a_draft_without_a_level_is_left_out_and_never_counted_as_the_lowest():
    drafts = world(25)
    open_ones = [ConfirmedDraft(100 + n, {"c1": Verdict(4, None, None, {})}) for n in range(5)]
    with_them = criterion_insights([*drafts, *open_ones], seed=1)[0]
    without = criterion_insights(drafts, seed=1)[0]
    assert (with_them.n, without.n) == (30, 25)
    assert with_them.qwk == without.qwk and with_them.alpha == without.alpha and with_them.same == without.same


def test_levels_of_an_earlier_scale_are_left_out_and_said():
    old = world(30, levels=3)
    (row,) = criterion_insights([*old, *world(21)], seed=1)
    assert (row.n, row.other_scale, row.qwk.n) == (21, 30, 21)
    assert row.qwk == criterion_insights(world(21), seed=1)[0].qwk


def test_a_model_that_seldom_read_is_no_rater_and_one_rater_is_no_agreement():
    drafts = [
        ConfirmedDraft(n, {"c1": Verdict(4, n % 4, n % 4, {"A": n % 4, **({"New": 1.0} if n < 5 else {})})})
        for n in range(24)
    ]
    (row,) = criterion_insights(drafts, seed=1)
    assert row.raters == ("A",) and row.alpha.value is None and row.icc.n == 0
    assert row.qwk.value == pytest.approx(1.0)


def test_nothing_varies_is_no_value():
    drafts = [ConfirmedDraft(n, {"c1": Verdict(4, 2, 2, {"A": 2.0, "B": 2.0})}) for n in range(30)]
    (row,) = criterion_insights(drafts, seed=1)
    assert row.qwk.value is None and row.alpha.value is None and row.same == 1.0


def test_records_measure_distance_and_leaning_per_draft():
    drafts = [
        ConfirmedDraft(1, {"c1": Verdict(4, 1, 1, {"A": 2.0, "B": 1.0}), "c2": Verdict(4, 2, 2, {"A": 2.0})}),
        ConfirmedDraft(2, {"c1": Verdict(4, 3, 3, {"A": 1.0}), "c2": Verdict(4, None, None, {"B": 0.0})}),
    ]
    records = model_records(drafts)
    # A: ((1 + 0) / 2 + 4) / 2 and ((1 + 0) / 2 - 2) / 2; B gave one level that was confirmed.
    assert (records["A"].n, records["A"].mse, records["A"].bias) == (2, 2.25, -0.75)
    assert (records["B"].n, records["B"].mse, records["B"].bias) == (1, 0.0, 0.0)
    assert records_from_json({name: record.to_json() for name, record in records.items()}) == records


def test_weights_wait_for_thirty_confirmed_drafts_of_every_model():
    few = calibrate(model_records(world(29)), ["Near", "Kind"])
    assert few.weights is None and few.missing == {"Near": 1, "Kind": 1}
    records = model_records(world(60, noise=0.2))
    found = calibrate(records, ["Near", "Kind"])
    assert found.weights is not None and sum(found.weights.values()) == pytest.approx(1)
    assert found.weights["Near"] > found.weights["Kind"] and not found.missing
    assert calibrate(records, ["Near", "Kind", "New"]).missing == {"New": 30}
    halved = calibrate(records, ["Near", "Kind"], own={"Near": 0.5, "Kind": 1.0}).weights
    assert halved is not None
    ratio = found.weights["Near"] / found.weights["Kind"]
    assert halved["Near"] / halved["Kind"] == pytest.approx(ratio / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(30, 60), st.integers(0, 1000), st.floats(0, 2))
def test_no_calibrated_weight_is_more_than_three_times_another(n: int, seed: int, noise: float) -> None:
    weights = calibrate(model_records(world(n, seed=seed, noise=noise)), ["Near", "Kind"]).weights
    assert weights is not None and max(weights.values()) <= 3 * min(weights.values()) + 1e-9
