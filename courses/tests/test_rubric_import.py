"""Rubrics read from pasted tables, CSV and .ffrubric files; hints about them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.rubric_import import ImportRefused, read
from courses.rubric_lint import lint_rubric
from courses.rubric_spec import CriterionSpec, LevelSpec, RubricSpec, check, from_content, number, to_content
from courses.rubric_templates import LIBRARY

GRID_TAB = "Criterion\tWeight\tStrong (3)\tDeveloping (2)\tBeginning (1)\nClaim\t60\tPrecise\tLate\tNone\nStyle\t40\tClear\tMixed\tHard\n"
GRID_CSV = 'Criterion,Beginning,Strong\n"Claim\nIs there one?","None, at all","Precise"\nEvidence (30%),None,All\n'
GRID_MARKDOWN = "| Criterion | 1 - Low | 2 - High |\n|---|:---:|---|\n| Claim | none | a \\| b |\n"
LIST_SEMICOLON = "Criterion;Weight;Level;Descriptor;Points\nClaim;2,5;Low;None;0\n;;High;Precise;1\nStyle;;Low;Hard;0\nStyle;;High;Clear;1\n"


def test_a_grid_with_the_highest_level_first_is_turned_round() -> None:
    imported = read(GRID_TAB, title="Essay")
    claim, style = imported.spec.criteria
    assert [(level.label, level.points, level.descriptor) for level in claim.levels] == [
        ("Beginning", Decimal(1), "None"),
        ("Developing", Decimal(2), "Late"),
        ("Strong", Decimal(3), "Precise"),
    ]
    assert (claim.weight, style.weight) == (60, 40)
    assert "highest level first" in imported.notes[0]


def test_quoted_cells_descriptions_and_shares_in_titles() -> None:
    claim, evidence = read(GRID_CSV).spec.criteria
    assert (claim.title, claim.description, claim.levels[0].descriptor) == ("Claim", "Is there one?", "None, at all")
    assert (evidence.title, evidence.weight) == ("Evidence", 30)
    assert claim.levels[0].label == "Beginning"


def test_a_markdown_table_and_points_before_the_name() -> None:
    (claim,) = read(GRID_MARKDOWN).spec.criteria
    assert claim.levels == (LevelSpec("Low", "none", Decimal(1)), LevelSpec("High", "a | b", Decimal(2)))


def test_a_list_with_a_row_per_level() -> None:
    claim, style = read(LIST_SEMICOLON).spec.criteria
    assert claim.weight == Decimal("2.50")
    assert [level.label for level in claim.levels] == ["Low", "High"]
    assert style.levels[1].descriptor == "Clear"


def test_an_unknown_order_is_said() -> None:
    imported = read("Criterion\tA\tB\nClaim\tx\ty")
    assert "taken as the lowest" in imported.notes[0]


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
def test_a_template_file_is_a_ffrubric_file(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    spec = read(text).spec
    assert spec.title == json.loads(text)["title"]
    assert not check(title=spec.title, criteria=spec.criteria)
    assert [hint.code for hint in lint_rubric(spec) if hint.code in {"same", "vague", "person"}] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to read"),
        ("  \n\x00", "nothing to read"),
        ("just a sentence", "No table"),
        ("Criterion\tOnly\nA\tb", "Fewer than two"),
        ("{broken", "damaged"),
        ("[1, 2]", "no rubric"),
        ('{"title": "x"}', "criteria"),
        ('{"criteria": [1]}', "not an object"),
        ('{"criteria": [{"title": "A"}]}', "levels"),
        ('{"criteria": [{"title": "A", "weight": "many", "levels": []}]}', "Criterion 1"),
        ('{"criteria": [{"title": {"a": 1}, "levels": []}]}', "text is missing"),
        ("Criterion\tWeight\tLow\tHigh\nA\theavy\tx\ty", "Row 2"),
        ("Criterion\tLow\tHigh\n\tx\ty", "Row 2"),
        ("x" * 200_001, "longer"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        read(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), (" 12,5 ", Decimal("12.5")), ("30%", 30), ("", None), (None, None), (0, 0), (2.5, Decimal("2.5"))],
)
def test_numbers(text: object, value: object) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "1e999", "1_0", "٣", "one", True, float("nan"), "1,2,3"])
def test_what_is_no_number(text: object) -> None:
    with pytest.raises(ValueError):
        number(text)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=400) | st.text(alphabet="ab\t,;|\n\"'{}[]:-1.", max_size=200))
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    try:
        imported = read(text)
    except ImportRefused as error:
        assert str(error)
    else:
        assert all(len(criterion.levels) >= 0 for criterion in imported.spec.criteria)


def test_content_comes_back_as_it_went() -> None:
    spec = read(GRID_TAB, title="Essay").spec
    assert from_content(json.loads(json.dumps(to_content(spec))), title="Essay") == spec


def codes(*levels: LevelSpec, title: str = "Claim", **more: object) -> set[str]:
    spec = RubricSpec("T", (CriterionSpec(title, levels=levels, **more),))  # type: ignore[arg-type]
    return {hint.code for hint in lint_rubric(spec)}


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((LevelSpec("Low", "States a claim late."), LevelSpec("High", "A claim states late.")), {"same"}),
        ((LevelSpec("Low", "No source is named."), LevelSpec("High", "A source is named.")), set()),
        ((LevelSpec("Low", "Names 1 source."), LevelSpec("High", "Names 3 sources.")), set()),
        ((LevelSpec("Low", "Poor."), LevelSpec("High", "Very good work.")), {"vague"}),
        ((LevelSpec("Low", ""), LevelSpec("High", "A claim comes first.")), {"undescribed"}),
        ((LevelSpec("Low", "The student states nothing."), LevelSpec("High", "A claim comes first.")), {"person"}),
        (
            (LevelSpec("Low", "Nothing argued.", Decimal(2)), LevelSpec("High", "A claim comes first.", Decimal(1))),
            {"points_order"},
        ),
        (
            (LevelSpec("Low", "Nothing argued.", Decimal(2)), LevelSpec("High", "A claim comes first.")),
            {"points_missing"},
        ),
    ],
)
def test_hints(levels: tuple[LevelSpec, ...], expected: set[str]) -> None:
    assert codes(*levels) == expected


def test_form_is_not_meaning() -> None:
    levels = (LevelSpec("Low", "Nothing argued."), LevelSpec("High", "A claim comes first."))
    assert codes(*levels, title="Grammar and spelling") == {"mechanics"}
    assert codes(*levels, title="Grammar and spelling", higher_order=False) == set()
