"""Readers run in processes of their own: nothing but a document or a reason comes out, and nothing stays behind."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from submissions.extraction import isolation, sandbox
from submissions.extraction.child import job_header
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.tests.case_adapters.generated import (
    docx_sample,
    html_sample,
    markdown_sample,
    odt_sample,
    pdf_sample,
    rtf_sample,
)

LIMITS = Limits()
FUZZED_FILES = int(os.environ.get("FUZZED_FILES", "40"))
ESSAY = b"An essay with a few more words than five of them."


def _extract(data: bytes, media_format: MediaFormat = MediaFormat.TXT, limits: Limits = LIMITS) -> str:
    return isolation.extract_bytes(data, media_format=media_format, limits=limits)[0].text


@pytest.mark.thorough
def test_one_process_reads_many_files() -> None:
    isolation.close()
    assert _extract(ESSAY) == ESSAY.decode()
    first = isolation._idle[0]
    for _ in range(5):
        _extract(ESSAY)
    assert isolation._idle == [first] and first.files == 6


@pytest.mark.thorough
def test_a_process_is_replaced_after_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    isolation.close()
    monkeypatch.setattr(isolation, "_FILES_PER_PROCESS", 2)
    _extract(ESSAY)
    first = isolation._idle[0]
    _extract(ESSAY)
    _extract(ESSAY)
    assert isolation._idle and isolation._idle[0] is not first
    assert first._popen.poll() is not None


@pytest.mark.thorough
def test_a_killed_process_costs_one_file_at_most() -> None:
    _extract(ESSAY)
    os.kill(isolation._idle[-1]._popen.pid, signal.SIGKILL)
    isolation._idle[-1]._popen.wait()
    assert _extract(ESSAY) == ESSAY.decode()


def test_time_runs_out() -> None:
    slow = b"{\\rtf1 " + b"{\\v a}b " * 400_000 + b"}"
    started = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        _extract(slow, MediaFormat.RTF, replace(LIMITS, timeout_s=0.3))
    assert caught.value.reason is Reason.TIMEOUT
    assert time.monotonic() - started < 15, "the file itself would take longer"
    assert _extract(ESSAY) == ESSAY.decode()


def test_memory_runs_out() -> None:
    nested = b"{\\rtf1 " + b"word " * 1_500_000 + b"}"
    with pytest.raises(Unreadable) as caught:
        _extract(nested, MediaFormat.RTF, replace(LIMITS, memory_mb=8, max_words=10_000_000))
    assert caught.value.reason is Reason.EXPANDS


def test_too_much_output() -> None:
    with pytest.raises(Unreadable) as caught:
        _extract(ESSAY * 200, limits=replace(LIMITS, max_output_bytes=5_000))
    assert caught.value.reason is Reason.TOO_LONG


@pytest.mark.thorough
def test_threads_share_the_processes() -> None:
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(_extract(ESSAY))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [ESSAY.decode()] * 4
    assert len(isolation._idle) <= 2


def _in_a_reader(action: str, tmp_path: Path) -> str:
    """Run ``action`` in a forked process under the reader's limits; the name of what it raised."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            sandbox.leave_network()
            sandbox.limit_resources(memory_mb=64, cpu_s=2)
            sandbox.forbid()
            exec(action, {"path": str(tmp_path / "file")})
            os.write(theirs, b"nothing")
        except BaseException as error:  # whatever it was, the test wants its name
            os.write(theirs, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(pid, 0)
    return said


@pytest.mark.parametrize(
    ("action", "raised"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", "PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
        ("open(path, 'w')", "PermissionError"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("import os; os.remove(path)", "PermissionError"),
        ("bytearray(900_000_000)", "MemoryError"),
        ("import json.tool", "nothing"),
    ],
)
def test_a_reader_can_do_nothing_else(action: str, raised: str, tmp_path: Path) -> None:
    assert _in_a_reader(action, tmp_path) == raised


@pytest.mark.thorough
def test_the_environment_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "must-not-travel")
    isolation.close()
    _extract(ESSAY)
    environment = Path(f"/proc/{isolation._idle[0]._popen.pid}/environ")
    if not environment.exists():
        pytest.skip("needs /proc")
    assert b"must-not-travel" not in environment.read_bytes()


@pytest.mark.thorough
def test_it_ends_with_its_worker() -> None:
    isolation.close()
    _extract(ESSAY)
    process = isolation._idle.pop()
    assert process._popen.stdin is not None
    process._popen.stdin.close()
    assert process._popen.wait(timeout=5) == 0


@pytest.mark.parametrize("text", ["", " \u200b\u00a0\n", "two words"])
def test_paste_that_is_no_draft(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        isolation.extract_paste(text, LIMITS)
    assert caught.value.reason in (Reason.EMPTY, Reason.TOO_SHORT)


def test_paste() -> None:
    document = isolation.extract_paste("First paragraph\nof two lines.\r\n\r\nSecond one \u200bhere.", LIMITS)
    assert [block.text for block in document.blocks] == ["First paragraph\nof two lines.", "Second one here."]
    assert document.format == "paste" and document.words == 8


def mutated(seed: int) -> tuple[MediaFormat, bytes]:
    """A damaged file made from ``seed``: bytes flipped, cut, doubled, swapped, inserted."""
    source = random.Random(seed)
    media_format, make = source.choice(
        [
            (MediaFormat.DOCX, docx_sample),
            (MediaFormat.PDF, _short_pdf),
            (MediaFormat.ODT, odt_sample),
            (MediaFormat.RTF, rtf_sample),
            (MediaFormat.HTML, html_sample),
            (MediaFormat.MD, markdown_sample),
        ]
    )
    data = bytearray(_sample(media_format, make, source.randint(0, 2)))
    if media_format is MediaFormat.PDF and source.random() < 0.5:
        data = bytearray(_unpacked_pdf())
    for _ in range(source.choice((1, 1, 3, 10, 60))):
        at = source.randrange(len(data))
        end = min(at + source.choice((1, 2, 8, 64, 700)), len(data))
        kind = source.randrange(6)
        if kind == 0:
            data[at] = source.randrange(256)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end] * source.choice((1, 2, 50))
        elif kind == 3:
            data[at:end] = source.randbytes(end - at)
        elif kind == 4:
            data[at:at] = source.choice(
                (
                    b"999999999",
                    b"-1",
                    b"<<",
                    b"[",
                    b"obj",
                    b"{",
                    b"\\",
                    b"<w:p>",
                    b"\0\0",
                    b"stream\n",
                    b"<table><tr>",
                    b"\xff\xfe",
                )
            )
        else:
            other = source.randrange(len(data))
            data[at:end] = data[other : other + end - at]
        if not data:
            data += b"x"
    return media_format, bytes(data)


def _short_pdf(seed: int):
    return pdf_sample(seed, paragraphs=3, columns=1 + seed % 2)


_samples: dict[tuple[str, int], bytes] = {}


def _sample(media_format: MediaFormat, make, seed: int) -> bytes:
    key = (media_format.value, seed)
    if key not in _samples:
        _samples[key] = make(seed).data
    return _samples[key]


def _unpacked_pdf() -> bytes:
    if ("plain", 0) not in _samples:
        import io

        import pypdf

        writer = pypdf.PdfWriter(clone_from=io.BytesIO(_short_pdf(1).data))
        for page in writer.pages:
            page.get_contents().decode_self() if hasattr(page.get_contents(), "decode_self") else None
        buffer = io.BytesIO()
        writer.write(buffer)
        _samples["plain", 0] = buffer.getvalue()
    return _samples["plain", 0]


@pytest.mark.thorough
def test_damaged_files_end_in_a_document_or_a_reason() -> None:
    """Set FUZZED_FILES for more; the seed of a failing file is in the message."""
    first = int(os.environ.get("FUZZ_SEED", "20261"))
    print(f"seeds {first}..{first + FUZZED_FILES - 1}")
    limits = replace(LIMITS, timeout_s=10)
    reasons: dict[str, int] = {}
    for seed in range(first, first + FUZZED_FILES):
        media_format, data = mutated(seed)
        started = time.monotonic()
        try:
            _, cost = isolation.extract_bytes(data, media_format=media_format, limits=limits)
            outcome = "OK"
            assert cost.peak_mb < 256, f"seed {seed}: {cost.peak_mb} MB"
        except Unreadable as error:
            outcome = f"{error.reason.value} {error.detail}"
        assert time.monotonic() - started < 14, f"seed {seed} ({media_format}) took too long"
        reasons[outcome] = reasons.get(outcome, 0) + 1
    print(reasons)


def test_the_job_header_holds_no_content() -> None:
    assert b"essay" not in job_header(MediaFormat.TXT, LIMITS, len(ESSAY)).lower()
