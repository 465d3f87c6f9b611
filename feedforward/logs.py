"""Log lines: ids, counts and durations. What looks like a key, opens a door or quotes an exception is taken out.

Exceptions are told by type and place, never by their words: parsers quote the draft they choked on, databases their
parameters, model libraries the prompt and the key.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from feedforward.requests import request_id

KEY_SHAPES = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|key|tok|ff)[-_][A-Za-z0-9_\-]{12,}|AIza[0-9A-Za-z_\-]{20,}|Bearer\s+[^\s\"']{8,}"
)
# Invitations, resets and confirmations carry their secret in the path; long unknown parts are taken for one too.
LINK_SECRETS = re.compile(
    r"(?i)((?:/|%2F)(?:join|key|confirm-email)(?:/|%2F))(?!done/)[^/\s\"'?%]+"
    r"|(?<=/)(?![0-9a-f]{8}-[0-9a-f]{4}-)[A-Za-z0-9_:=-]{32,}(?=[/\s\"'?]|$)"
)
# What people search for stands in the query.
QUERIES = re.compile(r"(/[^\s?\"']*)\?[^\s\"']+")
# Fields of a task's log record that hold arguments, results or an exception's words.
TASK_WORDS = frozenset({"exc", "traceback", "args", "kwargs", "return_value", "argsrepr", "kwargsrepr"})
# Their words are ours or name a host, and say which setting to mend.
SPEAKING = frozenset({"DisallowedHost", "ImproperlyConfigured", "BadSetting", "KeyUnreadable", "Refused"})


def scrub(text: str) -> str:
    """Return ``text`` without anything shaped like a key, a bearer token, a link that opens a door, or a query."""
    text = KEY_SHAPES.sub("[removed]", text)
    text = LINK_SECRETS.sub(lambda found: f"{found.group(1) or ''}[removed]", text)
    return QUERIES.sub(r"\1?[removed]", text)


def _named(value: Any) -> Any:
    """An exception among a line's arguments becomes its type."""
    return type(value).__name__ if isinstance(value, BaseException) else value


def _message(record: logging.LogRecord) -> str:
    """Return the line of a record without the words of the exceptions it is about."""
    args: Any = record.args
    if isinstance(args, Mapping):
        args = {name: "(not shown)" if name in TASK_WORDS else _named(value) for name, value in args.items()}
    elif isinstance(args, tuple):
        args = tuple(_named(value) for value in args)
    text = str(_named(record.msg))
    with contextlib.suppress(TypeError, ValueError, KeyError):
        text = text % args if args else text
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    while error is not None:
        name = type(error).__name__
        for words in sorted({repr(error), str(error), *map(str, error.args)}, key=len, reverse=True):
            if len(words) > 3 and name not in SPEAKING:
                text = text.replace(words, name)
        error = error.__cause__ or error.__context__
    return text


class ScrubFilter(logging.Filter):
    """Make the line what may be kept; arguments are folded in so that none slips past."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = scrub(_message(record))
        record.msg, record.args = text.replace("\r", "\\r").replace("\n", "\\n"), ()
        return True


def frames_only(error: BaseException) -> str:
    """Return where an exception came from: its type and frames, never its words or local values."""
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
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            values["error"] = frames_only(record.exc_info[1])
        if self.as_json:
            return json.dumps(values, ensure_ascii=False)
        tail = f" | {values['error']}" if "error" in values else ""
        return (
            f"{values['time']} {values['level']:<7} {values['logger']} [{values['request']}] {values['message']}{tail}"
        )


def keep_tracebacks_short() -> None:
    """Tell uncaught exceptions of this process and its threads as log lines do: Python prints their words."""
    logger = logging.getLogger("feedforward.uncaught")

    def of_process(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt) or kind.__name__ in SPEAKING:
            sys.__excepthook__(kind, error, trace)
        else:
            print(f"ended by {frames_only(error)}", file=sys.stderr)

    def of_thread(said: threading.ExceptHookArgs) -> None:
        if said.exc_value is not None and not isinstance(said.exc_value, SystemExit):
            logger.error("a thread ended: %s", frames_only(said.exc_value))

    def of_nobody(said: Any) -> None:
        logger.error("an exception nobody could catch: %s", type(said.exc_value).__name__)

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_process, of_thread, of_nobody
    # A handler that fails (a full disk) would print the record with its arguments and everything above it.
    logging.raiseExceptions = False
