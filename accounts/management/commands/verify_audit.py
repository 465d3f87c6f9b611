"""Check that nobody changed the audit."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts import append_only, audit
from accounts.models import AuditHead


class Command(BaseCommand):
    help = (
        "Recompute the audit: exit 1 when an event was changed, put in, taken out or moved. Keep the end it prints "
        "elsewhere and give it back later with --expect: then even the whole table put back to an older state shows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", metavar="END", help="an end that was printed before, as NUMBER:MAC")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.check_chain()
        self.stdout.write(f"{verdict.checked} events checked, {verdict.unsealed} waiting for their seal.")
        faults = []
        if verdict.broken:
            faults.append(f"{len(verdict.broken)} broken links, at sequence {_some(verdict.broken)}.")
        if verdict.foreign:
            faults.append(f"{len(verdict.foreign)} events are not as the site wrote them: {_some(verdict.foreign)}.")
        if verdict.end:
            faults.append(f"Something is missing: {verdict.end}.")
        if options["expect"]:
            number, _, mac = options["expect"].partition(":")
            if not number.isdigit():
                raise CommandError("--expect wants NUMBER:MAC, as this command prints it.")
            if audit.still_holds(sequence=int(number), mac=mac) is False:
                faults.append(f"The end noted before, number {number}, is no longer there.")
        if missing := append_only.missing(connection):
            faults.append(f"The database no longer refuses changes: it lacks {', '.join(missing)}.")
        if faults:
            self.stderr.write(" ".join(faults))
            sys.exit(1)
        self.stdout.write("The chain is whole.")
        head = AuditHead.objects.first()
        if head is not None:
            self.stdout.write(f"It ends with {head}")


def _some(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers[:20])
