"""Check that nobody changed the audit."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from accounts import audit


class Command(BaseCommand):
    help = "Recompute the audit's chain; exit 1 when a link is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.check_chain()
        self.stdout.write(f"{verdict.checked} events checked, {verdict.unsealed} waiting for their seal.")
        if verdict.broken:
            places = ", ".join(str(number) for number in verdict.broken[:20])
            self.stderr.write(f"{len(verdict.broken)} broken links, at sequence {places}.")
            sys.exit(1)
        self.stdout.write("The chain is whole.")
