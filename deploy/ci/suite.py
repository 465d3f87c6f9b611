"""``make test`` and its kin: the suite on both cores, then the browser part, with one verdict at the end.

The live part (real site, broker and workers) mostly waits, so it runs beside the rest. What is marked ``thorough``
(every address by every kind of person, every fault of a provider, workers killed ...) has a run of its own, so that
``make test`` stays quick enough to be run before each commit (docs/adr/0028-two-depths-of-tests.md).

python -m deploy.ci.suite                  what is not thorough; says visibly when the browser part cannot run here
python -m deploy.ci.suite --no-browser     the same without the browser part
python -m deploy.ci.suite --thorough       what the first leaves out, without the browser part
python -m deploy.ci.suite --browser-only   the browser part; fails without a Chromium
python -m deploy.ci.suite --real-servers   all of it but the browser part, on a private PostgreSQL and Redis
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.ci.private_servers import NotInstalled, private_servers

BASE_DIR = Path(__file__).resolve().parent.parent.parent
AXE = BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Variables of a running site must not leak into its tests.
SITE_VARIABLES = (
    *("DATABASE_URL", "REDIS_URL", "CACHE_URL", "EMAIL_URL", "FEEDFORWARD_DATA_DIR", "FEEDFORWARD_DEMO", "DEMO"),
    *(
        "SECRET_KEY",
        "SALT_KEY",
        "PORT",
        "SITE_URL",
        "ALLOWED_HOSTS",
        "DJANGO_SETTINGS_MODULE",
        "FEEDFORWARD_PRODUCTION",
    ),
    # Where it is set, each of the dozen processes would compile the project, and rewrite the tests, anew.
    "PYTHONDONTWRITEBYTECODE",
)
NO_TESTS = 5  # pytest's exit code when none was chosen


def main(arguments: list[str]) -> int:
    """Run the parts asked for and return 0 when all passed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.ci.suite")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--browser-only", action="store_true")
    part.add_argument("--no-browser", action="store_true")
    part.add_argument("--thorough", action="store_true")
    part.add_argument("--real-servers", action="store_true")
    chosen, passed_on = parser.parse_known_args(arguments)
    environ = {name: value for name, value in os.environ.items() if name not in SITE_VARIABLES}
    if chosen.browser_only:
        return run_browser(environ, passed_on, required=True)
    if chosen.real_servers:
        return run_on_real_servers(environ, passed_on)
    if chosen.thorough:
        return run_beside_each_other("the thorough part", "thorough", environ, passed_on)
    code = run_beside_each_other("the suite", "not thorough", environ, passed_on)
    print("== the thorough part was NOT run: `make test-thorough` does (.ci/run does both)", flush=True)
    say_about_saml()
    if not chosen.no_browser:
        code = run_browser(environ, passed_on, required=False) or code
    return code


def run_beside_each_other(title: str, depth: str, environ: dict[str, str], arguments: list[str]) -> int:
    """Run the tests of one depth on all cores and those of them that are live beside it; 0 when both passed."""
    # Tables straight from the models: the live site and the run on PostgreSQL walk the migrations.
    suite = [*on_all_cores(), "--no-migrations", "-m", f"not browser and not live and {depth}", *arguments]
    return run_with_live(title, suite, environ, ["-m", f"live and {depth}"], environ, arguments)


def run_with_live(
    title: str,
    suite: list[str],
    environ: dict[str, str],
    live: list[str],
    live_environ: dict[str, str],
    arguments: list[str],
) -> int:
    """Run the suite and, beside it, the live part; 0 when both passed."""
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(
            run, f"the live part of {title}", [*live, *live_files(), *arguments], live_environ, quiet=True
        )
        code = run(title, suite, environ)
        live_code = waiting.result()
    # Where tests were chosen by hand, none of them may be live, or all.
    by_hand = any(word == "-k" or not word.startswith("-") for word in arguments)
    nothing = {0, NO_TESTS} if by_hand else {0}
    if {code, live_code} == {NO_TESTS}:
        return NO_TESTS
    return next((each for each in (code, live_code) if each not in nothing), 0)


def live_files() -> list[str]:
    """Return the files with live tests: collecting all others only to leave them out costs seconds."""
    roots = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"][
        "testpaths"
    ]
    files = (path for root in roots for path in (BASE_DIR / root).glob("**/tests/test_*.py"))
    return sorted(
        str(path.relative_to(BASE_DIR)) for path in files if "pytest.mark.live" in path.read_text(encoding="utf-8")
    )


def run(title: str, arguments: list[str], environ: dict[str, str], *, quiet: bool = False) -> int:
    """Run pytest in a process of its own and say how long it took; ``quiet`` keeps what it prints until the end."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        env=environ,
        check=False,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    said = done.stdout.decode("utf-8", "replace") if quiet else ""
    verdict = "passed" if done.returncode == 0 else "FAILED"
    print(f"{said}== {title}: {verdict} in {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode


def run_browser(environ: dict[str, str], arguments: list[str], *, required: bool) -> int:
    """Run the tests that drive Chromium; without one say so, and fail if they were asked for."""
    chromium = find_chromium(environ)
    if chromium is None:
        print(
            "== the browser part was NOT run: no Chromium on PATH (apt install chromium, or set CHROMIUM)", flush=True
        )
        return 1 if required else 0
    if not fetch_axe(environ):
        print("== the browser part was NOT run: axe-core is missing (needs Node, for `npm ci`)", flush=True)
        return 1 if required else 0
    return run("the browser part", ["-m", "browser", *arguments], {**environ, "CHROMIUM": chromium})


def fetch_axe(environ: dict[str, str]) -> bool:
    """Say whether axe-core, which examines the pages, is there; get it with npm when it is not."""
    if AXE.exists():
        return True
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        return False
    quiet = ["--silent", "--no-audit", "--no-fund"]
    # A registry without the packages of other systems makes `npm ci` refuse a lock file that lacks them.
    for command in (["ci"], ["install", "--no-save"]):
        done = subprocess.run([npm, *command, *quiet], cwd=BASE_DIR, env=environ, check=False, timeout=300)
        if done.returncode == 0 and AXE.exists():
            return True
    return False


def run_on_real_servers(environ: dict[str, str], arguments: list[str]) -> int:
    """Run all but the browser part on PostgreSQL and Redis that live for this run only, the live site too."""
    try:
        with private_servers() as servers:
            real = {**environ, "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            # The tests have a database of their own; the live site takes the one that was named, and its own messages.
            live = {"LIVE_DATABASE_URL": servers.database_url, "LIVE_REDIS_URL": servers.live_redis_url}
            chosen = [*on_all_cores(), "-m", "not browser and not live", *arguments]
            # One live site only, and the thorough one goes all the way of the other: a second site would find the
            # first one's rows, and provider keys that its own secrets do not open.
            live_once = ["-m", "live and thorough"]
            return run_with_live(
                "the suite on PostgreSQL and Redis", chosen, real, live_once, environ | live, arguments
            )
    except NotInstalled as missing:
        print(f"== the suite on PostgreSQL and Redis was NOT run: {missing}", flush=True)
        return 1


def say_about_saml() -> None:
    """Say visibly when the SAML tests had nothing to run with: its packages are an optional extra."""
    if not (importlib.util.find_spec("onelogin") and importlib.util.find_spec("xmlsec")):
        print("== signing in by SAML was NOT tested: its packages are missing (`make saml` brings them)", flush=True)


def find_chromium(environ: dict[str, str]) -> str | None:
    """Return the Chromium to drive: ``CHROMIUM``, else the first on PATH."""
    for name in (environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        found = shutil.which(name, path=environ.get("PATH")) if name else None
        if found:
            return found
    return None


def on_all_cores() -> list[str]:
    """Return the arguments that spread the tests over the cores."""
    return ["-n", str(cores()), "-p", "deploy.ci.scheduling"]


def cores() -> int:
    """Return how many processes to test with: on two cores a third only collects the tests once more."""
    return max(1, min(2, os.cpu_count() or 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
