"""The rubric as it stands in the editor's form: what was typed, the buttons that rearrange it, where errors belong. Pure.

Every change of shape (add, remove, move) is a plain POST of the whole form with the button's name, so the editor
works without scripts; nothing is saved until "Save".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from courses.rubric_spec import (
    MAX_CRITERIA,
    MAX_LEVELS,
    CriterionSpec,
    LevelSpec,
    Problem,
    RubricSpec,
    number,
)

DEFAULT_LABELS = ("Beginning", "Developing", "Proficient", "Strong")
WEIGHT_WORDS = "A weight is a number from 0 to 100."
POINTS_WORDS = "Points are a number, or empty."


@dataclass
class LevelDraft:
    """What stands in the fields of one level, as typed."""

    label: str = ""
    descriptor: str = ""
    points: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class CriterionDraft:
    """What stands in the fields of one criterion, as typed."""

    key: str = ""
    title: str = ""
    description: str = ""
    weight: str = "1"
    higher_order: bool = True
    language_matters: bool = False
    levels: list[LevelDraft] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class RubricDraft:
    """The whole form, with the errors beside their fields."""

    title: str = ""
    pass_position: str = ""
    criteria: list[CriterionDraft] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(
            criterion.errors or any(level.errors for level in criterion.levels) for criterion in self.criteria
        )

    @property
    def shared_levels(self) -> list[str]:
        """Labels of the first criterion's levels above the lowest: the choices of a pass level."""
        if not self.criteria:
            return []
        fewest = min(len(criterion.levels) for criterion in self.criteria)
        return [level.label for level in self.criteria[0].levels[:fewest]]


def blank() -> RubricDraft:
    """Return what a new rubric starts from: one criterion with the four usual levels."""
    return RubricDraft(criteria=[blank_criterion(DEFAULT_LABELS)])


def blank_criterion(labels: Iterable[str]) -> CriterionDraft:
    return CriterionDraft(levels=[LevelDraft(label=label) for label in labels])


def draft_of(spec: RubricSpec) -> RubricDraft:
    """Return the form filled with a saved or imported rubric."""
    return RubricDraft(
        title=spec.title,
        pass_position="" if spec.pass_position is None else str(spec.pass_position),
        criteria=[
            CriterionDraft(
                key=criterion.key,
                title=criterion.title,
                description=criterion.description,
                weight=_shown(criterion.weight),
                higher_order=criterion.higher_order,
                language_matters=criterion.language_matters,
                levels=[
                    LevelDraft(
                        label=level.label,
                        descriptor=level.descriptor,
                        points="" if level.points is None else _shown(level.points),
                    )
                    for level in criterion.levels
                ],
            )
            for criterion in spec.criteria
        ],
    )


def _shown(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_form(data: Mapping[str, str]) -> RubricDraft:
    """Return what was typed. Fields are named ``c0-title``, ``c0-l1-label``...; counts bound the reading."""
    draft = RubricDraft(title=_typed(data, "title"), pass_position=_typed(data, "pass_position"))
    for c in range(_count(data, "criteria", MAX_CRITERIA + 5)):
        name = f"c{c}"
        draft.criteria.append(
            CriterionDraft(
                key=_typed(data, f"{name}-key")[:20],
                title=_typed(data, f"{name}-title"),
                description=_typed(data, f"{name}-description"),
                weight=_typed(data, f"{name}-weight"),
                higher_order=f"{name}-higher_order" in data,
                language_matters=f"{name}-language_matters" in data,
                levels=[
                    LevelDraft(
                        label=_typed(data, f"{name}-l{n}-label"),
                        descriptor=_typed(data, f"{name}-l{n}-descriptor"),
                        points=_typed(data, f"{name}-l{n}-points"),
                    )
                    for n in range(_count(data, f"{name}-levels", MAX_LEVELS + 5))
                ],
            )
        )
    return draft


def _typed(data: Mapping[str, str], name: str) -> str:
    return data.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()


def _count(data: Mapping[str, str], name: str, most: int) -> int:
    text = data.get(name, "0")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def press(draft: RubricDraft, button: str) -> bool:
    """Do what a button of the form says ("criterion-up:2", "level-add:0"); False when it is no such button."""
    what, _colon, rest = button.partition(":")
    places = [int(part) for part in rest.split(":") if part.isascii() and part.isdigit() and len(part) < 4]
    if what == "criterion-add":
        if len(draft.criteria) < MAX_CRITERIA:
            labels = [level.label for level in draft.criteria[-1].levels] if draft.criteria else DEFAULT_LABELS
            draft.criteria.append(blank_criterion(labels))
        return True
    if not places or places[0] >= len(draft.criteria):
        return False
    criterion = draft.criteria[places[0]]
    if what == "level-add":
        if len(criterion.levels) < MAX_LEVELS:
            criterion.levels.append(LevelDraft())
        return True
    if what == "level-reverse":
        criterion.levels.reverse()
        return True
    if what.startswith("criterion-"):
        return _move(draft.criteria, places[0], what.removeprefix("criterion-"))
    if what.startswith("level-") and len(places) > 1:
        return _move(criterion.levels, places[1], what.removeprefix("level-"))
    return False


def _move(rows: list, place: int, how: str) -> bool:
    """Remove, or move up or down, the row at ``place``; at the edge nothing moves."""
    if place >= len(rows):
        return False
    if how == "remove":
        del rows[place]
    elif how == "up":
        if place > 0:
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
    elif how == "down":
        if place < len(rows) - 1:
            rows[place + 1], rows[place] = rows[place], rows[place + 1]
    else:
        return False
    return True


def to_spec(draft: RubricDraft, *, strict: bool = True) -> RubricSpec:
    """Return the form as a rubric; numbers that cannot be read become errors beside their fields.

    With ``strict=False`` nothing is marked: for hints on a rubric that is still being written.
    """
    criteria = []
    for criterion in draft.criteria:
        weight = _number(criterion.weight, criterion.errors, "weight", WEIGHT_WORDS, strict)
        levels = []
        for level in criterion.levels:
            points = _number(level.points, level.errors, "points", POINTS_WORDS, strict)
            levels.append(LevelSpec(label=level.label, descriptor=level.descriptor, points=points))
        criteria.append(
            CriterionSpec(
                key=criterion.key,
                title=criterion.title,
                description=criterion.description,
                weight=Decimal(1) if weight is None else weight,
                higher_order=criterion.higher_order,
                language_matters=criterion.language_matters,
                levels=tuple(levels),
            )
        )
    position = draft.pass_position
    whole = int(position) if position.isascii() and position.isdigit() and len(position) < 3 else None
    return RubricSpec(title=draft.title, criteria=tuple(criteria), pass_position=whole)


def _number(text: str, errors: dict[str, str], name: str, words: str, strict: bool) -> Decimal | None:
    try:
        return number(text)
    except ValueError:
        if strict:
            errors[name] = words
        return None


def mark(draft: RubricDraft, problems: Iterable[Problem]) -> None:
    """Put each problem beside its field; the first one of a field stays."""
    for problem in problems:
        errors = draft.errors
        if problem.criterion is not None and problem.criterion < len(draft.criteria):
            criterion = draft.criteria[problem.criterion]
            errors = criterion.errors
            if problem.level is not None and problem.level < len(criterion.levels):
                errors = criterion.levels[problem.level].errors
        errors.setdefault(problem.field or "all", problem.message)
