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


def keep_keys(data_dir: Path, environ: Mapping[str, str]) -> None:
    """Make the key files that ``environ`` leaves to us and that are missing; the settings read them from there.

    A site with a SECRET_KEY of its own and no salt gets none made: the settings have a default for it.
    """
    if _given("SECRET_KEY", environ):
        return
    _keep(data_dir / "secret_key")
    if not _given("SALT_KEY", environ):
        _keep(data_dir / "salt_key")


def _given(name: str, environ: Mapping[str, str]) -> bool:
    return bool(environ.get(name, "").strip() or environ.get(f"{name}_FILE", "").strip())


def _keep(path: Path) -> None:
    try:
        if path.read_text(encoding="utf-8").strip():
            return
        raise CannotStart(
            f"The key file {path} is empty. Put the key back from a backup; only for a site without data may the "
            "file be deleted, a new key is made then."
        )
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CannotStart(f"The key in {path} cannot be read ({error.strerror}).") from None
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
