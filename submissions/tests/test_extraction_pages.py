"""Bad names and odd forms through the real upload page; every other bad input goes the same way with ``make cases``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from submissions.tests.case_adapters import files

FOLDER = Path(__file__).parent / "cases"
CHOSEN = (
    "M",
    "F09",
    "F11",
    "F12",
    "F18",
    "F27",
    "C07",
    "D09",
    "D17",
    "D25",
    "P01",
    "P14",
    "T02",
    "T25",
    "T27",
    "T33",
    "T34",
)


@pytest.mark.django_db
def test_bad_inputs_through_the_page(tmp_path: Path) -> None:
    source = FOLDER / "bad-inputs"
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    manifest["cases"] = [
        case
        for case in manifest["cases"]
        if case["id"].startswith(CHOSEN)
        and case["kind"] != "form"
        and (case["file"] is None or (source / case["file"]).is_file())
    ]
    target = tmp_path / "bad-inputs"
    shutil.copytree(source / "files", target / "files")
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    results = list(files.run(tmp_path))
    assert len(results) == len(manifest["cases"]) > 18
    assert [(result.case, result.expected, result.got) for result in results if not result.passed] == []
