"""Which models read an assignment's drafts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent
from aiconfig.catalogue import change_lifecycle, create_model, create_provider
from aiconfig.models import AIModel, AssignmentModel
from aiconfig.plans import (
    MAX_RUNS_PER_DRAFT,
    ModelChoice,
    PlanInvalid,
    copy_plans,
    default_models,
    plan_of,
    set_assignment_models,
)
from courses.assignments import AssignmentReadOnly, change_assignment
from courses.catalogue import copy_course
from courses.tests.cast import Cast


def models(cast: Cast, provider: str, *names: str, is_demo: bool = False) -> list[AIModel]:
    row = create_provider(
        name=provider,
        kind="openai_compatible",
        base_url="http://127.0.0.1:9/v1",
        is_demo=is_demo,
        actor=cast.admin,
    )
    change_lifecycle(obj=row, action="activate", actor=cast.admin)
    row.refresh_from_db()
    made = []
    for name in names:
        model = create_model(provider=row, name=name, actor=cast.admin)
        change_lifecycle(obj=model, action="activate", actor=cast.admin)
        model.refresh_from_db()
        made.append(model)
    return made


def names_of(choices: tuple[ModelChoice, ...]) -> list[str]:
    by_pk = AIModel.objects.in_bulk()
    return [by_pk[choice.ai_model_id].name for choice in choices]


def test_defaults_come_from_different_providers(cast: Cast) -> None:
    assert default_models() == ()
    models(cast, "One", "a1", "a2", "a3")
    assert names_of(default_models()) == ["a1", "a2", "a3"]
    models(cast, "Two", "b1", "b2")
    assert names_of(default_models()) == ["a1", "b1", "a2"]
    models(cast, "Three", "c1")
    assert names_of(default_models()) == ["a1", "b1", "c1"]
    assert all(choice.runs == 1 and not choice.is_fallback for choice in default_models())


def test_defaults_leave_out_what_cannot_be_called_and_demo_reviewers_beside_real_models(cast: Cast) -> None:
    demo = models(cast, "Demo", "d1", "d2", "d3", is_demo=True)
    assert names_of(default_models()) == ["d1", "d2", "d3"]
    change_lifecycle(obj=demo[1], action="deactivate", actor=cast.admin)
    assert names_of(default_models()) == ["d1", "d3"]
    real = models(cast, "Real", "r1", "r2")
    assert names_of(default_models()) == ["r1", "r2"]
    AIModel.objects.filter(pk=real[0].pk).update(offered_to_instructors=False)
    assert names_of(default_models()) == ["r2"]
    change_lifecycle(obj=real[1].provider, action="deactivate", actor=cast.admin)
    assert names_of(default_models()) == ["d1", "d3"]


def test_a_plan_is_saved_in_its_order_and_saved_again_without_change(cast: Cast) -> None:
    one, two, three = models(cast, "One", "a1", "a2", "a3")
    plan = [
        ModelChoice(ai_model_id=two.pk, runs=2, temperature=0.5),
        ModelChoice(ai_model_id=one.pk, weight=Decimal("1.50"), max_output_tokens=2000),
        ModelChoice(ai_model_id=three.pk, is_fallback=True),
    ]
    rows = set_assignment_models(assignment=cast.assignment, choices=plan, actor=cast.bob)
    assert [row.ai_model.name for row in rows] == ["a2", "a1", "a3"]
    assert list(plan_of(cast.assignment)) == plan
    set_assignment_models(assignment=cast.assignment, choices=plan, actor=cast.bob)
    event = AuditEvent.objects.get(code="assignment.models_changed")
    assert event.counts == {"models": 3, "runs": 3}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"runs": 0}, "runs"),
        ({"runs": 10}, "runs"),
        ({"runs": 100_000}, "runs"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": 1_000_000}, "max_output_tokens"),
        ({"weight": Decimal(0)}, "weight"),
        ({"weight": Decimal("NaN")}, "weight"),
        ({"ai_model_id": 10**12}, "ai_model"),
    ],
)
def test_numbers_out_of_range(cast: Cast, changes: dict[str, Any], field: str) -> None:
    one, two = models(cast, "One", "a1", "a2")
    choices = [ModelChoice(ai_model_id=one.pk), ModelChoice(**{"ai_model_id": two.pk, **changes})]
    with pytest.raises(PlanInvalid) as refused:
        set_assignment_models(assignment=cast.assignment, choices=choices, actor=cast.bob)
    assert (refused.value.index, refused.value.field) == (1, field)
    assert not AssignmentModel.objects.exists()


def test_plans_that_make_no_sense(cast: Cast) -> None:
    rows = models(cast, "One", "a1", "a2", "a3", "a4")
    ids = [row.pk for row in rows]
    refused = {
        "twice": [ModelChoice(ids[0]), ModelChoice(ids[0])],
        "stands in": [ModelChoice(ids[0], is_fallback=True)],
        f"at most {MAX_RUNS_PER_DRAFT}": [ModelChoice(pk, runs=9) for pk in ids],
    }
    for words, choices in refused.items():
        with pytest.raises(PlanInvalid, match=words):
            set_assignment_models(assignment=cast.assignment, choices=choices, actor=cast.bob)
    assert set_assignment_models(assignment=cast.assignment, choices=[], actor=cast.bob) == []


def test_a_model_not_offered_to_instructors_or_switched_off(cast: Cast) -> None:
    kept, fresh = models(cast, "One", "a1", "a2")
    set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(kept.pk)], actor=cast.bob)
    AIModel.objects.update(offered_to_instructors=False)
    change_lifecycle(obj=kept, action="deactivate", actor=cast.admin)
    with pytest.raises(PlanInvalid, match="not available"):
        set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(fresh.pk)], actor=cast.bob)
    # What is chosen already may stay while something else changes.
    set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(kept.pk, runs=2)], actor=cast.bob)
    assert plan_of(cast.assignment)[0].runs == 2


def test_archived_takes_no_plan(cast: Cast) -> None:
    (one,) = models(cast, "One", "a1")
    change_assignment(assignment=cast.assignment, action="archive", actor=cast.bob)
    with pytest.raises(AssignmentReadOnly):
        set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(one.pk)], actor=cast.bob)


def test_plans_go_along_with_a_copied_course(cast: Cast) -> None:
    one, two = models(cast, "One", "a1", "a2")
    plan = [ModelChoice(one.pk, runs=3), ModelChoice(two.pk, is_fallback=True)]
    set_assignment_models(assignment=cast.assignment, choices=plan, actor=cast.bob)
    copied = copy_course(course=cast.course, title="Again", actor=cast.bob)
    assert copy_plans(pairs=copied.assignment_ids) == 2
    twin = copied.course.assignments.get()
    assert list(plan_of(twin)) == plan
    assert list(plan_of(cast.assignment)) == plan
