"""Bring the library of rubric templates into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.rubric_templates import LibraryInvalid, load_library


class Command(BaseCommand):
    help = "Load the library of rubric templates; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_library()
        except LibraryInvalid as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Rubric templates: {loaded.made} new, {loaded.updated} updated, {loaded.unchanged} unchanged."
        )
