"""Every bad input: the verdict, what must and must not be in the text, time and memory."""

from __future__ import annotations

import io
import json
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from submissions.extraction import isolation, verdicts
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.limits import Limits
from submissions.extraction.precheck import clean_name, precheck, precheck_paste
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.tests.case_adapters.generated import pdf_sample, word_recall
from submissions.tests.case_adapters.verdict_codes import content_of, fits, sent_text

FOLDER = Path(__file__).parent / "cases" / "bad-inputs"
CASES = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["cases"]
READABLE = [
    case for case in CASES
    if case["kind"] in ("upload", "text") and (case["file"] is None or (FOLDER / case["file"]).is_file())
]  # fmt: skip
LIMITS = Limits()


def _read(name: str, data: bytes) -> tuple[ExtractedDocument, isolation.Cost]:
    media_format = precheck(
        name=name, declared_type="", size=len(data), head=data[:4096], open_file=lambda: io.BytesIO(data), limits=LIMITS
    )
    return isolation.extract_bytes(data, media_format=media_format, limits=LIMITS)


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case["id"])
def test_case(case: dict) -> None:
    data = content_of(case, FOLDER)
    started, text, peak_mb = time.monotonic(), "", 0.0
    try:
        if case["kind"] == "text":
            pasted = sent_text(case, data)
            precheck_paste(pasted, LIMITS)
            text = isolation.extract_paste(pasted, LIMITS).text
        else:
            document, cost = _read(case["name"], data)
            text, peak_mb = document.text, cost.peak_mb
        got = Reason.OK
    except Unreadable as error:
        got = error.reason
    assert fits(case, got), f"expected {case['code']} or {case.get('alternative')}, got {got}"
    if got is Reason.OK:
        assert all(needed in text for needed in case["text_must"])
    assert not any(forbidden in text for forbidden in case["text_must_not"])
    assert time.monotonic() - started < case["limits"]["seconds"]
    assert peak_mb < case["limits"]["rss_mb"]


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in parts.items():
            out.writestr(name, data)
    return buffer.getvalue()


TYPES = (
    b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'wordprocessingml.document.main+xml"/></Types>'
)
WORD = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'


def _docx(body: bytes, **parts: bytes) -> bytes:
    return _zip({"[Content_Types].xml": TYPES, "word/document.xml": WORD % body, **parts})


def _pdf(content: bytes, *, kids: int = 1) -> bytes:
    packed = zlib.compress(content, 9)
    references = b" ".join([b"3 0 R"] * kids)
    return (
        b"%%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[%s]/Count 1>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>\nendobj\n"
        b"4 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%%%EOF"
    ) % (references, len(packed), packed)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("media bomb.docx", lambda: _docx(b"", **{f"word/media/{n}.bin": bytes(16_000_000) for n in range(8)}), Reason.EXPANDS),
        ("one bomb.docx", lambda: _docx(b"<w:p/>" * 5_000_000), Reason.EXPANDS),
        ("flate bomb.pdf", lambda: _pdf(bytes(90_000_000)), Reason.EXPANDS),
        ("orders.pdf", lambda: _pdf(b"q 1 0 0 1 0 0 cm " * 1_000_000), Reason.CORRUPT),
        ("pages.pdf", lambda: _pdf(b"", kids=5_000), Reason.TOO_MANY_PAGES),
        ("some pages.pdf", lambda: _pdf(b"", kids=201), Reason.TOO_MANY_PAGES),
        ("entries.docx", lambda: _zip({f"word/{n}.xml": b"x" for n in range(2_001)}), Reason.EXPANDS),
        ("short.docx", _docx(b"<w:p><w:r><w:t>Two words</w:t></w:r></w:p>"), Reason.TOO_SHORT),
        ("long.docx", lambda: _docx(b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % (b"word " * 20_001)), Reason.TOO_LONG),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), Reason.MISMATCH),
        ("locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), Reason.ENCRYPTED),
        ("pdf in disguise.txt", b"%PDF-1.7\nsome text that is long enough to be read", Reason.MISMATCH),
        ("truncated.rtf", b"{\\rtf1 The beginning of a draft that stops in the", Reason.CORRUPT),
        ("deep.rtf", b"{\\rtf1" + b"{" * 5_000, Reason.CORRUPT),
        ("bin.rtf", b"{\\rtf1 \\bin2147483647 x}", Reason.CORRUPT),
        ("not one.rtf", b"just some text with another name", Reason.MISMATCH),
        ("shell.odt", _zip({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}), Reason.CORRUPT),
        ("sheet.odt", _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), Reason.MISMATCH),
        ("dtd.odt", _zip({"mimetype": b"application/vnd.oasis.opendocument.text",
                          "content.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), Reason.UNSAFE_XML),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_further_inputs(name: str, data: bytes | Callable[[], bytes], reason: Reason) -> None:
    data = data if isinstance(data, bytes) else data()  # the large ones are made when they are needed
    with pytest.raises(Unreadable) as caught:
        _read(name, data)
    assert caught.value.reason is reason, caught.value.detail


def test_every_sentence_names_a_next_step() -> None:
    for reason in Reason:
        sentence = verdicts.sentence(reason, max_mb=25)
        assert sentence.endswith(".") and "{" not in sentence
        if reason is not Reason.OK:
            assert sentence.count(".") >= 2 or ":" in sentence or ";" in sentence or "," in sentence
    assert "25 MB" in verdicts.sentence(Reason.TOO_BIG, max_mb=25)


def test_the_details_never_hold_content() -> None:
    data = _docx(b"<w:p><w:r><w:t>SECRET-WORD</w:t></w:wrong></w:p>")
    with pytest.raises(Unreadable) as caught:
        _read("essay.docx", data)
    assert "SECRET" not in caught.value.detail + str(caught.value)


def _locked(user: str, algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_sample(1, paragraphs=2).data))
    writer.encrypt(user, "owner", algorithm=algorithm)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_password_to_open_is_refused_and_one_to_change_is_not(algorithm: str) -> None:
    with pytest.raises(Unreadable) as caught:
        _read("essay.pdf", _locked("secret", algorithm))
    assert caught.value.reason is Reason.ENCRYPTED
    document, _ = _read("essay.pdf", _locked("", algorithm))
    assert word_recall(pdf_sample(1, paragraphs=2).words, document.text) >= 0.995


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_pages_lying_on_their_side(angle: int) -> None:
    sample = pdf_sample(1, paragraphs=2)
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(sample.data))
    for page in writer.pages:
        page.rotate(angle)
    buffer = io.BytesIO()
    writer.write(buffer)
    document, _ = _read("essay.pdf", buffer.getvalue())
    assert word_recall(sample.words, document.text) >= 0.995 and not document.hidden


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/cron.d/evil.txt", "evil.txt"),
        ("..\\..\\windows\\win.ini.txt", "win.ini.txt"),
        ("\u2024\u2024\uff0f\u2024\u2024\uff0fetc.txt", "etc.txt"),
        ("essay\u202exe.txt", "essayxe.txt"),
        ("essay\r\nSet-Cookie: sid=evil\r\n.txt", "essaySet-Cookie_ sid=evil.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("=cmd|' /C calc'!A0.txt", "C calc'!A0.txt"),
        ("=1+1.txt", "_=1+1.txt"),
        ("CON.txt", "_CON.txt"),
        (".htaccess", "_.htaccess"),
        ("\U0001f4dd\U0001f469\u200d\U0001f393 my essay.txt", "\U0001f4dd\U0001f469\u200d\U0001f393 my essay.txt"),
        ("a" * 300 + ".docx", "a" * 115 + ".docx"),
        ("\u00e9te\u0301.pdf", "\u00e9t\u00e9.pdf"),
        ("...", "draft"),
    ],
)
def test_names_are_harmless(name: str, shown: str) -> None:
    assert clean_name(name) == shown
    assert clean_name(shown) == shown or shown.startswith("_")
