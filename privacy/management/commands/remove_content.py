"""``manage.py remove_content [--dry-run]``: remove the student's words whose time is over, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.cleanup import remove_due


class Command(BaseCommand):
    help = "Remove content whose time is over (the hourly job, now)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done = remove_due(dry_run=options["dry_run"])
        if done.refused:
            raise CommandError(done.refused)
        verb = "would be removed" if done.dry_run else "removed"
        self.stdout.write(f"Content of {done.drafts} drafts {verb}; {done.files} files, {done.errors} errors.")
        if done.errors:
            raise CommandError("Some content could not be removed; the next pass tries again.")
