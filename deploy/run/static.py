"""Collecting and compressing static files when, and only when, their sources changed.

``python -m deploy.run.static`` does it for an image, without a database.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def collect_static(root: Path) -> None:
    """Collect and compress static files, unless the sources are the same as the last time.

    Compressing takes seconds; comparing names, sizes and times of the sources takes milliseconds.
    """
    from django.core.management import call_command

    stamp = root / ".collected-from"
    now = static_fingerprint()
    if (root / "staticfiles.json").exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return
    print("Collecting static files ...", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now, encoding="utf-8")


def static_fingerprint() -> str:
    """Return a hash of name, size and time of every static source file and of the collecting code's version."""
    import django
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256(django.get_version().encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda pair: pair[0]):  # type: ignore[no-untyped-call]
            status = os.stat(storage.path(name))
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")
    import django
    from django.conf import settings

    django.setup()
    collect_static(Path(settings.STATIC_ROOT))
