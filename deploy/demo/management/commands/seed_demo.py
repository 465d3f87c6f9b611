"""Make the demo course, or carry its stories to their end once the workers run."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from deploy.demo import seeding
from deploy.demo.logins import LOGINS, PASSWORD

STEP_S = 0.5


class Command(BaseCommand):
    help = (
        "Make the demo course with its people and first drafts (safe to repeat). With --finish: wait for the readings of "
        "the workers and carry every story to its end (releases, second drafts); does nothing once that was done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--finish", action="store_true", help="run beside the workers, after the site is up")
        parser.add_argument("--wait-s", type=float, default=300.0, help="how long --finish waits (default 300)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo site: set FEEDFORWARD_DEMO=1.")
        if options["finish"]:
            self._finish(wait_s=options["wait_s"])
        else:
            seeding.seed()
            if options["verbosity"] > 0:
                self._print_logins()

    def _finish(self, *, wait_s: float) -> None:
        if seeding.demo_course() is None:
            return
        seeding.point_provider_to(settings.DEMO_REVIEWER_URL)
        if seeding.finished():
            return
        give_up_at = time.monotonic() + wait_s
        while True:
            waiting = seeding.advance(now=timezone.now())
            if seeding.finish_if_done(waiting=waiting):
                self.stdout.write("The demo course is complete.")
                return
            if time.monotonic() > give_up_at:
                raise CommandError(f"{waiting} of the demo's drafts are still being read; run this again later.")
            time.sleep(STEP_S)

    def _print_logins(self) -> None:
        width = max(len(email) for email, _ in LOGINS)
        self.stdout.write(f"All with the password {PASSWORD}")
        for email, what in LOGINS:
            self.stdout.write(f"  {email:<{width}}  {what}")
