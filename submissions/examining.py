"""The cheap look at what arrives, in the web process: name, size, kind, checksum. No parser runs here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Assignment
from feedforward.errors import DomainError
from submissions.extraction import pasted
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.precheck import clean_name, precheck, precheck_paste
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.models import Draft
from submissions.room import limit_words

HEAD_BYTES = 4096
CHUNK_BYTES = 1 << 16


class NotAccepted(DomainError):
    """The draft cannot be handed in; the message says why and what to do. Nothing was stored."""

    code = "not_accepted"


@dataclass(frozen=True)
class Incoming:
    """One file (or the pasted text) as it arrived, found worth storing."""

    source: str
    name: str
    media_format: str
    size: int
    sha256: str
    file: File


def examine(
    *, assignment: Assignment, uploads: Sequence[File], text: str, limits: Limits, rich: str = ""
) -> list[Incoming]:
    """Look at the files, or at the pasted text where there are none; ``rich`` is the HTML that came with the text.

    Raises :class:`NotAccepted` with the field it is about.
    """
    if not uploads:
        try:
            return [_examine_paste(text, rich, limits=limits)]
        except Unreadable as error:
            raise _refusal(error, limits, "text") from None
    allowed = assignment.max_files
    if len(uploads) > allowed:
        words = ngettext(
            "Please upload one file. Put everything into one document, or paste the text.",
            "Please upload %(n)s files at most. Put parts that belong together into one document.",
            allowed,
        ) % {"n": allowed}
        raise NotAccepted(words, code=Reason.ONE_FILE.value, field="file")
    if len(uploads) > 1 and sum(upload.size or 0 for upload in uploads) > limits.max_bytes:
        words = _("Together these files are too large; a draft may have up to %(mb)s MB.") % {
            "mb": limit_words(limits)["max_mb"]
        }
        raise NotAccepted(words, code=Reason.TOO_BIG.value, field="file")
    found = []
    for upload in uploads:
        try:
            found.append(_examine_file(upload, assignment=assignment, limits=limits))
        except Unreadable as error:
            raise _refusal(
                error, limits, "file", name=clean_name(upload.name or "") if len(uploads) > 1 else ""
            ) from None
    return found


def digest_of(digests: Sequence[str]) -> str:
    """Return a draft's checksum: its file's, or that of the files' checksums in order."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _refusal(error: Unreadable, limits: Limits, field: str, *, name: str = "") -> NotAccepted:
    words = error.sentence(**limit_words(limits))
    return NotAccepted(f"{name}: {words}" if name else words, code=error.reason.value, field=field)


def _examine_file(upload: File, *, assignment: Assignment, limits: Limits) -> Incoming:
    name = upload.name or ""
    size = upload.size or 0
    if size > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    upload.seek(0)
    head = upload.read(HEAD_BYTES)

    def reopen() -> BinaryIO:
        upload.seek(0)
        return cast(BinaryIO, upload.file)

    media_format = precheck(
        name=name,
        declared_type=getattr(upload, "content_type", "") or "",
        size=size,
        head=head,
        open_file=reopen,
        limits=limits,
    )
    if assignment.formats and media_format.value not in assignment.formats:
        raise Unreadable(Reason.TYPE)
    return Incoming(Draft.Source.FILE, clean_name(name), media_format.value, size, _digest(upload), upload)


def _examine_paste(text: str, rich: str, *, limits: Limits) -> Incoming:
    precheck_paste(text, limits)
    # Lone surrogates and NUL cannot be stored by either database; they mean nothing in an essay.
    raw = text.replace("\x00", "").encode("utf-8", "ignore")
    if len(raw) > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    media_format = MediaFormat.PASTE
    if rich.strip() and len(rich) <= pasted.MAX_RICH_CHARS and len(both := pasted.pack(text, rich)) <= limits.max_bytes:
        raw, media_format = both, MediaFormat.HTML
    digest = hashlib.sha256(raw).hexdigest()
    return Incoming(Draft.Source.PASTE, "", media_format.value, len(raw), digest, ContentFile(raw))


def _digest(upload: File) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(upload):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(upload: File) -> Iterator[bytes]:
    upload.seek(0)
    while chunk := upload.read(CHUNK_BYTES):
        yield cast(bytes, chunk)
    upload.seek(0)
