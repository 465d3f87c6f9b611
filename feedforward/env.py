"""Typed readers of environment variables: the only place settings come from.

Each reader takes the name and a default, and raises :class:`BadSetting` with a sentence that names the
variable when its value cannot be read. ``NAME_FILE`` holds the path of a file with the value, for secrets.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class BadSetting(Exception):
    """An environment variable holds a value that cannot be used."""


def text(name: str, default: str = "") -> str:
    """Return the value of ``name``, or the content of the file named by ``name_FILE``."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE names a file that cannot be read: {error.strerror}.") from None
    return os.environ.get(name, default).strip()


def kept(path: Path) -> str:
    """Return the key that the process manager made and keeps in ``path`` (deploy/run/kept_keys.py), or ""."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadSetting(f"The key in {path} cannot be read: {error.strerror}.") from None


def flag(name: str, default: bool = False) -> bool:
    """Return a yes/no value: 1, true, yes, on or 0, false, no, off in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name} must be yes or no, not {value!r}.")


def number(name: str, default: int, *, low: int | None = None, high: int | None = None) -> int:
    """Return a whole number between ``low`` and ``high``, both included."""
    value = text(name)
    if not value:
        return default
    try:
        result = int(value)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {value!r}.") from None
    if (low is not None and result < low) or (high is not None and result > high):
        raise BadSetting(f"{name} must lie between {low} and {high}, not {result}.")
    return result


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a list of values separated by commas or spaces."""
    value = text(name)
    return value.replace(",", " ").split() if value else list(default)


def program(name: str, default: str) -> str:
    """Return the path of an optional program: the variable's, else ``default`` where PATH has it, else ""."""
    value = text(name)
    found = shutil.which(value or default)
    if value and not found:
        raise BadSetting(f"{name} names no program that can be run.")
    return found or ""


def database(url: str, *, data_dir: Path) -> dict[str, Any]:
    """Return Django's database settings for ``url``; an empty one means SQLite in the data folder.

    SQLite runs in WAL mode with IMMEDIATE transactions: with Django's defaults three of four concurrent
    write transactions fail with "database is locked", with these none did (docs/adr/0003).
    """
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        name = data_dir / "feedforward.sqlite3" if not url else Path(unquote(parts.path[1:]))
        synchronous = "FULL" if flag("SQLITE_FULL_SYNC") else "NORMAL"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL;"
                    f"PRAGMA synchronous={synchronous};"
                    "PRAGMA mmap_size=134217728;"
                    "PRAGMA cache_size=-20000;"
                    "PRAGMA journal_size_limit=67108864;"
                    "PRAGMA secure_delete=ON;"
                ),
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        options: dict[str, object] = dict(parse_qsl(parts.query))
        pool = {"min_size": 1, "max_size": number("DATABASE_POOL_SIZE", 20, low=1, high=200), "timeout": 20}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": str(options.pop("host", "")) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": {**options, "pool": pool},
        }
    raise BadSetting("DATABASE_URL must start with sqlite:// or postgres://.")


def drafts(url: str, *, data_dir: Path, sealed: bool) -> dict[str, Any]:
    """Return the entry of STORAGES for uploaded files; an empty ``url`` means a folder in the data folder.

    ``file:///folder``, or ``s3://bucket/prefix?endpoint=https://host&region=name&addressing=path|virtual``. S3_ACCESS_KEY and
    S3_SECRET_KEY give the key pair; without them boto3 looks where it always looks (environment, instance role).
    """
    backend = {"BACKEND": "feedforward.storage.DraftStorage"}
    parts = urlsplit(url)
    if not url or parts.scheme == "file":
        folder = Path(unquote(parts.path)) if url else data_dir / "drafts"
        options: dict[str, Any] = {
            "location": folder,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
        return {**backend, "OPTIONS": {"backend": "local", "sealed": sealed, "options": options}}
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc:
        raise BadSetting("DRAFTS_URL must look like file:///folder or s3://bucket/prefix (no keys in it).")
    if find_spec("storages") is None:
        raise BadSetting(
            "Drafts in an S3 store need its packages: run `make s3` (requirements-s3.txt) and start again."
        )
    query = dict(parse_qsl(parts.query))
    unknown = sorted(set(query) - {"endpoint", "region", "addressing"})
    if unknown:
        raise BadSetting(f"DRAFTS_URL does not know {unknown[0]}=; it takes endpoint, region and addressing.")
    options = {"bucket_name": parts.netloc, "location": unquote(parts.path.strip("/"))}
    for name, option in (("endpoint", "endpoint_url"), ("region", "region_name"), ("addressing", "addressing_style")):
        if query.get(name):
            options[option] = query[name]
    access, secret = text("S3_ACCESS_KEY"), text("S3_SECRET_KEY")
    if bool(access) != bool(secret):
        raise BadSetting("S3_ACCESS_KEY and S3_SECRET_KEY go together.")
    if access:
        options |= {"access_key": access, "secret_key": secret}
    return {**backend, "OPTIONS": {"backend": "s3", "sealed": sealed, "options": options}}


def email(url: str) -> dict[str, object]:
    """Return Django's EMAIL_* settings for ``url`` such as ``smtp+tls://user:pass@host:587``; empty: console."""
    if not url or url.startswith("console:"):
        return {"EMAIL_BACKEND": "feedforward.console_mail.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtp+tls", "smtps"}:
        raise BadSetting("EMAIL_URL must start with smtp://, smtp+tls:// or smtps://.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }
