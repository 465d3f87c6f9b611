"""A PostgreSQL and a Redis of our own on unix sockets in a temporary folder, gone when the block ends.

PostgreSQL refuses to run as root, so under root it runs as ``postgres`` or ``nobody``. Only processes started here
are stopped, by their id.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_S = 30.0
UNPRIVILEGED = ("postgres", "nobody")


class NotInstalled(Exception):
    """A server program is missing; the message says which and how to get it."""


@dataclass(frozen=True)
class Servers:
    """Addresses of the running servers."""

    database_url: str
    redis_url: str
    live_redis_url: str


@contextlib.contextmanager
def private_servers() -> Iterator[Servers]:
    """Start both servers, yield their addresses, stop them and remove every file."""
    initdb, postgres = _postgres_program("initdb"), _postgres_program("postgres")
    redis = shutil.which("redis-server") or shutil.which("valkey-server")
    if redis is None:
        raise NotInstalled("redis-server is not installed: apt install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="ff-servers-"))
    folder.chmod(0o755)
    running: list[subprocess.Popen[bytes]] = []
    try:
        owner = _unprivileged_account()
        cluster = folder / "postgres"
        cluster.mkdir(mode=0o700)
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(cluster, account.pw_uid, account.pw_gid)
        _run_as(owner, [initdb, "-D", str(cluster), "-U", "feedforward", "-A", "trust", "-E", "UTF8", "--no-sync"])
        database = _start_postgres(postgres, cluster, owner, log=folder / "postgres.log")
        running.append(database)
        queue = subprocess.Popen(
            [
                *(redis, "--port", "0", "--unixsocket", str(folder / "redis.sock"), "--dir", str(folder)),
                *("--save", "", "--appendonly", "no", "--databases", "16"),
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        running.append(queue)
        _await(cluster / ".s.PGSQL.5432", database, log=folder / "postgres.log")
        _await(folder / "redis.sock", queue)
        _await_queries(cluster, database)
        yield Servers(
            database_url=f"postgres://feedforward@/feedforward?host={cluster}",
            redis_url=f"unix://{folder / 'redis.sock'}?db=0",
            live_redis_url=f"unix://{folder / 'redis.sock'}?db=8",
        )
    finally:
        for process in reversed(running):
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_program(name: str) -> str:
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or (str(newest_first[0]) if newest_first else None)
    if found is None:
        raise NotInstalled("PostgreSQL is not installed: apt install postgresql")
    return found


def _unprivileged_account() -> str | None:
    """Return the account to run PostgreSQL as, None when we are not root ourselves."""
    if os.getuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    raise NotInstalled("PostgreSQL refuses to run as root and there is no account postgres or nobody.")


def _run_as(owner: str | None, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=owner, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-400:]}")


def _start_postgres(program: str, cluster: Path, owner: str | None, *, log: Path) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster),
        "unix_socket_permissions": "0777",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "shared_buffers": "64MB",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-D", str(cluster), *options],
            cwd="/",
            stdout=output,
            stderr=subprocess.STDOUT,
            user=owner,
            start_new_session=True,
        )
    return process


def _await(path: Path, process: subprocess.Popen[bytes], *, log: Path | None = None) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace")[-400:] if log else ""
            raise RuntimeError(f"{process.args!r} did not start: {words}")
        time.sleep(0.05)


def _await_queries(cluster: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            with psycopg.connect(f"host={cluster} user=feedforward dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE feedforward")
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # PostgreSQL: fast shutdown; Redis: at once
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
