"""Bad names and odd forms through the real upload page; every other bad input goes the same way with ``make cases``."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from courses.tests.cast import cast
from submissions.models import Draft
from submissions.reading import read_draft
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


PLAIN = "The causes\n\n· Bread was dear.\n· The crown was in debt.\n\nThis essay weighs both of them. A secret is here."
RICH = (
    "<h2>The causes</h2><ul><li>Bread was dear.</li><li>The crown was in debt.</li></ul>"
    '<p>This essay weighs both of them.<span style="color:#fff"> A secret is here.</span><script>alert(1)</script></p>'
)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rich", "kinds", "hidden"),
    [
        (RICH, ["heading", "list_item", "list_item", "paragraph"], ["A secret is here."]),
        (RICH.replace("dear", "cheap and plentiful all the year round"), ["paragraph"] * 3, []),  # says something else
        ("<p hidden>x</p>", ["paragraph"] * 3, []),
        ("", ["paragraph"] * 3, []),
    ],
)
def test_a_paste_keeps_what_it_was(client: Client, rich: str, kinds: list[str], hidden: list[str]) -> None:
    people = cast()
    client.force_login(people.alice)
    url = reverse("submit", args=[people.assignment.public_id])
    client.post(url, {"text": PLAIN, "rich": rich, "key": str(uuid.uuid4())})
    draft = Draft.objects.get(student=people.alice)
    read_draft(draft.pk)
    draft.refresh_from_db()
    structure = draft.content.structure
    assert [block["kind"] for block in structure["blocks"]] == kinds
    assert [item["text"] for item in structure["hidden"]] == hidden
    assert "alert" not in draft.content.text and ("secret" in draft.content.text) is not bool(hidden)
    file = client.get(reverse("draft_file", args=[draft.public_id]))
    sent = b"".join(file.streaming_content) if file.streaming else file.content
    assert sent.decode().replace("\r", "") == PLAIN and file["Content-Disposition"].endswith('.txt"')
