"""Chooses the reader for a format. Imported only where reading is meant to happen: in the limited child."""

from __future__ import annotations

import io

from submissions.extraction.document import ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable


def read(data: bytes, media_format: MediaFormat, limits: Limits) -> ExtractedDocument:
    """Read one file. Raises Unreadable, or anything else a parser may raise on hostile input."""
    if not data:
        raise Unreadable(Reason.EMPTY)
    if len(data) > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    if media_format is MediaFormat.DOCX:
        from submissions.extraction import docx

        return docx.read(io.BytesIO(data), limits)
    if media_format is MediaFormat.PDF:
        from submissions.extraction import pdf

        return pdf.read(data, limits)
    if media_format is MediaFormat.ODT:
        from submissions.extraction import odt

        return odt.read(io.BytesIO(data), limits)
    if media_format is MediaFormat.RTF:
        from submissions.extraction import rtf

        return rtf.read(data, limits)
    from submissions.extraction import plain

    if media_format is MediaFormat.HTML:
        from submissions.extraction import html

        return html.read(plain.decode(data).text, limits)
    return plain.read(data, media_format, limits)


def preload() -> None:
    """Import every parser, so that a forked reader starts at once and needs no file but its input."""
    import encodings.cp1252
    import encodings.idna
    import encodings.latin_1
    import encodings.utf_16  # noqa: F401

    from submissions.extraction import docx, html, odt, pdf, plain, rtf  # noqa: F401
