from __future__ import annotations

from dataclasses import replace

import pytest

from feedback.agreement.aggregation import combine
from feedback.agreement.flags import (
    audit_flag,
    blocks_bulk_approval,
    flags_for_draft,
    needs_extra_runs,
)
from feedback.contract import CriterionSnapshot, Flag, LevelSnapshot, RubricSnapshot, RunReading
from feedback.merging import merge
from feedback.reading.sentences import split_sentences
from feedback.tests.readings import DRAFT, item, reading, rubric


def raised(runs=None, readings=(), *, pass_position=None, notes=None, **options) -> dict[str, Flag]:
    runs = runs or {"A": [1], "B": [1]}
    agreement = combine(runs, level_count=4, planned=sum(map(len, runs.values())), pass_position=pass_position)
    found = flags_for_draft(
        agreements={"argument": agreement}, readings=readings, notes=notes, rubric=rubric(), **options
    )
    assert all(flag.detail.strip().endswith(".") for flag in found)
    return {flag.code: flag for flag in found}


def merged(readings, **centres):
    return merge(readings, rubric=rubric(), text=DRAFT, sentences=split_sentences(DRAFT), centres=centres)


def test_agreement_raises_nothing():
    assert raised({"A": [1, 1], "B": [1, 1], "C": [1, 1]}) == {}


@pytest.mark.parametrize(
    ("code", "severity", "runs", "pass_position", "says"),
    [
        ("NO_SCORE", "must", {"A": [None], "B": [None]}, None, "Please decide"),
        ("TOO_FEW", "must", {"A": [1], "B": [None]}, None, "1 of 2 readings by 1 model"),
        ("TOO_FEW", "must", {"A": [1, None, None], "B": [1, None]}, None, "2 of 5 readings by 2 models"),
        ("MODEL_RANGE", "must", {"A": [0], "B": [2]}, None, "A: Missing, B: Good"),
        ("BOUNDARY", "must", {"A": [1], "B": [2]}, 2, "both sides of the pass level"),
        ("DISSENT", "check", {"A": [0], "B": [2], "C": [3]}, None, "does not make it wrong"),
        ("DISSENT", "check", {"A": [3, 3], "B": [1, 1], "C": [1, 2]}, None, "A chose"),  # C is torn, A is far from both
        ("DISSENT", "check", {"A": [0], "B": [2, 1], "C": [3, 2]}, None, "A chose"),
        (
            "UNSTABLE_MODEL",
            "check",
            {"A": [0, 2], "B": [1]},
            None,
            "repeated readings of A differ from each other by 2",
        ),
        ("NEAR_CUT", "info", {"A": [1], "B": [2]}, None, "between Weak and Good"),
    ],
)
def test_flags_of_a_criterion(code, severity, runs, pass_position, says):
    flag = raised(runs, pass_position=pass_position)[code]
    assert (flag.severity, flag.criterion_key) == (severity, "argument")
    assert says in flag.detail


@pytest.mark.parametrize(
    ("code", "runs", "pass_position"),
    [
        ("MODEL_RANGE", {"A": [0], "B": [1]}, None),
        ("MODEL_RANGE", {"A": [0], "B": [1], "C": [1], "D": [1], "E": [2]}, None),  # GMD 0.8 with five models
        ("BOUNDARY", {"A": [2], "B": [3]}, 2),
        ("DISSENT", {"A": [1], "B": [2], "C": [2]}, None),
        ("DISSENT", {"A": [3, 3], "B": [1, 2], "C": [1, 2]}, None),  # one and a half from both
        ("DISSENT", {"A": [0], "B": [2]}, None),  # of two nobody is the minority
        ("UNSTABLE_MODEL", {"A": [1, 2], "B": [1]}, None),
        ("TOO_FEW", {"A": [1, None], "B": [1, None]}, None),  # exactly half is enough
    ],
)
def test_flags_stay_down_below_their_limits(code, runs, pass_position):
    assert code not in raised(runs, pass_position=pass_position)


@pytest.mark.parametrize(("unfound", "flagged"), [(2, False), (3, True), (10, True)])
def test_ungrounded_run(unfound, flagged):
    run = reading(quotes_total=10, quotes_unfound=unfound, comments_dropped=unfound > 5)
    found = raised(readings=[RunReading("A", 1, run)])
    assert ("UNGROUNDED_RUN" in found) is flagged
    if flagged:
        assert f"A, reading 2: {unfound} of 10" in found["UNGROUNDED_RUN"].detail
        assert ("not used" in found["UNGROUNDED_RUN"].detail) is (unfound > 5)


def test_run_without_quotations_is_not_ungrounded():
    assert "UNGROUNDED_RUN" not in raised(readings=[RunReading("A", 0, reading())])


@pytest.mark.parametrize(
    ("runs", "severity", "models", "flagged"),
    [
        ({"A": [3], "B": [3]}, 3, "AB", True),
        ({"A": [3], "B": [3]}, 2, "AB", False),
        ({"A": [3], "B": [3]}, 3, "A", False),  # one reviewer's opinion
        ({"A": [1], "B": [1]}, 3, "AB", False),
        ({"A": [0], "B": [0]}, 1, "A", False),
        ({"A": [0], "B": [0]}, 3, "", True),
    ],
)
def test_level_and_comments_that_do_not_fit(runs, severity, models, flagged):
    fault = item("i1", severity=severity)
    readings = [RunReading(m, 0, reading(fault) if m in models else reading()) for m in "AB"]
    found = raised(runs, readings, notes=merged(readings))
    assert ("LEVEL_COMMENT_MISMATCH" in found) is flagged


def test_withheld_level_cannot_mismatch():
    readings = [RunReading("A", 0, reading()), RunReading("B", 0, reading())]
    assert "LEVEL_COMMENT_MISMATCH" not in raised({"A": [0], "B": [2]}, readings, notes=merged(readings))


def test_conflict_names_both_sides_and_the_place():
    praise = item("i1", kind="strength", comment="The claim about schools is stated well here.", next_step="")
    readings = [RunReading("A", 0, reading(praise)), RunReading("B", 0, reading(item("i1")))]
    flag = raised(readings=readings, notes=merged(readings))["CONFLICT"]
    assert "A praises what B criticises" in flag.detail
    assert flag.sentence_ids == ("P1.S2",)


def test_unusual_handling():
    found = raised(
        readings=[RunReading("A", 0, reading(repaired_json=True)), RunReading("B", 0, reading())],
        fallbacks=[("big", "small"), ("big", "small")],
        chunked=True,
    )
    assert {code: flag.severity for code, flag in found.items()} == dict.fromkeys(
        ("CHUNKED", "REPAIRED_JSON", "FALLBACK_MODEL"), "info"
    )
    assert "A (reading 1)" in found["REPAIRED_JSON"].detail and "B" not in found["REPAIRED_JSON"].detail
    assert found["FALLBACK_MODEL"].detail == "big did not answer; small took its place."


def test_urgent_flags_come_first():
    agreement = combine({"A": [1], "B": [2]}, level_count=4, planned=2, pass_position=2)
    second = combine({"A": [None]}, level_count=4, planned=1)
    found = flags_for_draft(
        agreements={"argument": agreement, "evidence": second}, readings=(), notes=None, rubric=rubric(), chunked=True
    )
    assert [flag.severity for flag in found] == sorted((f.severity for f in found), key=["must", "check", "info"].index)


def test_audit_draws_a_tenth_of_the_unflagged_and_stays_with_it():
    drawn = [n for n in range(4000) if audit_flag([], draft_id=str(n), site_secret="secret")]
    assert 0.08 < len(drawn) / 4000 < 0.12
    assert drawn == [n for n in range(4000) if audit_flag([], draft_id=str(n), site_secret="secret")]
    assert drawn != [n for n in range(4000) if audit_flag([], draft_id=str(n), site_secret="other")]


@pytest.mark.parametrize(("severity", "blocks"), [("must", True), ("check", True), ("info", False)])
def test_what_blocks_bulk_approval(severity, blocks):
    flags = [Flag("X", severity, "A reason.")]
    assert blocks_bulk_approval(flags) is blocks
    assert (audit_flag(flags, draft_id="1", site_secret="s", share=1.0) is None) is blocks


def test_extra_runs_where_models_disagree():
    def of(**runs):
        return combine(runs, level_count=4, planned=len(runs))

    agreements = {
        "same": of(A=[1], B=[1]),
        "apart": of(A=[1], B=[2]),
        "half": of(A=[1, 2], B=[1]),
        "alone": of(A=[1, 3]),
        "none": of(A=[None], B=[None]),
    }
    assert needs_extra_runs(agreements) == ("apart",)


def test_label_between_two_levels():
    found = raised({"A": [0, 1], "B": [3, 3], "C": [3, 3]})["MODEL_RANGE"]
    assert "A: between Missing and Weak" in found.detail


def test_criteria_without_an_agreement_are_left_out():
    levels = tuple(LevelSnapshot(i, str(i), "") for i in range(2))
    wide = replace(rubric(), criteria=(*rubric().criteria, CriterionSnapshot("new", "New", "", 1.0, levels)))
    assert flags_for_draft(agreements={}, readings=(), notes=None, rubric=wide) == ()
    assert isinstance(wide, RubricSnapshot)
