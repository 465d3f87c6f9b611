"""What is done once before the site is served, in one Django process: checks, migrations, static files, demo data.

``python -m deploy.run.prepare`` ends with code 0 and one line of JSON on its last line of output
(:class:`Outcome`), or with code 2 and a sentence.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "prepared: "


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
        print(error)
        return 2
    print(outcome.line(), flush=True)
    return 0


def prepare() -> Outcome:
    """Check, migrate, collect, seed. Raises :class:`Refused`."""
    from django.conf import settings

    _check(production=settings.PRODUCTION)
    _migrate()
    collect_static(Path(settings.STATIC_ROOT))
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
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refused(f"The database cannot be used: {words}") from None
    finally:
        connection.close()


def _count_people() -> tuple[int, int]:
    from django.contrib.auth import get_user_model

    people = get_user_model().objects.all()
    return people.count(), people.filter(is_superuser=True).count()


def _seed() -> None:
    from django.core.management import call_command

    print("Making the demo course ...", flush=True)
    call_command("seed_demo")


def collect_static(root: Path) -> None:
    """Collect and compress static files, unless the sources are the same as the last time.

    Compressing takes seconds; comparing names, sizes and times of the sources takes milliseconds.
    """
    from django.core.management import call_command

    stamp = root / ".collected-from"
    now = static_fingerprint()
    try:
        if stamp.read_text(encoding="utf-8") == now and (root / "staticfiles.json").exists():
            return
        print("Collecting static files ...", flush=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(now, encoding="utf-8")
    except PermissionError as error:
        raise Refused(
            f"The folder for static files cannot be written ({error.filename}); set STATIC_ROOT to another one."
        ) from None


def static_fingerprint() -> str:
    """Return a hash of name, size and time of every static source file and of the collecting code's version."""
    import django
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256(django.get_version().encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda pair: pair[0]):  # type: ignore[no-untyped-call]
            status = os.stat(storage.path(name))
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
