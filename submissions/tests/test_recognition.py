"""Pages that are pictures of text: read where tesseract is installed, honestly left out where it is not."""

from __future__ import annotations

import io
import os
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from courses.tests.cast import cast
from submissions.extraction import isolation
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.recognition import paragraphs_of
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.intake import submit_draft
from submissions.models import Draft
from submissions.reading import read_draft

TESSERACT = shutil.which("tesseract") or ""
installed = pytest.mark.skipif(not TESSERACT, reason="tesseract is not installed")
LIMITS = Limits(ocr=TESSERACT)
LINES = [
    "The otter keeps its favourite stone",
    "in a pocket of skin, and uses it all",
    "its life, wherever it may swim.",
]
TYPED = "This page was typed, and its words are letters."


def picture(lines: list[str]) -> Image.Image:
    image = Image.new("L", (1240, 900), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=44)
    for index, line in enumerate(lines):
        draw.text((120, 120 + 70 * index), line, font=font, fill=0)
    return image


def pdf(*pages: str | Image.Image) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 432))
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(60, 340, page)
        else:
            canvas.drawImage(ImageReader(page), 0, 0, 595, 432)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


@installed
def test_a_scan_between_typed_pages_is_read_in_its_place() -> None:
    document, _ = isolation.extract_bytes(
        pdf(TYPED, picture(LINES), "The last page was typed as well."), media_format=MediaFormat.PDF, limits=LIMITS
    )
    assert words(document.text) == words(f"{TYPED} {' '.join(LINES)} The last page was typed as well.")
    assert document.recognised == (2,) and document.pages == 3
    assert {block.page for block in document.blocks if "otter" in block.text} == {2}
    assert any("page 2" in notice for notice in document.notices)
    assert not [item for item in document.not_read if item.kind == "scanned pages"]


@installed
def test_a_picture_of_something_else_adds_no_words() -> None:
    shades = Image.linear_gradient("L").resize((1240, 900))
    document, _ = isolation.extract_bytes(pdf(TYPED, shades), media_format=MediaFormat.PDF, limits=LIMITS)
    assert document.text == TYPED and document.recognised == ()
    assert [(item.kind, item.count) for item in document.not_read] == [("scanned pages", 1)]


@installed
def test_pages_and_time_are_limited_and_what_is_left_is_said() -> None:
    three = pdf(*[picture(LINES)] * 3)
    document, _ = isolation.extract_bytes(three, media_format=MediaFormat.PDF, limits=replace(LIMITS, ocr_pages=1))
    assert document.recognised == (1,)
    assert [(item.kind, item.count) for item in document.not_read] == [("scanned pages", 2)]
    with pytest.raises(Unreadable) as caught:
        isolation.extract_bytes(three, media_format=MediaFormat.PDF, limits=replace(LIMITS, ocr_timeout_s=0.0))
    assert caught.value.reason is Reason.NO_TEXT


@pytest.mark.parametrize("program", ["", "/nowhere/tesseract", shutil.which("false") or "/bin/false"])
def test_without_a_program_that_works(program: str) -> None:
    limits = replace(LIMITS, ocr=program)
    document, _ = isolation.extract_bytes(pdf(TYPED, picture(LINES)), media_format=MediaFormat.PDF, limits=limits)
    assert document.text == TYPED
    assert [(item.kind, item.count) for item in document.not_read] == [("scanned pages", 1)]
    with pytest.raises(Unreadable) as caught:
        isolation.extract_bytes(pdf(picture(LINES)), media_format=MediaFormat.PDF, limits=limits)
    assert caught.value.reason is Reason.NO_TEXT


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\nexec sleep 97{os.getpid()}\n")
    program.chmod(0o755)
    limits = replace(LIMITS, ocr=str(program), ocr_timeout_s=1.0)
    document, _ = isolation.extract_bytes(pdf(TYPED, picture(LINES)), media_format=MediaFormat.PDF, limits=limits)
    assert document.text == TYPED
    with pytest.raises(Unreadable) as caught:  # and when the reader's own time runs out meanwhile
        isolation.extract_bytes(
            pdf(picture(LINES)), media_format=MediaFormat.PDF, limits=replace(limits, timeout_s=0.2, ocr_timeout_s=0.6)
        )
    assert caught.value.reason in (Reason.TIMEOUT, Reason.NO_TEXT)
    for _ in range(50):
        if not any(_arguments(process) == ["sleep", f"97{os.getpid()}"] for process in Path("/proc").glob("[0-9]*")):
            return
        time.sleep(0.1)
    raise AssertionError("it is still running")


def _arguments(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")[:2]
    except OSError:
        return []


HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def table(*rows: tuple[int, int, int, float, str]) -> str:
    return HEAD + "".join(f"5\t1\t{b}\t{p}\t{n}\t1\t0\t0\t1\t1\t{conf}\t{text}\n" for b, p, n, conf, text in rows)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("", []),
        (HEAD, []),
        (
            table((1, 1, 1, 96, "A"), (1, 1, 1, 96, "mead-"), (1, 1, 2, 96, "ow"), (1, 2, 1, 96, "Sheep")),
            ["A meadow", "Sheep"],
        ),
        (table((1, 1, 1, 96, "well-"), (1, 1, 2, 96, "Known"), (2, 1, 1, 96, "x")), ["well- Known", "x"]),
        (
            table((1, 1, 1, 96, "sure"), (1, 1, 1, 20, "b1ur"), (1, 1, 1, 96, "and"), (1, 1, 1, 96, "sure")),
            ["sure and sure"],
        ),
        (table(*[(1, 1, 1, 55, "doubtful")] * 9), []),
        (table((1, 1, 1, 99, "two"), (1, 1, 1, 99, "words")), []),
        ("not\ta\ttable\n1\t2\n5\t1\t1\t1\t1\t1\t0\t0\t1\t1\tnone\tword\n", []),
    ],
)
def test_what_is_taken_of_tesseracts_table(given: str, wanted: list[str]) -> None:
    assert paragraphs_of(given) == wanted


@installed
@pytest.mark.django_db
def test_student_and_instructor_are_told(settings: Any) -> None:
    settings.TESSERACT = TESSERACT
    people = cast()
    upload = SimpleUploadedFile("scan.pdf", pdf(picture(LINES)))
    draft = submit_draft(assignment=people.assignment, student=people.alice, actor=people.alice, uploads=[upload]).draft
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert draft.status == Draft.Status.READY and words(draft.content.text) == words(" ".join(LINES))
    client = Client()
    client.force_login(people.alice)
    page = client.get(reverse("draft_text", args=[draft.public_id])).content.decode()
    assert "Page 1, read from a picture" in page and "which makes mistakes: page 1" in page
    client.force_login(people.bob)
    desk = client.get(reverse("desk", args=[draft.public_id])).content.decode()
    assert "Read from pictures by a program, with possible mistakes: page 1" in desk
