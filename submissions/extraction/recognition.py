"""Reading pictures of text, where tesseract is installed: in a process of its own, beside the reader that asks for it.

A reader may start no program. So the reading process forks, before the reader, a *scribe* that starts tesseract for one page
image at a time, with limits on memory, CPU and files and in the same empty network namespace. Both speak over two pipes: a
JSON line with the size, then the pixels; a JSON line with the words.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from submissions.extraction import sandbox
from submissions.extraction.limits import Limits

_DPI = 300
_MAX_SIDE = 4_200  # pixels
_MEMORY_MB = 700  # tesseract with its model, address space
_PAGE_S = 30
_MAX_ANSWER = 1 << 20
# A picture of something else gives few words, and doubtful ones.
_SURE = 50.0  # percent, of one word
_PAGE_SURE = 65.0  # percent, of a page's mean
_MIN_WORDS = 3
_HYPHEN = re.compile(r"(?<=[^\W\d_])-$")


@dataclass(frozen=True, slots=True)
class Scribe:
    """A running scribe and the reader's two ends of its pipes."""

    pid: int
    ask: int
    answer: int


class Recogniser:
    """The reader's side: asks the scribe for pages until pages or time are used up."""

    def __init__(self, scribe: Scribe, limits: Limits) -> None:
        self._scribe, self._pages_left = scribe, limits.ocr_pages
        self._deadline = time.monotonic() + limits.ocr_timeout_s

    def paragraphs(self, page: object, size: tuple[float, float]) -> list[str]:
        """Return the paragraphs of a page (``size`` in points) as recognised, none when there are none or no time is left."""
        if self._pages_left <= 0 or time.monotonic() >= self._deadline:
            return []
        self._pages_left -= 1
        width, height, pixels = _draw(page, size)
        left_s = max(self._deadline - time.monotonic(), 1.0)
        header = {"width": width, "height": height, "size": len(pixels), "timeout_s": min(left_s, _PAGE_S)}
        try:
            _write(self._scribe.ask, json.dumps(header).encode() + b"\n" + pixels)
            answer = json.loads(_read_line(self._scribe.answer))
        except (OSError, ValueError):  # the scribe is gone: what is left stays unread
            self._pages_left = 0
            return []
        return [str(paragraph) for paragraph in answer]


def start_scribe(limits: Limits) -> Scribe:
    """Fork a scribe. Call in the reading process; the reader gets ``ask`` and ``answer``, this process closes them."""
    ask_in, ask_out = os.pipe()
    answer_in, answer_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            sandbox.close_all_but(ask_in, answer_out)
            sandbox.die_with_parent()
            _serve(ask_in, answer_out, limits)
        finally:
            os._exit(0)
    os.close(ask_in)
    os.close(answer_out)
    return Scribe(pid, ask_out, answer_in)


def _serve(ask: int, answer: int, limits: Limits) -> None:
    while line := _read_line(ask):
        header = json.loads(line)
        pixels = _read(ask, int(header["size"]))
        image = f"P5 {header['width']} {header['height']} 255\n".encode() + pixels
        del pixels
        table = _tesseract(image, limits, float(header["timeout_s"]))
        _write(answer, json.dumps(paragraphs_of(table)).encode() + b"\n")


def _tesseract(image: bytes, limits: Limits, timeout_s: float) -> str:
    command = [limits.ocr, "stdin", "stdout", "--dpi", str(_DPI), "-l", limits.ocr_languages, "tsv"]
    try:
        done = subprocess.run(
            command,
            input=image,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_confine(timeout_s),
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:_MAX_ANSWER].decode("utf-8", "replace") if done.returncode == 0 else ""


def _confine(cpu_s: float) -> Callable[[], None]:
    def confine() -> None:
        sandbox.die_with_parent()
        for kind, value in (
            (resource.RLIMIT_AS, _MEMORY_MB * 1024 * 1024),
            (resource.RLIMIT_CPU, int(cpu_s) + 1),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, 32),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, value))

    return confine


def paragraphs_of(table: str) -> list[str]:
    """Return the paragraphs in tesseract's table (its TSV output); none when the page is no readable text.

    Words it is not sure of are left out; words broken at the end of a line are joined.
    """
    found: dict[tuple[str, str], list[list[str]]] = {}
    sureness: list[float] = []
    last_line: tuple[str, ...] = ()
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not cells[11].strip():
            continue
        try:
            sure = float(cells[10])
        except ValueError:
            continue
        sureness.append(sure)
        if sure < _SURE:
            continue
        lines = found.setdefault((cells[2], cells[3]), [])
        if tuple(cells[2:5]) != last_line or not lines:
            lines.append([])
            last_line = tuple(cells[2:5])
        lines[-1].append(cells[11].strip())
    kept = sum(len(line) for lines in found.values() for line in lines)
    if kept < _MIN_WORDS or sum(sureness) / len(sureness) < _PAGE_SURE:
        return []
    return [_joined([" ".join(line) for line in lines]) for lines in found.values()]


def _joined(lines: list[str]) -> str:
    text = ""
    for line in lines:
        if _HYPHEN.search(text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text = f"{text} {line}" if text else line
    return text


def _draw(page: Any, size: tuple[float, float]) -> tuple[int, int, bytes]:
    """Draw a page in grey; at most ``_MAX_SIDE`` pixels either way."""
    scale = min(_DPI / 72, _MAX_SIDE / max(size))
    width, height = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    buffer = ctypes.create_string_buffer(width * height)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, buffer, width)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, 0)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return width, height, buffer.raw


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, size: int) -> bytes:
    pieces = []
    while size > 0 and (piece := os.read(descriptor, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _read_line(descriptor: int) -> bytes:
    """Read up to a line's end, a byte at a time: what follows belongs to somebody else. Empty at the end of the pipe."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < _MAX_ANSWER:
        byte = os.read(descriptor, 1)
        if not byte:
            return b""
        line += byte
    return bytes(line)
