"""Rubrics: made, edited with stable keys, taken from templates, frozen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.models import AuditEvent
from courses.models import Criterion, Rubric, RubricTemplate
from courses.rubric_templates import load_library
from courses.rubrics import (
    CriterionSpec,
    LevelSpec,
    RubricChanged,
    RubricInvalid,
    create_rubric,
    from_template,
    save_as_template,
    spec_of,
    templates_for,
    update_rubric,
)
from courses.snapshot import freeze
from courses.tests.cast import CRITERIA, Cast
from feedback.contract import RubricSnapshot


def test_keys_and_levels_of_a_new_rubric(cast: Cast) -> None:
    spec = spec_of(cast.rubric)
    assert [criterion.key for criterion in spec.criteria] == ["c1", "c2"]
    assert [level.label for level in spec.criteria[0].levels] == ["Beginning", "Developing", "Strong"]
    assert cast.rubric.revision == 1


def test_saving_the_same_again_changes_nothing(cast: Cast) -> None:
    spec = spec_of(cast.rubric)
    update_rubric(rubric=cast.rubric, title="Essay ", criteria=spec.criteria, actor=cast.bob)
    assert Rubric.objects.get(pk=cast.rubric.pk).revision == 1
    assert not AuditEvent.objects.filter(code="rubric.changed").exists()


def test_a_removed_criterion_key_is_never_given_again(cast: Cast) -> None:
    first, second = spec_of(cast.rubric).criteria
    rubric = update_rubric(rubric=cast.rubric, title="Essay", criteria=[first], actor=cast.bob)
    assert rubric.revision == 2
    added = replace(second, key="", title="Sources")
    rubric = update_rubric(rubric=rubric, title="Essay", criteria=[added, first], actor=cast.bob)
    assert [criterion.key for criterion in spec_of(rubric).criteria] == ["c3", "c1"]
    assert rubric.revision == 3


def test_editing_keeps_the_row_of_a_known_criterion(cast: Cast) -> None:
    row = Criterion.objects.get(rubric=cast.rubric, key="c1")
    first, second = spec_of(cast.rubric).criteria
    update_rubric(
        rubric=cast.rubric, title="Essay", criteria=[second, replace(first, title="Position")], actor=cast.bob
    )
    row.refresh_from_db()
    assert (row.title, row.position, row.key) == ("Position", 1, "c1")
    assert AuditEvent.objects.get(code="rubric.changed").fields == ["criteria"]


def test_two_people_editing_do_not_overwrite_each_other(cast: Cast) -> None:
    spec = spec_of(cast.rubric)
    update_rubric(rubric=cast.rubric, title="Bob's", criteria=spec.criteria, actor=cast.bob, expected_revision=1)
    with pytest.raises(RubricChanged):
        update_rubric(
            rubric=cast.rubric, title="Carol's", criteria=spec.criteria, actor=cast.carol, expected_revision=1
        )
    assert spec_of(cast.rubric).title == "Bob's"


LEVELS = (LevelSpec("Low"), LevelSpec("High"))


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        ([], "at least one criterion"),
        ([CriterionSpec("", levels=LEVELS)], "a title"),
        ([CriterionSpec("A", levels=LEVELS[:1])], "2 to 10 levels"),
        ([CriterionSpec("A", levels=LEVELS), CriterionSpec(" a ", levels=LEVELS)], "same title"),
        ([CriterionSpec("A", levels=(LevelSpec("Low"), LevelSpec("low ")))], "Another level"),
        ([CriterionSpec("A", levels=(LevelSpec("Low"), LevelSpec(" ")))], "a name"),
        ([CriterionSpec("A", weight=Decimal(0), levels=LEVELS)], "above 0"),
        ([CriterionSpec("A", weight=Decimal(-1), levels=LEVELS)], "0 to 100"),
        ([CriterionSpec("A", weight=Decimal("NaN"), levels=LEVELS)], "0 to 100"),
        ([CriterionSpec("A", weight=Decimal(101), levels=LEVELS)], "0 to 100"),
        ([CriterionSpec("A", levels=(LevelSpec("Low", points=Decimal("Infinity")), LevelSpec("High")))], "Points"),
        ([CriterionSpec(f"{n}", levels=LEVELS) for n in range(21)], "At most 20"),
        ([CriterionSpec("A" * 201, levels=LEVELS)], "200 characters"),
    ],
)
def test_what_cannot_be_saved(cast: Cast, criteria: list[CriterionSpec], words: str) -> None:
    before = Rubric.objects.count()
    with pytest.raises(RubricInvalid, match=words):
        create_rubric(course=cast.course, title="T", criteria=criteria, actor=cast.bob)
    assert Rubric.objects.count() == before


@pytest.mark.parametrize(("position", "fits"), [(None, True), (0, False), (1, True), (2, False), (-1, False)])
def test_the_pass_level_exists_in_every_criterion(cast: Cast, position: int | None, fits: bool) -> None:
    def make() -> Rubric:
        return create_rubric(course=cast.course, title="T", criteria=CRITERIA, pass_position=position, actor=cast.bob)

    if fits:
        assert make().pass_position == position
    else:
        with pytest.raises(RubricInvalid, match="pass level"):
            make()


def test_frozen_rubric_is_what_the_contract_reads(cast: Cast) -> None:
    frozen = freeze(cast.rubric)
    snapshot = RubricSnapshot.from_json(frozen)
    assert snapshot.to_json()["criteria"][0]["key"] == "c1"
    assert snapshot.criterion("c1").levels[2].points == 2.0
    assert snapshot.criterion("c2").levels[0].points is None
    assert set(frozen["criteria"][0]) == set(snapshot.to_json()["criteria"][0])
    assert set(frozen) == set(snapshot.to_json())


def test_the_library_loads_once_and_is_brought_up_to_date(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_rubric_templates")
    assert "5 new" in capsys.readouterr().out
    assert RubricTemplate.objects.filter(owner=None, status="active").count() == 5
    RubricTemplate.objects.filter(slug="essay").update(title="Old")
    switched_off = RubricTemplate.objects.get(slug="lab")
    switched_off.deactivate()
    loaded = load_library()
    assert (loaded.made, loaded.updated, loaded.unchanged) == (0, 1, 4)
    switched_off.refresh_from_db()
    assert switched_off.status == "inactive"


def test_from_a_template_and_back(cast: Cast) -> None:
    load_library()
    template = RubricTemplate.objects.get(slug="essay")
    rubric = from_template(template=template, course=cast.course, actor=cast.bob)
    assert rubric.title == template.title
    mine = save_as_template(rubric=rubric, title="My essays", actor=cast.bob)
    assert (mine.owner, mine.status) == (cast.bob, "active")
    assert mine.content == template.content
    assert mine in templates_for(cast.bob)
    assert mine not in templates_for(cast.carol)
    twin = from_template(template=mine, course=cast.course, actor=cast.carol)
    assert spec_of(twin).criteria == spec_of(rubric).criteria
