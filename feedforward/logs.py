"""Log lines: ids, counts and durations; what looks like a key is blacked out wherever it comes from."""

from __future__ import annotations

import json
import logging
import re
import traceback
from typing import Any

from feedforward.requests import request_id

KEY_SHAPES = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|key|tok|ff)[-_][A-Za-z0-9_\-]{12,}|AIza[0-9A-Za-z_\-]{20,}|Bearer\s+[^\s\"']{8,}"
)


def scrub(text: str) -> str:
    """Return ``text`` without anything shaped like a key or bearer token."""
    return KEY_SHAPES.sub("[removed]", text)


class ScrubFilter(logging.Filter):
    """Remove keys from the finished message; arguments are folded in so that none slips past."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        record.msg, record.args = scrub(message).replace("\r", "\\r").replace("\n", "\\n"), ()
        return True


def frames_only(error: BaseException) -> str:
    """Return where an exception came from: its type and frames, never its words or local values.

    Messages of parsers and model libraries quote what they choked on, which is a student's text.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(
        f"{f.filename.rsplit('/', 2)[-2]}/{f.filename.rsplit('/', 1)[-1]}:{f.lineno}"
        for f in frames[-6:][::-1]
        if "/" in f.filename
    )
    return f"{type(error).__name__} at {places}"


class LineFormatter(logging.Formatter):
    """One line per record, as text or JSON."""

    def __init__(self, as_json: bool = False) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        values: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "request": request_id.get(),
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            values["error"] = frames_only(record.exc_info[1])
        if self.as_json:
            return json.dumps(values, ensure_ascii=False)
        tail = f" | {values['error']}" if "error" in values else ""
        return (
            f"{values['time']} {values['level']:<7} {values['logger']} [{values['request']}] {values['message']}{tail}"
        )
