"""The library of rubric templates that comes with the site."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from courses.models import RubricTemplate
from courses.rubric_spec import check, from_content, to_content

LIBRARY = Path(__file__).resolve().parent / "templates_library"


@dataclass(frozen=True)
class Loaded:
    """How many templates of the library are new, were brought up to date, and were as they are."""

    made: int
    updated: int
    unchanged: int


class LibraryInvalid(Exception):
    """A file of the library is not a rubric; the message names it."""


def load_library(*, folder: Path = LIBRARY) -> Loaded:
    """Bring the library's templates into the database; doing it again changes nothing.

    A template that an administrator switched off stays off. Raises :class:`LibraryInvalid`.
    """
    made = updated = unchanged = 0
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        try:
            spec = from_content(data, title=str(data.get("title", "")), description=str(data.get("description", "")))
        except ValueError as error:
            raise LibraryInvalid(f"{path.name}: {error}") from None
        problems = check(title=spec.title, criteria=spec.criteria, pass_position=spec.pass_position)
        if problems:
            raise LibraryInvalid(f"{path.name}: {problems[0].message}")
        values = {"title": spec.title, "description": spec.description, "content": to_content(spec)}
        with transaction.atomic():
            row, is_new = RubricTemplate.objects.get_or_create(slug=path.stem, owner=None, defaults=values)
            if is_new:
                row.activate()
                made += 1
            elif any(getattr(row, name) != value for name, value in values.items()):
                RubricTemplate.objects.filter(pk=row.pk).update(**values)
                updated += 1
            else:
                unchanged += 1
    return Loaded(made=made, updated=updated, unchanged=unchanged)
