"""Reading a rubric from a table pasted out of a document, a CSV file or a .ffrubric file. Pure.

Tables come in two forms. *Grid*: a row per criterion, a column per level (the levels' names in the head). *List*:
a row per level with columns criterion, level, descriptor, points, weight. The separator is found by itself: tab,
comma, semicolon or the bars of a Markdown table.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from courses.rubric_spec import CriterionSpec, LevelSpec, RubricSpec, from_content, number

MAX_CHARS = 200_000


class ImportRefused(ValueError):
    """The text is not a rubric we can read; the message says what to do."""


@dataclass(frozen=True)
class Imported:
    """What was read, and what the reader had to assume (sentences to show)."""

    spec: RubricSpec
    notes: tuple[str, ...] = ()


TITLE_HEADS = {"criterion", "criteria", "title", "name", "category", "dimension", "aspect", ""}
DESCRIPTION_HEADS = {"description", "details", "question", "explanation"}
WEIGHT_HEADS = {"weight", "weighting", "weight %", "%", "weight (%)", "share"}
LEVEL_HEADS = {"level", "rating", "label"}
DESCRIPTOR_HEADS = {"descriptor", "level description", "level descriptor", "text"}
POINTS_HEADS = {"points", "score", "point", "pts"}
HIGHEST_WORDS = re.compile(
    r"\b(excellent|outstanding|exemplary|strong|advanced|exceeds|distinction|mastery|very good|accomplished)\b", re.I
)
LOWEST_WORDS = re.compile(
    r"\b(beginning|poor|weak|inadequate|unsatisfactory|missing|fail|limited|novice|below|not yet|insufficient|emerging)\b",
    re.I,
)
POINTS_IN_HEAD = re.compile(
    r"^(?P<label>.*?)\s*[(\[–:-]?\s*(?P<points>-?\d+(?:[.,]\d+)?)\s*(?:points?|pts?\.?|p\.?)?\s*[)\]]?\s*$", re.I
)
POINTS_FIRST = re.compile(r"^(?P<points>-?\d+(?:[.,]\d+)?)\s*(?:points?|pts?\.?)?\s*[-–:.)=]\s*(?P<label>\S.*)$", re.I)


def read(text: str, *, title: str = "") -> Imported:
    """Read ``text`` in whatever of the known forms it is. Raises :class:`ImportRefused`."""
    text = text.replace("\x00", "").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ImportRefused("There is nothing to read. Paste a table, or choose a file.")
    if len(text) > MAX_CHARS:
        raise ImportRefused("This is far longer than any rubric. Paste the table alone.")
    if text.lstrip().startswith(("{", "[")):
        return _read_json(text, title)
    rows = _rows(text)
    if len(rows) < 2 or max(len(row) for row in rows) < 2:
        raise ImportRefused(
            "No table was found. The first row names the levels, each further row is a criterion; "
            "copy it from a spreadsheet or separate the columns by tabs."
        )
    heads = [cell.strip().casefold() for cell in rows[0]]
    if any(head in LEVEL_HEADS for head in heads) and any(head in DESCRIPTOR_HEADS | POINTS_HEADS for head in heads):
        return _read_list(rows, heads, title)
    return _read_grid(rows, heads, title)


def _read_json(text: str, title: str) -> Imported:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ImportRefused("This looks like a .ffrubric file, but it is damaged: it is no valid JSON.") from None
    if isinstance(data, dict) and isinstance(data.get("rubric"), dict):
        data = data["rubric"]
    if not isinstance(data, dict):
        raise ImportRefused("This file holds no rubric: a title and a list of criteria are expected.")
    try:
        spec = from_content(
            data,
            title=title or str(data.get("title") or data.get("name") or "")[:200],
            description=str(data.get("description") or ""),
        )
    except ValueError as error:
        raise ImportRefused(f"This file cannot be read: {error}") from None
    return Imported(spec=spec)


def _rows(text: str) -> list[list[str]]:
    """Split into rows of cells; rows of a Markdown table lose their bars and the line of dashes."""
    lines = [line for line in text.split("\n") if line.strip()]
    if sum(line.strip().startswith("|") for line in lines) >= 2:
        cells = [
            [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            for line in lines
            if line.strip().startswith("|")
        ]
        return [row for row in cells if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in row)]
    first = lines[0]
    separator = max("\t;,", key=lambda candidate: (candidate == "\t" and "\t" in first, first.count(candidate)))
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise ImportRefused(f"The table cannot be read: {error}.") from None
    return [row for row in rows if any(cell.strip() for cell in row)]


def _read_list(rows: Sequence[Sequence[str]], heads: Sequence[str], title: str) -> Imported:
    places = {
        "title": _place(heads, TITLE_HEADS),
        "description": _place(heads, DESCRIPTION_HEADS),
        "weight": _place(heads, WEIGHT_HEADS),
        "label": _place(heads, LEVEL_HEADS),
        "descriptor": _place(heads, DESCRIPTOR_HEADS),
        "points": _place(heads, POINTS_HEADS),
    }
    if places["title"] is None:
        raise ImportRefused("A column named “criterion” is missing.")
    if places["descriptor"] is None:
        # criterion, level, description, points: the description is the level's.
        places["descriptor"], places["description"] = places["description"], None
    found: dict[str, tuple[str, Decimal, list[LevelSpec]]] = {}
    name = ""
    for line, row in enumerate(rows[1:], start=2):
        name = _cell(row, places["title"]) or name
        if not name:
            raise ImportRefused(f"Row {line} has no criterion.")
        weight = _number(_cell(row, places["weight"]), line, "weight")
        entry = found.setdefault(
            name, (_cell(row, places["description"]), Decimal(1) if weight is None else weight, [])
        )
        entry[2].append(
            LevelSpec(
                label=_cell(row, places["label"]) or f"Level {len(entry[2]) + 1}",
                descriptor=_cell(row, places["descriptor"]),
                points=_number(_cell(row, places["points"]), line, "points"),
            )
        )
    criteria = [
        CriterionSpec(title=name, description=description, weight=weight, levels=tuple(levels))
        for name, (description, weight, levels) in found.items()
    ]
    return _lowest_first(criteria, title)


def _read_grid(rows: Sequence[Sequence[str]], heads: Sequence[str], title: str) -> Imported:
    title_place = next((place for place, head in enumerate(heads) if head in TITLE_HEADS and head), 0)
    description_place = _place(heads, DESCRIPTION_HEADS)
    weight_place = _place(heads, WEIGHT_HEADS)
    special = {title_place, description_place, weight_place}
    level_places = [
        place
        for place in range(max(len(row) for row in rows))
        if place not in special and any(_cell(row, place) for row in rows)
    ]
    if len(level_places) < 2:
        raise ImportRefused(
            "Fewer than two columns of levels were found. The first row names the levels, one column each."
        )
    levels = [_head_of_level(_cell(rows[0], place), order) for order, place in enumerate(level_places, start=1)]
    criteria: list[CriterionSpec] = []
    for line, row in enumerate(rows[1:], start=2):
        name, _newline, rest = _cell(row, title_place).partition("\n")
        if not name:
            raise ImportRefused(f"Row {line} has no criterion in its first column.")
        weight = _number(_cell(row, weight_place), line, "weight")
        name, in_title = _weight_in_title(name) if weight is None else (name, None)
        weight = weight if weight is not None else in_title
        criteria.append(
            CriterionSpec(
                title=name.strip(),
                description=(_cell(row, description_place) or rest).strip(),
                weight=Decimal(1) if weight is None else weight,
                levels=tuple(
                    LevelSpec(label=label, descriptor=_cell(row, place), points=points)
                    for place, (label, points) in zip(level_places, levels, strict=True)
                ),
            )
        )
    return _lowest_first(criteria, title)


def _head_of_level(head: str, order: int) -> tuple[str, Decimal | None]:
    """Return label and points of a level's column head: "Strong (4)", "4 - Strong", "Strong"."""
    head = " ".join(head.split())
    for pattern in (POINTS_FIRST, POINTS_IN_HEAD):
        match = pattern.match(head)
        if match:
            label = match["label"].strip(" -–:(")
            return label or f"Level {order}", number(match["points"])
    return head or f"Level {order}", None


def _weight_in_title(name: str) -> tuple[str, Decimal | None]:
    """Take a share out of a title: "Evidence (30%)"."""
    match = re.match(r"^(?P<title>.*\S)\s*[(\[]\s*(?P<share>\d+(?:[.,]\d+)?)\s*%\s*[)\]]\s*$", name)
    return (match["title"], number(match["share"])) if match else (name, None)


def _lowest_first(criteria: Sequence[CriterionSpec], title: str) -> Imported:
    """Turn the levels round where they stand highest first; say so, and say when it was a guess."""
    first = criteria[0].levels
    notes: list[str] = []
    known = [level.points for level in first if level.points is not None]
    if len(known) == len(first) and known[0] != known[-1]:
        falling = known[0] > known[-1]
    else:
        falling = bool(HIGHEST_WORDS.search(first[0].label) or LOWEST_WORDS.search(first[-1].label)) and not (
            LOWEST_WORDS.search(first[0].label) or HIGHEST_WORDS.search(first[-1].label)
        )
        if not falling and not (LOWEST_WORDS.search(first[0].label) or HIGHEST_WORDS.search(first[-1].label)):
            notes.append(
                f"The first level, “{first[0].label}”, was taken as the lowest. Turn the levels round if it is not."
            )
    if falling:
        notes.append(f"The table had the highest level first; “{first[-1].label}” is now the lowest.")
        criteria = [
            CriterionSpec(
                title=criterion.title,
                description=criterion.description,
                weight=criterion.weight,
                levels=tuple(reversed(criterion.levels)),
            )
            for criterion in criteria
        ]
    return Imported(spec=RubricSpec(title=title, criteria=tuple(criteria)), notes=tuple(notes))


def _place(heads: Sequence[str], names: set[str]) -> int | None:
    return next((place for place, head in enumerate(heads) if head in names and head), None)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _number(text: str, line: int, what: str) -> Decimal | None:
    try:
        return number(text)
    except ValueError:
        raise ImportRefused(f"Row {line}: “{text[:40]}” is not a number of {what}.") from None
