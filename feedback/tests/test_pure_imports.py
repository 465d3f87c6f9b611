"""The arithmetic and the text work can be used, and tested, where there is no Django."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

# Every module of these packages; a new one in them is pure or does not belong there.
PACKAGES = (
    "feedback.agreement",
    "feedback.merging",
    "feedback.progress",
    "feedback.reading",
    "feedback.textcheck",
    "submissions.extraction",
)
MODULES = (
    "feedback.contract",
    "feedback.highlights",
    "courses.rubric_import",
    "courses.rubric_lint",
    "courses.rubric_spec",
    "aiconfig.outbound",
    "aiconfig.wire",
)
ROOT = Path(__file__).parents[2]


def test_pure_modules_import_without_django():
    """In one process of its own; nothing heavy comes with them either."""
    inside = [
        f"{package}.{module.name}"
        for package in PACKAGES
        for module in pkgutil.iter_modules([str(ROOT / package.replace(".", "/"))])
    ]
    modules = [*MODULES, *inside]
    assert len(inside) > 60
    code = (
        "import sys\n"
        "for name in ('django', 'celery', 'litellm'): sys.modules[name] = None\n"
        f"import importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
