"""SECRET_KEY and SALT_KEY for a site whose owner gave none: made once, kept in the data folder, mode 0600.

Sessions, the audit chain and the providers' encrypted keys hang on them, so they must outlive a restart. A site
in production gives its own by the environment and keeps them apart from its data.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.run.preflight import CannotStart

KEY_BYTES = 48


def kept_keys(data_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to ``environ`` so that both keys are set, making the files when missing."""
    added: dict[str, str] = {}
    own_secret = _given("SECRET_KEY", environ)
    if not own_secret:
        added["SECRET_KEY"] = _kept(data_dir / "secret_key", make=True)
    if not _given("SALT_KEY", environ):
        # A site with its own SECRET_KEY and no salt uses the settings' default; a salt made earlier stays in use.
        salt = _kept(data_dir / "salt_key", make=not own_secret)
        if salt:
            added["SALT_KEY"] = salt
    return added


def _given(name: str, environ: Mapping[str, str]) -> bool:
    return bool(environ.get(name, "").strip() or environ.get(f"{name}_FILE", "").strip())


def _kept(path: Path, *, make: bool) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        value = ""
    except OSError as error:
        raise CannotStart(f"The key in {path} cannot be read ({error.strerror}).") from None
    if value or not make:
        return value
    if path.exists():
        raise CannotStart(
            f"The key file {path} is empty. Put the key back from a backup; only for a site without data may the "
            "file be deleted, a new key is made then."
        )
    value = secrets.token_urlsafe(KEY_BYTES)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(value + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    return value
