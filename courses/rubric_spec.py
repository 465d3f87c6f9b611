"""A rubric as a value: what the editor, the templates and the imports hand to the write functions. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_CRITERIA = 20
MIN_LEVELS = 2
MAX_LEVELS = 10
MAX_TITLE = 200
MAX_LABEL = 60
MAX_TEXT = 4000
MAX_WEIGHT = Decimal(100)
MAX_POINTS = Decimal("9999.99")


@dataclass(frozen=True)
class LevelSpec:
    """One level; its place in the criterion's tuple is its position, lowest first."""

    label: str
    descriptor: str = ""
    points: Decimal | None = None


@dataclass(frozen=True)
class CriterionSpec:
    """One criterion. ``key`` names an existing criterion that is being edited; empty: a new one."""

    title: str
    description: str = ""
    weight: Decimal = Decimal(1)
    higher_order: bool = True
    language_matters: bool = False
    levels: tuple[LevelSpec, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class RubricSpec:
    title: str
    criteria: tuple[CriterionSpec, ...]
    description: str = ""
    pass_position: int | None = None


@dataclass(frozen=True)
class Problem:
    """What keeps a rubric from being saved, and where: ``field`` of a level, a criterion or the rubric."""

    message: str
    field: str = ""
    criterion: int | None = None
    level: int | None = None


def check(*, title: str, criteria: Sequence[CriterionSpec], pass_position: int | None = None) -> list[Problem]:
    """Return everything that keeps the rubric from being saved; empty when all is well."""
    problems: list[Problem] = []
    if not title.strip():
        problems.append(Problem("Give the rubric a title.", field="title"))
    elif len(title) > MAX_TITLE:
        problems.append(Problem(f"At most {MAX_TITLE} characters.", field="title"))
    if not criteria:
        problems.append(Problem("A rubric needs at least one criterion."))
    if len(criteria) > MAX_CRITERIA:
        problems.append(Problem(f"At most {MAX_CRITERIA} criteria; this rubric has {len(criteria)}."))
    seen: dict[str, int] = {}
    for index, criterion in enumerate(criteria):
        problems += _check_criterion(index, criterion)
        folded = criterion.title.strip().casefold()
        if folded and folded in seen:
            problems.append(
                Problem(f"Criterion {seen[folded] + 1} has the same title.", field="title", criterion=index)
            )
        seen.setdefault(folded, index)
    if criteria and all(criterion.weight == 0 for criterion in criteria):
        problems.append(Problem("At least one criterion needs a weight above 0.", field="weight", criterion=0))
    if pass_position is not None and criteria:
        fewest = min(len(criterion.levels) for criterion in criteria)
        if not 0 < pass_position < max(fewest, 1):
            problems.append(
                Problem(
                    "The pass level must be above the lowest level and exist in every criterion.", field="pass_position"
                )
            )
    return problems


def _check_criterion(index: int, criterion: CriterionSpec) -> list[Problem]:
    problems: list[Problem] = []
    if not criterion.title.strip():
        problems.append(Problem("Give the criterion a title.", field="title", criterion=index))
    elif len(criterion.title) > MAX_TITLE:
        problems.append(Problem(f"At most {MAX_TITLE} characters.", field="title", criterion=index))
    if len(criterion.description) > MAX_TEXT:
        problems.append(Problem(f"At most {MAX_TEXT} characters.", field="description", criterion=index))
    if not criterion.weight.is_finite() or not 0 <= criterion.weight <= MAX_WEIGHT:
        problems.append(Problem("A weight is a number from 0 to 100.", field="weight", criterion=index))
    if not MIN_LEVELS <= len(criterion.levels) <= MAX_LEVELS:
        problems.append(
            Problem(
                f"A criterion has {MIN_LEVELS} to {MAX_LEVELS} levels; this one has {len(criterion.levels)}.",
                criterion=index,
            )
        )
    labels: set[str] = set()
    for position, level in enumerate(criterion.levels):
        label = level.label.strip().casefold()
        if not label:
            problems.append(Problem("Give the level a name.", field="label", criterion=index, level=position))
        elif len(level.label) > MAX_LABEL:
            problems.append(Problem(f"At most {MAX_LABEL} characters.", field="label", criterion=index, level=position))
        elif label in labels:
            problems.append(
                Problem(
                    "Another level of this criterion has this name.", field="label", criterion=index, level=position
                )
            )
        labels.add(label)
        if len(level.descriptor) > MAX_TEXT:
            problems.append(
                Problem(f"At most {MAX_TEXT} characters.", field="descriptor", criterion=index, level=position)
            )
        if level.points is not None and (not level.points.is_finite() or abs(level.points) > MAX_POINTS):
            problems.append(
                Problem("Points are a number from -9999 to 9999.", field="points", criterion=index, level=position)
            )
    return problems


def tidy(criteria: Iterable[CriterionSpec]) -> tuple[CriterionSpec, ...]:
    """Return the criteria with white space around their texts removed."""
    return tuple(
        replace(
            criterion,
            title=criterion.title.strip(),
            description=criterion.description.strip(),
            levels=tuple(
                replace(level, label=level.label.strip(), descriptor=level.descriptor.strip())
                for level in criterion.levels
            ),
        )
        for criterion in criteria
    )


def number(value: object) -> Decimal | None:
    """Return ``value`` as a Decimal of two places, None when it is empty; ValueError when it is no finite number."""
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError(f"not a number: {value}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"not a number: {value}")
    text = str(value).strip().rstrip("%").strip()
    if not text:
        return None
    # A lone comma is a decimal comma ("12,5"); weights and points have no thousands.
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not text.isascii() or "_" in text:
        raise ValueError(f"not a number: {value}")
    try:
        parsed = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a number: {value}") from None
    if not parsed.is_finite() or abs(parsed) > 1_000_000:
        raise ValueError(f"not a number: {value}")
    return parsed.quantize(Decimal("0.01"))


def to_content(spec: RubricSpec) -> dict[str, Any]:
    """Return the JSON of a rubric template: criteria with weights and levels, numbers as numbers."""
    return {
        "criteria": [
            {
                "title": criterion.title,
                "description": criterion.description,
                "weight": _plain(criterion.weight),
                "higher_order": criterion.higher_order,
                "language_matters": criterion.language_matters,
                "levels": [
                    {
                        "label": level.label,
                        "descriptor": level.descriptor,
                        "points": None if level.points is None else _plain(level.points),
                    }
                    for level in criterion.levels
                ],
            }
            for criterion in spec.criteria
        ],
        "pass_position": spec.pass_position,
    }


def from_content(content: Mapping[str, Any], *, title: str, description: str = "") -> RubricSpec:
    """Read the JSON of a template or a .ffrubric file. Raises ValueError with a sentence when it is not one."""
    criteria = content.get("criteria")
    if not isinstance(criteria, list):
        raise ValueError("There is no list of criteria in it.")
    return RubricSpec(
        title=title,
        description=description,
        criteria=tuple(_criterion_from(index, item) for index, item in enumerate(criteria, start=1)),
        pass_position=_whole(content.get("pass_position")),
    )


def _criterion_from(index: int, item: Any) -> CriterionSpec:
    if not isinstance(item, Mapping):
        raise ValueError(f"Criterion {index} is not an object.")
    levels = item.get("levels")
    if not isinstance(levels, list):
        raise ValueError(f"Criterion {index} has no list of levels.")
    try:
        weight = number(item.get("weight", 1))
        return CriterionSpec(
            title=_text(item.get("title", item.get("name"))),
            description=_text(item.get("description")),
            weight=Decimal(1) if weight is None else weight,
            higher_order=item.get("higher_order", True) is not False,
            language_matters=item.get("language_matters", False) is True,
            levels=tuple(_level_from(index, level) for level in levels),
        )
    except ValueError as error:
        raise ValueError(f"Criterion {index}: {error}") from None


def _level_from(index: int, item: Any) -> LevelSpec:
    if not isinstance(item, Mapping):
        raise ValueError("a level is not an object.")
    return LevelSpec(
        label=_text(item.get("label", item.get("title", item.get("name")))),
        descriptor=_text(item.get("descriptor", item.get("description"))),
        points=number(item.get("points")),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise ValueError("a text is missing.")
    # NUL and lone surrogates cannot be stored; they are no part of any wording.
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode().strip()


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
