"""The process manager of ``make run``: preflight, preparation, programs, address, end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from deploy.run import preflight
from deploy.run.announcement import announce
from deploy.run.health import health
from deploy.run.kept_keys import keep_keys
from deploy.run.preflight import CannotStart
from deploy.run.prepare import MARK, REFUSAL, Outcome
from deploy.run.programs import Site, broker_program, demo_stories, preparation, site_programs
from deploy.run.supervisor import Supervisor
from feedforward import broker, env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
BROKER_WAIT_S = 15.0
WORKERS_WAIT_S = 8.0
# After this long without an answer, and with a program that keeps dying, starting has failed.
START_LIMIT_S = 120.0
HOPELESS_DEATHS = 5


def main(arguments: list[str]) -> int:
    """Run the site, or one management command. Returns the exit code; refusals are sentences on stderr."""
    try:
        if arguments[:1] == ["manage"]:
            return _manage(arguments[1:])
        if len(arguments) == 2 and arguments[0] == "program":
            return _become(arguments[1])
        if arguments:
            raise CannotStart("Usage: python -m deploy.run [manage COMMAND ... | program NAME]")
        return _run()
    except (CannotStart, env.BadSetting) as refusal:
        print(f"FeedForward cannot start: {refusal}", file=sys.stderr)
        return 2


def site_from(environ: dict[str, str], *, starting: bool = False) -> Site:
    """Return the site that ``environ`` describes, with a data folder that can be written and both keys set."""
    port = preflight.port_number(environ)
    data_dir = Path(environ.get("FEEDFORWARD_DATA_DIR", "").strip() or BASE_DIR / "data").expanduser().resolve()
    preflight.check_settings(environ, data_dir)
    preflight.prepare_data_dir(data_dir)
    found = broker.resolve(data_dir, environ)
    demo = wants_demo(environ)
    keep_keys(data_dir, environ)
    reviewer_port = _reviewer_port(data_dir, choose=starting) if demo else None
    environ = {
        **environ,
        "DJANGO_SETTINGS_MODULE": "feedforward.settings",
        "FEEDFORWARD_DATA_DIR": str(data_dir),
        "FEEDFORWARD_DEMO": "1" if demo else "0",
        "PORT": str(port),
    }
    if reviewer_port:
        environ["DEMO_REVIEWER_URL"] = f"http://127.0.0.1:{reviewer_port}/v1"
    host = environ.get("HOST", "").strip() or "127.0.0.1"
    return Site(BASE_DIR, data_dir, host, port, environ, found, demo, reviewer_port)


def wants_demo(environ: dict[str, str]) -> bool:
    """Say whether demo data and demo reviewers are wanted: DEMO, else yes unless this is a production start."""
    default = not environ.get("FEEDFORWARD_PRODUCTION", "").strip() or env.flag("FEEDFORWARD_PRODUCTION") is False
    value = environ.get("DEMO", "").strip().lower()
    if not value:
        return default
    if value in {"0", "no", "off", "false"}:
        return False
    if value in {"1", "yes", "on", "true"}:
        return True
    raise CannotStart(f"DEMO must be 1 or 0, not {value!r}.")


def _reviewer_port(data_dir: Path, *, choose: bool) -> int:
    """Return the port of the demo reviewers: the one of the last start while it is free.

    Only a start may choose another: for whoever comes beside a running site, the port is taken by the right one.
    """
    kept = data_dir / "reviewer-port"
    wanted = 0
    with contextlib.suppress(OSError, ValueError):
        wanted = int(kept.read_text(encoding="utf-8"))
    if wanted and not choose:
        return wanted
    port = preflight.free_port("127.0.0.1", wanted)
    if port != wanted:
        kept.write_text(f"{port}\n", encoding="utf-8")
    return port


def _manage(arguments: list[str]) -> int:
    site = site_from(dict(os.environ))
    os.chdir(site.base_dir)
    os.execve(sys.executable, [sys.executable, "manage.py", *arguments], dict(site.environ))


def _become(name: str) -> int:
    """Turn this process into one program of the site: for systemd and compose, which look after it themselves."""
    site = site_from(dict(os.environ))
    if name == "prepare":
        os.chdir(site.base_dir)
        os.execve(sys.executable, [sys.executable, "-m", "deploy.run.prepare"], dict(site.environ))
    known = {program.name: program for program in site_programs(site)}
    if name not in known:
        raise CannotStart(f"There is no program {name!r}; there are prepare, {', '.join(known)}.")
    program = known[name]
    os.chdir(program.folder)
    os.execve(program.command[0], list(program.command), dict(program.environ))


def _run() -> int:
    started = time.monotonic()
    os.chdir(BASE_DIR)
    first = dict(os.environ)
    host = first.get("HOST", "").strip() or "127.0.0.1"
    data_dir = Path(first.get("FEEDFORWARD_DATA_DIR", "").strip() or BASE_DIR / "data").expanduser().resolve()
    preflight.prepare_data_dir(data_dir)
    lock = preflight.hold_data_dir(data_dir)
    preflight.check_port(host, preflight.port_number(first))
    site = site_from(first, starting=True)
    warning = preflight.free_disk_warning(site.data_dir)
    if warning:
        print(warning, file=sys.stderr)
    preflight.check_broker(site.broker)
    with lock, _leash() as leash, Supervisor(leash=leash) as supervisor:
        supervisor.listen()
        carrier = broker_program(site, say=supervisor.say)
        if carrier:
            _end_orphaned_broker(site)
            supervisor.start(carrier)
            _await_broker(supervisor, site)
        outcome = _prepare(supervisor, site)
        if outcome is None:
            return 0
        for program in site_programs(site):
            supervisor.start(program)
        if _await_health(supervisor, site, started):
            announce(site, outcome, took_s=time.monotonic() - started)
            if site.demo:
                supervisor.start(demo_stories(site))
        while not supervisor.asked_to_stop:
            supervisor.step()
        supervisor.say(f"stopping ({supervisor.asked_to_stop}) ...")
    print("FeedForward has stopped. The data is in", site.data_dir)
    return 0


@contextlib.contextmanager
def _leash() -> Iterator[IO[bytes]]:
    """Start the process that ends all programs should this one be killed with -9; let it go at a proper end."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-E", str(BASE_DIR / "deploy" / "run" / "leash.py")],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        yield process.stdin
    finally:
        with contextlib.suppress(OSError):
            process.stdin.write(b"bye\n")
            process.stdin.close()
        process.wait()


def _end_orphaned_broker(site: Site) -> None:
    """Stop a broker that an earlier manager left on our socket; we hold the folder's lock, so nobody uses it."""
    assert site.broker.socket is not None
    if preflight.ask_broker(site.broker.socket, b"PING"):
        preflight.ask_broker(site.broker.socket, b"SHUTDOWN", timeout_s=5)


def _await_broker(supervisor: Supervisor, site: Site) -> None:
    deadline = time.monotonic() + BROKER_WAIT_S
    assert site.broker.socket is not None
    while time.monotonic() < deadline and not supervisor.asked_to_stop:
        supervisor.step(0.05)
        if preflight.ask_broker(site.broker.socket, b"PING").startswith(b"+PONG"):
            return
    if not supervisor.asked_to_stop:
        words = supervisor.children["broker"].last_lines
        raise CannotStart(
            f"the queue's server {site.broker.program} did not come up within {BROKER_WAIT_S:.0f} s"
            + (f"; its last words: {words[-1]}" if words else ".")
        )


def _prepare(supervisor: Supervisor, site: Site) -> Outcome | None:
    """Run the preparation to its end. Returns None when asked to stop meanwhile."""
    told: list[str] = []

    def hear(line: str) -> bool:
        told.extend([line] if line.startswith((MARK, REFUSAL)) else [])
        return line.startswith((MARK, REFUSAL))

    supervisor.start(preparation(site, hear=hear))
    while supervisor.ended("prepare") is None and not supervisor.asked_to_stop:
        supervisor.step()
    if supervisor.asked_to_stop:
        return None
    if not told:
        raise CannotStart("the preparation broke off; the lines above say why.")
    if told[-1].startswith(REFUSAL):
        raise CannotStart(json.loads(told[-1].removeprefix(REFUSAL)))
    return Outcome.read(told[-1])


def _await_health(supervisor: Supervisor, site: Site, started: float) -> bool:
    """Wait until the site answers and its workers are at work.

    Returns False when asked to stop; raises :class:`CannotStart` when it is hopeless. Workers that are late are named.
    """
    told = False
    answered_at: float | None = None
    while not supervisor.asked_to_stop:
        supervisor.step(0.2)
        state = health(site.host, site.port, site_url=site.environ.get("SITE_URL", ""))
        if state == "200":
            answered_at = answered_at or time.monotonic()
            late = supervisor.not_ready()
            if not late:
                return True
            if time.monotonic() - answered_at > WORKERS_WAIT_S:
                broken = [name for name in late if supervisor.children[name].quick_deaths]
                if broken:
                    supervisor.say(f"the pages answer, but {', '.join(broken)} cannot start; the lines above say why")
                return True
        if time.monotonic() - started > START_LIMIT_S:
            hopeless = [c for c in supervisor.children.values() if c.quick_deaths >= HOPELESS_DEATHS]
            if hopeless:
                words = "\n".join(hopeless[0].last_lines[-3:])
                raise CannotStart(f"{hopeless[0].program.name} does not stay alive. Its last words:\n{words}")
            if not told:
                supervisor.say(f"still waiting for {site.address}/healthz, which says: {state}")
                told = True
    return False
