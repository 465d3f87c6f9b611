"""What is done once before the site is served, in one Django process: checks, migrations, static files, demo data.

``python -m deploy.run.prepare`` ends with code 0 and an :class:`Outcome` on its last line, or with code 2 and a sentence,
each as JSON after a mark.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.run.static import collect_static

MARK = "prepared: "
REFUSAL = "refused: "


@dataclass(frozen=True)
class Outcome:
    """What the process manager tells its user: how many people and administrators there are, what was made."""

    people: int
    administrators: int
    seeded: bool

    def line(self) -> str:
        return MARK + json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Outcome:
        return cls(**json.loads(line.removeprefix(MARK)))


class Refused(Exception):
    """The site cannot be prepared; the message is a sentence for its owner."""


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")
    from django.core.exceptions import ImproperlyConfigured

    from feedforward.env import BadSetting

    try:
        import django

        django.setup()
        outcome = prepare()
    except (Refused, BadSetting, ImproperlyConfigured) as error:
        print(REFUSAL + json.dumps(str(error)), flush=True)
        return 2
    print(outcome.line(), flush=True)
    return 0


def prepare() -> Outcome:
    """Check, migrate, load the library, collect, seed. Raises :class:`Refused`."""
    from django.conf import settings

    _check(production=settings.PRODUCTION)
    _ask_broker(settings.BROKER.client_url)
    _migrate()
    _check_keys()
    _check_storage()
    _load_rubric_templates()
    try:
        collect_static(Path(settings.STATIC_ROOT))
    except PermissionError as error:
        raise Refused(
            f"The folder for static files cannot be written ({error.filename}); set STATIC_ROOT to another one."
        ) from None
    people, administrators = _count_people()
    seeded = False
    if settings.DEMO and people == 0:
        _seed()
        seeded = True
        people, administrators = _count_people()
    return Outcome(people=people, administrators=administrators, seeded=seeded)


def _check(*, production: bool) -> None:
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    try:
        call_command("check", deploy=production, fail_level="ERROR", stdout=io.StringIO())
    except SystemCheckError as error:
        raise Refused(str(error)) from None


def _ask_broker(url: str) -> None:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Refused(f"The server named by REDIS_URL does not answer: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            print(f"Bringing the database up to date: {len(plan)} step(s) ...", flush=True)
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise Refused(f"The database cannot be used: {_first_line(error)}") from None
    finally:
        connection.close()


def _load_rubric_templates() -> None:
    """Bring the library of rubric templates up to date: milliseconds when nothing is new."""
    from django.core.management import call_command

    call_command("load_rubric_templates", stdout=io.StringIO())


def _check_keys() -> None:
    """Refuse to start with a secret that cannot read the providers' keys: nothing may be saved under it."""
    from aiconfig.keys import KeyUnreadable, ensure_canary

    try:
        ensure_canary()
    except KeyUnreadable as error:
        raise Refused(str(error)) from None


def _check_storage() -> None:
    """Refuse to start where drafts could not be stored, or the stored ones not be opened."""
    from submissions.files import StoreUnusable, check_store

    try:
        check_store()
    except StoreUnusable as error:
        raise Refused(str(error)) from None


def _count_people() -> tuple[int, int]:
    from django.contrib.auth import get_user_model

    people = get_user_model().objects.all()
    return people.count(), people.filter(is_superuser=True).count()


def _seed() -> None:
    from django.core.management import call_command

    print("Making the demo course ...", flush=True)
    call_command("seed_demo", verbosity=0)  # the announcement tells the logins


if __name__ == "__main__":
    sys.exit(main())
