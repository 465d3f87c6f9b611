"""Cheap checks in the web process, before a draft exists: name, size, kind, container directory. No parser runs here."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import BinaryIO

from submissions.extraction import archive, characters, plain
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.names import clean_name, extension_of
from submissions.extraction.verdicts import Reason, Unreadable

__all__ = ["clean_name", "precheck", "precheck_paste"]

_EXTENSIONS = {
    "docx": MediaFormat.DOCX,
    "pdf": MediaFormat.PDF,
    "odt": MediaFormat.ODT,
    "rtf": MediaFormat.RTF,
    "txt": MediaFormat.TXT,
    "text": MediaFormat.TXT,
    "md": MediaFormat.MD,
    "markdown": MediaFormat.MD,
}
_MACRO_EXTENSIONS = frozenset(("docm", "dotm"))
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_MAGIC = (
    b"MZ",
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"%PDF-",
    b"{\\rtf",
    _COMPOUND_FILE,
    b"BM6",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"\xca\xfe\xba\xbe",
    b"SQLite format 3",
)
_PDF_HEADER = re.compile(rb"%PDF-\d")
_LOOKS_LIKE_MARKUP = re.compile(rb"\s*(<!doctype|<html|<script|<svg|<head|<body|<\?xml|<!--)", re.IGNORECASE)
_DOCUMENT_PART = re.compile(
    r"wordprocessingml\.(document|template)\.main\+xml|ms-word\.(document|template)\.macroenabled", re.IGNORECASE
)
_MAX_SMALL_PART = 1024 * 1024


def precheck(
    *,
    name: str,
    declared_type: str,
    size: int,
    head: bytes,
    open_file: Callable[[], BinaryIO],
    limits: Limits,
) -> MediaFormat:
    """Decide what ``name`` is and whether it is worth a reader's time.

    ``head`` holds the first bytes (1 kB or more where there are as many), ``open_file`` opens the whole upload for
    reading and seeking and is called at most once; what it returns is not closed here. ``declared_type`` is what the browser claims: a hint that decides nothing.
    Raises Unreadable with NAME, TYPE, MACRO, EMPTY, TOO_BIG, MISMATCH, CORRUPT, EXPANDS, ENCRYPTED; for plain text also
    ENCODING, TOO_LONG, TOO_SHORT.
    """
    del declared_type
    extension = extension_of(name)
    if extension in _MACRO_EXTENSIONS:
        raise Unreadable(Reason.MACRO, "by name")
    media_format = _EXTENSIONS.get(extension)
    if media_format is None:
        raise Unreadable(Reason.TYPE, "by name")
    if size == 0:
        raise Unreadable(Reason.EMPTY)
    if size > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG, f"{size} bytes")
    stream = open_file()  # stays open: it belongs to the caller
    if media_format is MediaFormat.PDF:
        _check_pdf(head)
    elif media_format in (MediaFormat.DOCX, MediaFormat.ODT):
        _check_container(media_format, head, stream, limits)
    elif media_format is MediaFormat.RTF:
        if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf"):
            raise Unreadable(Reason.MISMATCH, "no RTF")
    else:
        _check_text(head, stream, limits)
    return media_format


def _check_pdf(head: bytes) -> None:
    """Mail gateways put a few lines before the header, so it may come late; markup or a program may not come first."""
    match = _PDF_HEADER.search(head[:1024])
    if match is None:
        raise Unreadable(Reason.MISMATCH, "no PDF header")
    if match.start() and (_LOOKS_LIKE_MARKUP.match(head) or head.startswith(_OTHER_MAGIC)):
        raise Unreadable(Reason.MISMATCH, "something else before the PDF header")


def _check_container(media_format: MediaFormat, head: bytes, stream: BinaryIO, limits: Limits) -> None:
    if head.startswith(_COMPOUND_FILE):
        # Word writes password-protected .docx files into the old container, with an EncryptedPackage stream.
        stream.seek(0)
        encrypted = "EncryptedPackage".encode("utf-16-le") in stream.read(limits.max_bytes)
        raise Unreadable(Reason.ENCRYPTED if encrypted else Reason.MISMATCH, "compound file")
    if not head.startswith(b"PK"):
        raise Unreadable(Reason.MISMATCH, "no zip")
    zipped = archive.open_checked(stream, limits)
    names = set(zipped.namelist())
    if media_format is MediaFormat.DOCX:
        _check_docx(zipped, names)
    else:
        _check_odt(zipped, names)


def _check_docx(zipped: zipfile.ZipFile, names: set[str]) -> None:
    if "[Content_Types].xml" not in names:
        raise Unreadable(Reason.CORRUPT if "word/document.xml" in names else Reason.MISMATCH, "no content types")
    raw = archive.read_part(zipped, "[Content_Types].xml", max_bytes=_MAX_SMALL_PART)
    types = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    if "macroenabled" in types.lower() or any(part.lower().endswith("vbaproject.bin") for part in names):
        raise Unreadable(Reason.MACRO, "by content")
    if not _DOCUMENT_PART.search(types):
        raise Unreadable(Reason.MISMATCH, "no word processing part")
    if not any(
        part.endswith(".xml") and "/" in part and not part.startswith(("_rels/", "docProps/")) for part in names
    ):
        raise Unreadable(Reason.CORRUPT, "no document part")


def _check_odt(zipped: zipfile.ZipFile, names: set[str]) -> None:
    if "mimetype" in names:
        kind = archive.read_part(zipped, "mimetype", max_bytes=_MAX_SMALL_PART)
        if not kind.strip().startswith(b"application/vnd.oasis.opendocument.text"):
            raise Unreadable(Reason.MISMATCH, "another OpenDocument kind")
    elif "content.xml" not in names:
        raise Unreadable(Reason.MISMATCH, "no OpenDocument file")
    if "content.xml" not in names:
        raise Unreadable(Reason.CORRUPT, "no content part")
    if "META-INF/manifest.xml" in names:
        manifest = archive.read_part(zipped, "META-INF/manifest.xml", max_bytes=_MAX_SMALL_PART)
        if b"encryption-data" in manifest:
            raise Unreadable(Reason.ENCRYPTED, "OpenDocument encryption")


def _check_text(head: bytes, stream: BinaryIO, limits: Limits) -> None:
    if head.startswith(_OTHER_MAGIC) and not head.startswith((b"BM6", b"MZ", b"ID3", b"RIFF", b"GIF8")):
        raise Unreadable(Reason.MISMATCH, "another kind of file")
    stream.seek(0)
    text = plain.decode(stream.read(limits.max_bytes + 1)).text
    if len(text) > limits.max_chars * 3:
        raise Unreadable(Reason.TOO_LONG, f"{len(text)} characters")
    _check_length(text, limits)


def precheck_paste(text: str, limits: Limits) -> None:
    """Refuse pasted text that need not wait for a worker. Raises Unreadable: EMPTY, ENCODING, TOO_LONG, TOO_SHORT."""
    if len(text) > limits.max_chars * 3:
        raise Unreadable(Reason.TOO_LONG, f"{len(text)} characters")
    plain.refuse_damaged(text)
    _check_length(text, limits)


def _check_length(text: str, limits: Limits) -> None:
    cleaned = characters.clean(text).text
    if not cleaned.strip():
        raise Unreadable(Reason.EMPTY, "blank")
    words = characters.count_words(cleaned)
    if words > limits.max_words or len(" ".join(cleaned.split())) > limits.max_chars:
        raise Unreadable(Reason.TOO_LONG, f"{words} words, {len(cleaned)} characters")
    if words < limits.min_words:
        raise Unreadable(Reason.TOO_SHORT if words else Reason.EMPTY, f"{words} words")
