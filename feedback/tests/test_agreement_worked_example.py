"""docs/feedback.md tells what the code computes, to the digit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedback.agreement import summary
from feedback.agreement.aggregation import combine
from feedback.agreement.flags import flags_for_draft, needs_extra_runs
from feedback.agreement.points import shown_levels, total_points
from feedback.agreement.weights import effective_readings
from feedback.merging.notes import likeness
from feedback.tests import worked_example as example
from feedback.tests.case_adapters.merging_cases import found_pairs, merge_fixture, pairwise_f1, wanted_pairs
from feedback.tests.test_merging_fixtures import FIXTURES, read

TEXT = " ".join((Path(__file__).parents[2] / "docs" / "feedback.md").read_text(encoding="utf-8").split())
NOTES = example.notes()
AGREEMENTS = {"evidence": example.agreement(example.EVIDENCE), "argument": example.agreement(example.ARGUMENT)}
MEMBERS = {
    (m.model, m.run, m.item.item_id): m for cluster in NOTES.clusters for m in cluster.members
}  # fmt: skip


def told(words: str) -> bool:
    return words in TEXT


def test_second_readings_were_due():
    first = {
        key: combine({m: [runs[0]] for m, runs in levels.items()}, level_count=4, planned=3)
        for key, levels in (("evidence", example.EVIDENCE), ("argument", example.ARGUMENT))
    }
    assert needs_extra_runs(first) == ("evidence", "argument")
    assert told("since they were a level or more apart on both criteria")


def test_levels():
    evidence, argument = AGREEMENTS["evidence"], AGREEMENTS["argument"]
    assert told(f"| {evidence.centre:.2f} | **Weak**: {evidence.words} |") and evidence.level == 1
    assert told(f"| {argument.centre:.2f} | **withheld**") and argument.withheld
    assert told(f"is {evidence.centre:.2f}, the nearest level is Weak")
    assert told(f"The centre is {1.5 - evidence.centre:.2f} from the cut") and not evidence.near_cut
    assert told(f"is {evidence.gmd:.2f} levels of 3 possible ones, so agreement is {evidence.agreement:.2f}")
    assert list(evidence.model_medians.values()) == [1.5, 1.0, 1.0] and told("medians are 1, 1.5 and 1")
    assert argument.model_medians == {"North": 3.0, "Brook": 1.0, "Vale": 2.0} and told("The medians are 3, 1 and 2.")


def test_what_readings_are_worth():
    assert told(f"one model read nine times is worth {effective_readings(1, 9):.2f} independent readings")
    assert told(f"three models read once are worth {effective_readings(3, 1):.2f}")


def test_captured_model():
    captured = example.agreement(example.CAPTURED)
    plain = float(summary.mean(list(captured.model_means.values())))
    assert told(f"The plain mean of the models would be {plain:.2f}, which is Good") and round(plain) == 2
    assert told(f"The clamped mean is {captured.centre:.2f}, still Weak") and captured.level == 1
    assert captured.withheld and told("this level would not be shown at all")


def test_flags_and_points():
    (flag,) = flags_for_draft(agreements=AGREEMENTS, readings=example.readings(), notes=NOTES, rubric=example.RUBRIC)
    assert told(f'"{flag.detail}"')
    total = total_points(example.RUBRIC, shown_levels(AGREEMENTS))
    assert total.points is None and len(total.open_criteria) == 1
    assert told(f"there is no total: {total.partial_points:.0f} of {total.partial_out_of:.0f}, one criterion open")


def test_comments_are_those_of_the_readings():
    for reading in example.readings():
        for item in reading.reading.items:
            assert told(f'"{item.quotes[0].quote}" | {item.comment} | {item.next_step} |')
    assert told("> " + example.DRAFT.split("\n\n")[0])


def test_rejected_quotation():
    (member,) = NOTES.quarantined
    (quote,) = member.item.quotes
    assert (quote.status, member.model) == ("digits", "Brook")
    assert told(f"resembles the draft by {quote.score:.0f} of 100")


def test_similarity():
    brook, north, vale = MEMBERS["Brook", 0, "i0"], MEMBERS["North", 1, "i0"], MEMBERS["Vale", 0, "i0"]
    shared, every = len(brook.mark.stems & north.mark.stems), len(brook.mark.stems | north.mark.stems)
    assert told(f"share {shared} of {every} word stems")
    assert told(f"0.25 x {shared}/{every} = {likeness(brook, north):.2f}")
    assert likeness(brook, north) == pytest.approx(0.60 + 0.15 * 0.5 + 0.25 * shared / every)
    others = [likeness(vale, member) for key, member in MEMBERS.items() if key[0] != "Vale"]
    assert told(f"alike by {min(others):.2f} to {max(others):.2f}, stays alone")


def test_note():
    (note,) = NOTES.priorities
    assert told(f'"{note.comment}" - "{note.next_step}"') and told(f"> {note.comment} > Next step: {note.next_step}")
    assert told(f"= {note.support:.2f}. Its severity is {note.severity:.0f}")
    gap = (3 - AGREEMENTS["evidence"].centre) / 3
    assert told(f"the criterion is {gap:.2f} of the scale below Strong")
    assert told(f"(x {1 + 0.6 * gap:.2f}): priority {note.priority:.3f}")
    assert note.priority == pytest.approx(note.support * 3 * 1.5 * (1 + 0.6 * gap))
    (held,) = NOTES.held
    assert held.models == ("Vale",) and told(f'"{held.why_not_shown}"')


def test_merging_of_the_lab_report():
    path = Path(__file__).parent / "cases" / "agreement" / "oracles.json"
    case = json.loads(path.read_text(encoding="utf-8"))["merge_fixture2_lab_report"]
    f1 = pairwise_f1(wanted_pairs(case), found_pairs(merge_fixture(case, case["items"])))
    assert told(f"(F1 {f1:.2f} on the lab report")


def test_merging_of_other_drafts():
    cases = [read(path) for path in FIXTURES]
    found = [pairwise_f1(wanted_pairs(case), found_pairs(merge_fixture(case, case["items"]))) for case in cases]
    assert told(f"{min(found):.2f} to {max(found):.2f} on the drafts in `feedback/tests/cases/merging/`")
