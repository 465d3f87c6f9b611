"""The committed documents hold the words of the essays they were made from."""

from __future__ import annotations

import io
import zipfile

import pytest

from deploy.demo.make_documents import DOCUMENTS, ESSAYS, FILES, HERE, SAMPLE, make, read_essay

ALL = {**FILES, **SAMPLE}


def path_of(name: str):  # type: ignore[no-untyped-def]
    return (DOCUMENTS if name in FILES else HERE) / name


@pytest.mark.parametrize("name", sorted(ALL))
def test_documents_are_there_and_current(name: str) -> None:
    data = path_of(name).read_bytes()
    if "-locked" in name:
        return
    if name.endswith(".pdf"):
        # reportlab may pack alike pages differently from version to version: compare the words.
        pypdf = pytest.importorskip("pypdf")
        text = " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)
        essay = read_essay((ESSAYS / f"{ALL[name]}.md").read_text(encoding="utf-8"))
        for block in essay.blocks:
            assert block.text[:60] in text
        return
    fresh = make(name, ALL[name])
    if zipfile.is_zipfile(io.BytesIO(data)):
        old, new = zipfile.ZipFile(io.BytesIO(data)), zipfile.ZipFile(io.BytesIO(fresh))
        part = "word/document.xml" if name.endswith(".docx") else "content.xml"
        assert old.read(part) == new.read(part)
    else:
        assert data == fresh


def test_the_kinds_of_document() -> None:
    assert {name.rsplit(".", 1)[1] for name in FILES} == {"docx", "pdf", "odt", "rtf", "txt"}
    with zipfile.ZipFile(DOCUMENTS / "phones-in-lectures.docx") as archive:
        document = archive.read("word/document.xml").decode()
        assert "<w:tbl>" in document and "Heading2" in document and "w:footnoteReference" in document
        assert "translation application" in archive.read("word/footnotes.xml").decode()


def test_the_locked_file_cannot_be_opened() -> None:
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(DOCUMENTS / "homework-locked.pdf")
    assert reader.is_encrypted and not reader.decrypt("")
