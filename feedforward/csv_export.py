"""CSV that spreadsheets show as text: cells that would be formulas are guarded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

# OWASP, CSV injection: a cell that begins so is a formula for some spreadsheet. Full-width forms count too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(value: Any) -> str:
    """Return the text of one cell. Numbers stay numbers (-3 is no formula); None is empty, never 0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S%z")
    text = str(value).replace("\x00", "")
    # Leading blanks and invisible characters are skipped by some programs before they look for a formula.
    return f"'{text}" if text.lstrip(" \u00a0\ufeff\u200b").startswith(FORMULA_STARTS) else text


def lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file, guarded; the byte order mark makes Excel read UTF-8."""
    yield "\ufeff"
    yield _line(head)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([guarded(value) for value in row])
    return out.getvalue()


def safe_name(words: str) -> str:
    """A file name of our own making: letters, digits and dashes."""
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in words.lower())
    return "-".join(part for part in kept.split("-") if part)[:80] or "export"


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return the rows as a download called ``<name>.csv``; ``rows`` may be a generator over a large table."""
    response = StreamingHttpResponse(lines(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{safe_name(name)}.csv"'
    return response
