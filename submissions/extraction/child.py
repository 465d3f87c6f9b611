"""The reading process: loads the parsers once, then forks one limited reader per file.

Speaks over its standard input and output: a JSON line with the job and then its bytes, a JSON line with the outcome and
then its bytes. Ends when its input ends, so it never outlives the worker that started it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
from dataclasses import asdict
from typing import Any, BinaryIO

from submissions.extraction import pdf, readers, recognition, sandbox
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable

_GRACE_S = 0.5


def main() -> None:
    """Serve jobs until standard input ends."""
    jobs = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    devnull = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # nothing a parser prints may reach a log
        os.dup2(devnull, descriptor)
    readers.preload()
    isolated = sandbox.leave_network()
    gc.collect()
    gc.freeze()
    _send(answers, {"ready": True, "network_namespace": isolated}, b"")
    while (job := _receive(jobs)) is not None:
        header, data = job
        outcome, payload = _run(header, data, jobs)
        del data, job
        _send(answers, outcome, payload)


def _receive(jobs: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = jobs.read(1)
        if not byte:
            return None
        line += byte
    header = json.loads(line)
    pieces: list[bytes] = []
    left = int(header["size"])
    while left:
        piece = jobs.read(min(left, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        left -= len(piece)
    return header, b"".join(pieces)


def _send(answers: BinaryIO, header: dict[str, Any], payload: bytes) -> None:
    view = memoryview(json.dumps({**header, "size": len(payload)}).encode() + b"\n" + payload)
    while view:
        view = view[answers.write(view) :]


def _run(header: dict[str, Any], data: bytes, jobs: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Fork a reader, collect what it says until it ends, its time is over, or the worker is gone."""
    limits = Limits(**header["limits"])
    media_format = MediaFormat(header["format"])
    scribe = recognition.start_scribe(limits) if limits.ocr and media_format is MediaFormat.PDF else None
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Nothing of the reading process stays open here: when that one is killed, the worker must see its pipe end.
        sandbox.close_all_but(theirs, *((scribe.ask, scribe.answer) if scribe else ()))
        sandbox.die_with_parent()
        if scribe:
            pdf.recogniser = recognition.Recogniser(scribe, limits)
        _read_and_exit(theirs, data, media_format, limits)
    os.close(theirs)
    if scribe:
        os.close(scribe.ask)
        os.close(scribe.answer)
    deadline = time.monotonic() + limits.wall_s(media_format)
    pieces: list[bytes] = []
    received = 0
    reason: Reason | None = None
    while True:
        left = deadline - time.monotonic()
        sources: list[Any] = [ours, jobs]
        readable = select.select(sources, [], [], left)[0] if left > 0 else []
        if not readable:
            reason = Reason.TIMEOUT
            break
        if ours not in readable:  # the worker closed its end
            os.kill(pid, signal.SIGKILL)
            sys.exit(0)
        piece = os.read(ours, 1 << 16)
        if not piece:
            break
        received += len(piece)
        if received > limits.max_output_bytes:
            reason = Reason.TOO_LONG
            break
        pieces.append(piece)
    if reason is not None:
        os.kill(pid, signal.SIGKILL)
    os.close(ours)
    status, usage = os.wait4(pid, 0)[1:]
    if scribe:
        os.kill(scribe.pid, signal.SIGKILL)  # and with it, what it started
        os.waitpid(scribe.pid, 0)
    outcome: dict[str, Any] = {"peak_kb": usage.ru_maxrss, "cpu_s": round(usage.ru_utime + usage.ru_stime, 3)}
    if reason is not None:
        return {**outcome, "reason": reason.value, "detail": "stopped"}, b""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:  # not by us: an administrator, or a machine out of memory
            return {**outcome, "interrupted": True}, b""
        reason = Reason.TIMEOUT if number == signal.SIGXCPU else Reason.CORRUPT
        return {**outcome, "reason": reason.value, "detail": f"signal {number}"}, b""
    answer = b"".join(pieces)
    if answer[:1] == b"+":
        return outcome, answer[1:]
    name, _, detail = answer[1:].decode("utf-8", "replace").partition(" ")
    known = name in Reason.__members__
    return {
        **outcome,
        "reason": name if known else Reason.CORRUPT.value,
        "detail": detail if known else "no answer",
    }, b""


def _read_and_exit(descriptor: int, data: bytes, media_format: MediaFormat, limits: Limits) -> None:
    """In the forked reader: never returns."""
    try:
        sandbox.limit_resources(memory_mb=limits.memory_mb, cpu_s=limits.timeout_s)
        sandbox.forbid()
        answer = _answer(data, media_format, limits)
        view = memoryview(answer)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os._exit(0)


def _answer(data: bytes, media_format: MediaFormat, limits: Limits) -> bytes:
    try:
        return b"+" + readers.read(data, media_format, limits).to_json().encode("utf-8", "replace")
    except Unreadable as error:
        return f"-{error.reason.value} {error.detail}".encode()
    except MemoryError:
        return b"-EXPANDS memory"
    # A parser met by hostile input may raise anything; whatever it is, the file could not be read. Only the name of the
    # exception is passed on, since its message may quote the file.
    except Exception as error:
        return f"-CORRUPT {type(error).__name__}".encode()


def job_header(media_format: MediaFormat, limits: Limits, size: int) -> bytes:
    """The line that announces a job of ``size`` bytes."""
    return json.dumps({"format": media_format.value, "limits": asdict(limits), "size": size}).encode() + b"\n"
