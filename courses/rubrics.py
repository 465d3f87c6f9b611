"""Rubrics: made, edited, taken from a template, saved as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.catalogue import lock_course
from courses.models import Course, Criterion, Level, Rubric, RubricTemplate
from courses.rubric_lint import Hint, lint_rubric
from courses.rubric_spec import CriterionSpec, LevelSpec, Problem, RubricSpec, check, from_content, tidy, to_content
from feedforward.errors import DomainError

__all__ = [
    "CriterionSpec",
    "Hint",
    "LevelSpec",
    "RubricChanged",
    "RubricInvalid",
    "RubricSpec",
    "create_rubric",
    "from_template",
    "lint_rubric",
    "save_as_template",
    "spec_of",
    "templates_for",
    "update_rubric",
]


class RubricInvalid(DomainError):
    """The rubric cannot be saved; ``problems`` says what and where."""

    code = "rubric_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems[:3]))
        self.problems = tuple(problems)


class RubricChanged(DomainError):
    """Somebody else saved the rubric after this page was opened."""

    code = "rubric_changed"


def create_rubric(
    *,
    course: Course,
    title: str,
    criteria: Iterable[CriterionSpec],
    actor: User,
    pass_position: int | None = None,
    public_id: UUID | None = None,
) -> Rubric:
    """Make a rubric with its criteria (keys c1, c2 ...) and levels, lowest level first."""
    criteria = tidy(criteria)
    _refuse_invalid(title, criteria, pass_position)
    with transaction.atomic():
        lock_course(course)
        rubric = Rubric.objects.create(
            course=course,
            title=title.strip(),
            pass_position=pass_position,
            keys_given=len(criteria),
            public_id=public_id or uuid4(),
        )
        rows = Criterion.objects.bulk_create(
            _filled(Criterion(rubric=rubric, key=f"c{index + 1}"), index, spec) for index, spec in enumerate(criteria)
        )
        _write_levels(zip(rows, criteria, strict=True))
        audit.record(
            actor=actor, code="rubric.created", obj=rubric, course_id=course.pk, counts={"criteria": len(criteria)}
        )
    return rubric


def update_rubric(
    *,
    rubric: Rubric,
    title: str,
    criteria: Iterable[CriterionSpec],
    actor: User,
    pass_position: int | None = None,
    expected_revision: int | None = None,
) -> Rubric:
    """Replace the rubric's contents and count its revision up; saving the same again changes nothing.

    A criterion whose ``key`` is known stays that criterion; the others get keys never used before, so what was
    frozen for drafts under way keeps its meaning. Raises :class:`RubricChanged` when ``expected_revision`` is
    not the present one, :class:`RubricInvalid` when the contents cannot be saved.
    """
    criteria = tidy(criteria)
    _refuse_invalid(title, criteria, pass_position)
    with transaction.atomic():
        lock_course(rubric.course)
        before = spec_of(rubric)
        after = RubricSpec(title=title.strip(), criteria=criteria, pass_position=pass_position)
        current = Rubric.objects.get(pk=rubric.pk)
        if expected_revision is not None and current.revision != expected_revision:
            raise RubricChanged(
                _(
                    "Somebody saved this rubric after you opened it. Your changes are still here: compare, then save again."
                )
            )
        if before == after:
            return current
        known = {row.key: row for row in Criterion.objects.filter(rubric=rubric)}
        keys_given = current.keys_given
        rows: list[Criterion] = []
        for index, spec in enumerate(criteria):
            row = known.pop(spec.key, None)
            if row is None:
                keys_given += 1
                row = Criterion(rubric=rubric, key=f"c{keys_given}")
            _filled(row, index, spec).save()
            rows.append(row)
        Criterion.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
        Level.objects.filter(criterion__rubric=rubric).delete()
        _write_levels(zip(rows, criteria, strict=True))
        current.title, current.pass_position, current.keys_given = after.title, pass_position, keys_given
        current.save(update_fields=["title", "pass_position", "keys_given", "updated_at"])
        Rubric.objects.filter(pk=rubric.pk).update(revision=F("revision") + 1)
        audit.record(
            actor=actor,
            code="rubric.changed",
            obj=rubric,
            course_id=rubric.course_id,
            fields=[
                name for name in ("title", "criteria", "pass_position") if getattr(before, name) != getattr(after, name)
            ],
            counts={"criteria": len(criteria)},
        )
    rubric.refresh_from_db()
    return rubric


def _refuse_invalid(title: str, criteria: Sequence[CriterionSpec], pass_position: int | None) -> None:
    problems = check(title=title, criteria=criteria, pass_position=pass_position)
    if problems:
        raise RubricInvalid(problems)


def _filled(row: Criterion, position: int, spec: CriterionSpec) -> Criterion:
    row.position = position
    row.title = spec.title
    row.description = spec.description
    row.weight = spec.weight
    row.higher_order = spec.higher_order
    row.language_matters = spec.language_matters
    return row


def _write_levels(pairs: Iterable[tuple[Criterion, CriterionSpec]]) -> None:
    Level.objects.bulk_create(
        Level(
            criterion=row,
            position=position,
            label=level.label,
            descriptor=level.descriptor,
            points=level.points,
        )
        for row, spec in pairs
        for position, level in enumerate(spec.levels)
    )


def spec_of(rubric: Rubric) -> RubricSpec:
    """Return the saved rubric as a value, read afresh (three queries)."""
    levels = Prefetch("levels", Level.objects.order_by("position"))
    rows = Criterion.objects.filter(rubric_id=rubric.pk).order_by("position").prefetch_related(levels)
    saved = Rubric.objects.filter(pk=rubric.pk).values_list("title", "pass_position").get()
    return RubricSpec(
        title=saved[0],
        pass_position=saved[1],
        criteria=tuple(
            CriterionSpec(
                key=row.key,
                title=row.title,
                description=row.description,
                weight=row.weight,
                higher_order=row.higher_order,
                language_matters=row.language_matters,
                levels=tuple(
                    LevelSpec(label=level.label, descriptor=level.descriptor, points=level.points)
                    for level in row.levels.all()
                ),
            )
            for row in rows
        ),
    )


# --- templates ----------------------------------------------------------------------------------------------


def templates_for(user: User) -> list[RubricTemplate]:
    """Return the active templates of the library and the person's own, library first."""
    rows = RubricTemplate.objects.active()
    return [*rows.filter(owner__isnull=True).order_by("title"), *rows.filter(owner=user).order_by("title")]


def from_template(
    *, template: RubricTemplate, course: Course, actor: User, title: str = "", public_id: UUID | None = None
) -> Rubric:
    """Make a rubric with the template's contents; later changes of the template do not reach it."""
    spec = from_content(template.content, title=title or template.title)
    return create_rubric(
        course=course,
        title=spec.title,
        criteria=spec.criteria,
        pass_position=spec.pass_position,
        actor=actor,
        public_id=public_id,
    )


def save_as_template(*, rubric: Rubric, title: str, actor: User, description: str = "") -> RubricTemplate:
    """Save the rubric's contents as a template of ``actor``'s own, at once in use."""
    spec = spec_of(rubric)
    title = " ".join(title.split()) or spec.title
    with transaction.atomic():
        template = RubricTemplate.objects.create(
            title=title[:200],
            description=description.strip(),
            owner=actor,
            content=to_content(spec),
        )
        template.activate()
        audit.record(actor=actor, code="rubric_template.created", obj=template, course_id=rubric.course_id)
    return template
