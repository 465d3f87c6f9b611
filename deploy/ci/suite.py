"""``make test`` and its kin: the suite on both cores, then the browser part, with one verdict at the end.

The live part (real site, broker and workers) mostly waits, so it runs beside the rest.

python -m deploy.ci.suite                  everything that can run here; says visibly when the browser part cannot
python -m deploy.ci.suite --browser-only   the browser part; fails without a Chromium
python -m deploy.ci.suite --no-browser     all but the browser part
python -m deploy.ci.suite --real-servers   all but the browser part, on a private PostgreSQL and Redis
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time
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
ON_ALL_CORES = ["-p", "deploy.ci.scheduling"]


def main(arguments: list[str]) -> int:
    """Run the parts asked for and return 0 when all passed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.ci.suite")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--browser-only", action="store_true")
    part.add_argument("--no-browser", action="store_true")
    part.add_argument("--real-servers", action="store_true")
    chosen, passed_on = parser.parse_known_args(arguments)
    environ = {name: value for name, value in os.environ.items() if name not in SITE_VARIABLES}
    if chosen.browser_only:
        return run_browser(environ, passed_on, required=True)
    if chosen.real_servers:
        return run_on_real_servers(environ, passed_on)
    code = run_beside_each_other(environ, passed_on)
    say_about_saml()
    if not chosen.no_browser:
        code = run_browser(environ, passed_on, required=False) or code
    return code


def run_beside_each_other(environ: dict[str, str], arguments: list[str]) -> int:
    """Run the suite on all cores and the live part beside it; 0 when both passed."""
    # Tables straight from the models: the live site and the run on PostgreSQL walk the migrations.
    suite = ["-n", str(cores()), *ON_ALL_CORES, "--no-migrations", "-m", "not browser and not live", *arguments]
    return run_with_live("the suite", suite, environ, environ, arguments)


def run_with_live(
    title: str, suite: list[str], environ: dict[str, str], live_environ: dict[str, str], arguments: list[str]
) -> int:
    """Run the suite and, beside it, the live part; 0 when both passed."""
    live = ["-m", "live", *live_files(), *arguments]
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(run, f"the live part of {title}", live, live_environ, quiet=True)
        code = run(title, suite, environ)
        return waiting.result() or code


def live_files() -> list[str]:
    """Return the files with live tests: collecting all others only to leave them out costs seconds."""
    marked = (path for path in BASE_DIR.glob("*/**/tests/test_*.py") if "pytest.mark.live" in path.read_text("utf-8"))
    return sorted(str(path.relative_to(BASE_DIR)) for path in marked if "node_modules" not in path.parts)


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
            chosen = ["-n", str(cores()), *ON_ALL_CORES, "-m", "not browser and not live", *arguments]
            return run_with_live("the suite on PostgreSQL and Redis", chosen, real, environ | live, arguments)
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


def cores() -> int:
    """Return how many processes to test with: on two cores a third only collects the tests once more."""
    return max(1, min(2, os.cpu_count() or 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
