"""Seal the stored files anew, after SECRET_KEY, SALT_KEY or DRAFTS_SEALED changed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.files import forget_unreadable, rotate


class Command(BaseCommand):
    help = (
        "Store every file as DRAFTS_SEALED asks for: sealed with the first SECRET_KEY and SALT_KEY, or plain. Old ones must "
        "still be listed (SECRET_KEY_FALLBACKS, further words of SALT_KEY); afterwards they may go."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, change nothing")
        parser.add_argument(
            "--forget-unreadable", action="store_true", help="remove the files that no secret of this site can open"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["forget_unreadable"] and not options["dry_run"]:
            self.stdout.write(f"{forget_unreadable()} file(s) removed that nobody could open.")
        done = rotate(dry_run=options["dry_run"])
        verb = "would be" if options["dry_run"] else "were"
        self.stdout.write(
            f"{done.changed} file(s) {verb} stored anew, {done.fine} are as they should be, "
            f"{done.unreadable} cannot be opened, {done.missing} are not there."
        )
        if done.unreadable:
            raise CommandError("Keep the old SECRET_KEY and SALT_KEY listed until every file could be opened.")
