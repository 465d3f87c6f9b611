"""Runs readers in their own limited processes and never lets anything but a document or a reason out.

A reading process loads the parsers once and forks one reader per file (``child.py``): a normal file costs a fork, a
hostile one costs only its own reader. Safe to call from threads and from daemonic worker processes.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submissions.extraction import pasted, plain
from submissions.extraction.assembly import Assembly
from submissions.extraction.child import job_header
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from submissions.extraction.child import main; main()"
_START_TIMEOUT_S = 30.0
_EXTRA_S = 3.0  # the reading process stops a reader by itself; this long after that it is stopped too
_FILES_PER_PROCESS = 200
_MAX_IDLE = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading one file took: wall and CPU seconds, peak resident memory in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def extract(path: Path, *, media_format: MediaFormat, limits: Limits) -> ExtractedDocument:
    """Read the file at ``path`` in a limited process.

    Raises Unreadable with a reason the student understands for every failure of the file, its parser or its limits;
    Interrupted when it was ended from outside and may be tried again; OSError when ``path`` itself cannot be read.
    """
    return extract_bytes(path.read_bytes(), media_format=media_format, limits=limits)[0]


def extract_bytes(data: bytes, *, media_format: MediaFormat, limits: Limits) -> tuple[ExtractedDocument, Cost]:
    """As ``extract``, for content already at hand, with what it cost."""
    if len(data) > limits.max_bytes:
        raise Unreadable(Reason.TOO_BIG)
    if not data:
        raise Unreadable(Reason.EMPTY)
    started = time.monotonic()
    process = _take()
    try:
        header, payload = process.ask(
            job_header(media_format, limits, len(data)) + data, limits, limits.wall_s(media_format)
        )
    except _Broken as error:
        process.stop()
        if error.reason is Reason.CORRUPT:
            raise Interrupted("the reading process ended") from None
        raise Unreadable(error.reason, "the reading process failed") from None
    except BaseException:
        process.stop()  # an interrupted caller (time limit of a task) leaves nothing running
        raise
    _give_back(process)
    if header.get("interrupted"):
        raise Interrupted("the reader was killed")
    if "reason" in header:
        raise Unreadable(Reason(header["reason"]), str(header.get("detail", "")))
    try:
        document = ExtractedDocument.from_json(payload)
    except ValueError:
        raise Unreadable(Reason.CORRUPT, "unreadable answer") from None
    wall_s = time.monotonic() - started
    return document, Cost(wall_s, float(header.get("cpu_s", 0)), float(header.get("peak_kb", 0)) / 1024)


def extract_paste(text: str, limits: Limits) -> ExtractedDocument:
    """Read pasted text, in this process: nothing is parsed.

    Raises Unreadable: EMPTY, TOO_SHORT, TOO_LONG, or ENCODING when more than one character in a hundred was lost on its
    way (replacement characters or half surrogate pairs).
    """
    if len(text) > limits.max_chars * 3:
        raise Unreadable(Reason.TOO_LONG)
    plain.refuse_damaged(text)
    assembly = Assembly(MediaFormat.PASTE, limits)
    plain.add_paragraphs(assembly, text)
    return assembly.finish()


class Interrupted(Exception):
    """Something outside ended the reading (a killed process, a machine out of memory): nothing is known about the file."""


def extract_rich_paste(data: bytes, limits: Limits) -> ExtractedDocument:
    """Read a paste with its formatting (``pasted.pack``): its HTML in a limited process, as long as it says what the text says.

    Raises as ``extract_paste``: where the HTML cannot be read or says something else, the text is read alone.
    """
    text, rich = pasted.unpack(data)
    try:
        document, _ = extract_bytes(rich, media_format=MediaFormat.HTML, limits=limits)
    except Unreadable:
        return extract_paste(text, limits)
    return document if pasted.says_the_same(document, text) else extract_paste(text, limits)


class _Broken(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class _Process:
    """One reading process and the two pipes to it."""

    def __init__(self) -> None:
        self.files = 0
        self.owner = os.getpid()
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
            close_fds=True,
        )
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._in, self._out = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._buffer = bytearray()
        try:
            self._answer(time.monotonic() + _START_TIMEOUT_S, 1024)
        except _Broken:
            self.stop()
            raise Interrupted("the reading process did not start") from None

    def ask(self, job: bytes, limits: Limits, wall_s: float) -> tuple[dict[str, Any], bytes]:
        """Send a job and wait for its outcome. Raises _Broken when none comes in time."""
        self.files += 1
        deadline = time.monotonic() + wall_s + _EXTRA_S
        view = memoryview(job)
        try:
            while view:
                if not select.select([], [self._in], [], max(deadline - time.monotonic(), 0))[1]:
                    raise _Broken(Reason.TIMEOUT)
                view = view[os.write(self._in, view) :]
        except OSError:
            raise _Broken(Reason.CORRUPT) from None
        return self._answer(deadline, limits.max_output_bytes + 4096)

    def _answer(self, deadline: float, max_bytes: int) -> tuple[dict[str, Any], bytes]:
        while b"\n" not in self._buffer:
            self._more(deadline, max_bytes)
        line, _, rest = bytes(self._buffer).partition(b"\n")
        try:
            header = json.loads(line)
            size = int(header["size"])
        except (ValueError, KeyError, TypeError):
            raise _Broken(Reason.CORRUPT) from None
        self._buffer = bytearray(rest)
        while len(self._buffer) < size:
            self._more(deadline, max_bytes)
        payload = bytes(self._buffer[:size])
        del self._buffer[:size]
        return header, payload

    def _more(self, deadline: float, max_bytes: int) -> None:
        if not select.select([self._out], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise _Broken(Reason.TIMEOUT)
        piece = os.read(self._out, 1 << 18)
        self._buffer += piece
        if not piece or len(self._buffer) > max_bytes:
            raise _Broken(Reason.CORRUPT)

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and self.files < _FILES_PER_PROCESS and self._popen.poll() is None

    def stop(self) -> None:
        """End the process and every reader it forked."""
        if self.owner != os.getpid():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        for pipe in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._popen.wait()


_idle: list[_Process] = []
_lock = threading.Lock()


def _take() -> _Process:
    with _lock:
        while _idle:
            process = _idle.pop()
            if process.usable:
                return process
            process.stop()
    return _Process()


def _give_back(process: _Process) -> None:
    with _lock:
        if process.usable and len(_idle) < _MAX_IDLE:
            _idle.append(process)
            return
    process.stop()


def close() -> None:
    """Stop all idle reading processes (at exit, and between tests)."""
    with _lock:
        while _idle:
            _idle.pop().stop()


def _after_fork() -> None:
    """A forked worker starts with none of its parent's processes and with a fresh lock."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


atexit.register(close)
os.register_at_fork(after_in_child=_after_fork)
