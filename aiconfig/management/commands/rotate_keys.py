"""Encrypt the providers' keys and the secrets of second steps anew, after SECRET_KEY or SALT_KEY changed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.second_step import rotate_secrets
from aiconfig.keys import forget_unreadable, rotate_all


class Command(BaseCommand):
    help = (
        "Encrypt every provider key and second step with the first SECRET_KEY and SALT_KEY. The old ones must still be listed "
        "(SECRET_KEY_FALLBACKS, further words of SALT_KEY); afterwards they may go."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, change nothing")
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="empty the keys that no secret of this site can read; they must be entered again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["forget_unreadable"] and not options["dry_run"]:
            self.stdout.write(f"{forget_unreadable()} key(s) forgotten; enter them again under Providers.")
        readable, unreadable = (
            keys + steps
            for keys, steps in zip(
                rotate_all(dry_run=options["dry_run"]), rotate_secrets(dry_run=options["dry_run"]), strict=True
            )
        )
        verb = "could be" if options["dry_run"] else "were"
        self.stdout.write(f"{readable} value(s) {verb} encrypted anew, {unreadable} cannot be read.")
        if unreadable:
            raise CommandError(
                "Keep the old SECRET_KEY and SALT_KEY listed until every key was read, or enter those keys again."
            )
