from __future__ import annotations

import pytest

from feedback.merging.synthesis import SynthesisedNote, check_all, check_synthesis
from feedback.tests.readings import DRAFT

CLUSTERS = {
    "n1": [
        "The claim about every school is too broad; say which schools you mean.",
        "Which schools are meant by this claim? It covers 12 different kinds.",
    ]
}


def reasons(text: str, used=(0, 1), cluster="n1") -> list[str]:
    found = check_synthesis(SynthesisedNote(cluster, text, used), clusters=CLUSTERS, draft=DRAFT)
    return [reason.split(":")[0] for reason in found]


@pytest.mark.parametrize(
    "text",
    [
        "The claim is too broad; which schools are meant?",
        "The claim “Every school must offer” is too broad; which schools do you mean?",
        "It covers 12 kinds: say which schools are meant.",
        "“A warm  LUNCH costs four euros”: say which schools you mean by the claim.",
    ],
)
def test_honest_texts_pass(text):
    assert [r for r in reasons(text) if r != "novelty"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The claim “all schools are equal” is too broad; which schools?", "quote_not_in_draft"),
        ("The claim 'all schools are equal' is too broad; which schools?", "quote_not_in_draft"),
        ("The claim covers 13 kinds of schools; say which you mean.", "new_number"),
        ("The claim about schools is broad and lowers the grade.", "grade_talk"),
        ("The claim about schools is broad: 80% at most.", "grade_talk"),
        ("The claim about schools is broad, see [here](x).", "markup_or_link"),
        ("The claim about schools is **broad**.", "markup_or_link"),
        ("Interview several cooks, weigh nutrition budgets and quote ministers.", "novelty"),
        ("The claim about every school is too broad; " * 3, "too_long"),
    ],
)
def test_each_guard_fires(text, reason):
    assert reason in reasons(text)


@pytest.mark.parametrize("used", [(), (2,), (-1,), (0, 7)])
def test_citations_must_exist(used):
    assert reasons("The claim is too broad.", used=used) == ["bad_citation"]


def test_quotation_marks_are_no_grades():
    assert "grade_talk" not in reasons("Put quotation marks around the claim about schools.")


def test_unknown_missing_and_doubled_clusters():
    good = "The claim is too broad; which schools are meant?"
    notes = [SynthesisedNote("n1", good, (0,)), SynthesisedNote("n1", good, (0,)), SynthesisedNote("n9", good, (0,))]
    clusters = {**CLUSTERS, "n2": ["A price needs a source."]}
    assert check_all(notes, clusters=clusters, draft=DRAFT) == {
        "n1": ["duplicate_cluster"],
        "n9": ["unknown_cluster"],
        "n2": ["missing_cluster"],
    }
