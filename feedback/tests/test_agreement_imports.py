"""The arithmetic and the text work can be used, and tested, where there is no Django."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("agreement", "merging", "progress", "textcheck")
FEEDBACK = Path(__file__).parents[1]


def test_pure_modules_import_without_django():
    modules = [
        f"feedback.{package}.{module.name}"
        for package in PACKAGES
        for module in pkgutil.iter_modules([str(FEEDBACK / package)])
    ]
    assert len(modules) > 15
    code = (
        "import sys\n"
        "for name in ('django', 'celery', 'litellm'): sys.modules[name] = None\n"
        f"import importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=FEEDBACK.parent, timeout=60)
    assert done.returncode == 0, done.stderr
