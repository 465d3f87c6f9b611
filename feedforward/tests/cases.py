"""``make cases DIR=...``: run folders of cases against the real code.

Every module in an app's ``tests/case_adapters/`` with ``run(folder: Path) -> Iterator[CaseResult]`` judges what it
knows by name in the folder and leaves the rest alone. Prints one line per failing case and ends with
``N passed, N failed``. The database and the data folder are thrown away afterwards.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback.tests.case_adapters.result import CaseResult

APPS = ("accounts", "courses", "aiconfig", "submissions", "feedback", "privacy")
SHOWN_CHARACTERS = 240

Adapter = Callable[[Path], "Iterator[CaseResult]"]


def adapters() -> Iterator[tuple[str, Adapter]]:
    """Return every adapter with its module's name, in a fixed order."""
    for app in APPS:
        folder = Path(__file__).resolve().parent.parent.parent / app / "tests" / "case_adapters"
        for module in sorted(m.name for m in pkgutil.iter_modules([str(folder)])):
            name = f"{app}.tests.case_adapters.{module}"
            run = getattr(importlib.import_module(name), "run", None)
            if run is not None:
                yield name, run


def judge(name: str, run: Adapter, folder: Path) -> Iterator[CaseResult]:
    """Return what ``run`` says; an adapter that breaks is one more failing case, not the end of all others."""
    from feedback.tests.case_adapters.result import CaseResult

    try:
        yield from run(folder)
    except Exception as error:  # whatever breaks in the code under test must be reported with the rest
        place = traceback.extract_tb(error.__traceback__)[-1]
        got = f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        yield CaseResult(file=name, case="adapter", passed=False, expected="runs to its end", got=got)


def shorten(value: object) -> str:
    """Return ``value`` on one line, cut to a readable length."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def run_all(folder: Path, *, out: Callable[[str], None] = print) -> tuple[int, int]:
    """Run every adapter on ``folder``; return (passed, failed)."""
    passed = failed = 0
    skipped: dict[str, int] = {}
    for name, run in adapters():
        started = time.monotonic()
        count = 0
        for result in judge(name, run, folder):
            count += 1
            reason = getattr(result, "skipped", "")  # an adapter may leave out what the product does not offer
            if reason:
                line = f"{result.file}: {reason}"
                skipped[line] = skipped.get(line, 0) + 1
            elif result.passed:
                passed += 1
            else:
                failed += 1
                said = f"expected {shorten(result.expected)}; got {shorten(result.got)}"
                out(f"FAIL {result.file} · {result.case}: {said}")
        if count:
            print(f"{name}: {count} cases in {time.monotonic() - started:.1f} s", file=sys.stderr)
    for line, count in skipped.items():
        out(f"skipped {line} ({count})")
    out(f"{passed} passed, {failed} failed")
    return passed, failed


def main(arguments: list[str]) -> int:
    """Set up Django on throw-away folders, run the folder named, return the exit code."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Usage: make cases DIR=<folder with cases>", file=sys.stderr)
        return 2
    data_dir = tempfile.mkdtemp(prefix="feedforward-cases-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "feedforward.settings_test"
    os.environ["FEEDFORWARD_DATA_DIR"] = data_dir
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    os.environ.setdefault("SECRET_KEY", "cases-only-secret-key-that-is-long-enough-for-every-check-012345")
    try:
        import django
        from django.test.utils import setup_test_environment, teardown_test_environment

        django.setup()
        from django.db import connection

        setup_test_environment(debug=False)
        old_name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            _passed, failed = run_all(Path(arguments[0]).resolve())
        finally:
            connection.creation.destroy_test_db(old_name, verbosity=0)
            teardown_test_environment()
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
