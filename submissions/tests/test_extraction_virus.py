"""The virus check against a daemon of our own that speaks the protocol of clamd."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from courses.tests.cast import cast
from submissions.extraction.verdicts import Reason, Unreadable
from submissions.extraction.virus import ScannerUnavailable, scan
from submissions.intake import submit_draft
from submissions.models import Draft
from submissions.reading import read_draft


class Daemon:
    """Answers one file with ``answer`` and keeps what it was sent; ``answer`` None hangs up."""

    def __init__(self, path: Path, answer: bytes | None) -> None:
        self.received = b""
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(1)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            if self._answer is None:
                return
            while size := struct.unpack("!L", stream.read(4))[0]:
                self.received += stream.read(size)
            connection.sendall(self._answer)

    def close(self) -> None:
        self.thread.join(5)
        self._socket.close()


@pytest.fixture
def essay() -> bytes:
    return b"words " * 60_000


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (b"stream: OK\0", None),
        (b"stream: Eicar-Test-Signature FOUND\0", Unreadable),
        (b"stream: file OK FOUND-ish\0", ScannerUnavailable),
        (b"", ScannerUnavailable),
        (None, ScannerUnavailable),
    ],
)
def test_answers(answer: bytes | None, raised: type[Exception] | None, essay: bytes, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "clamd", answer)
    try:
        if raised is None:
            scan(essay, address=str(tmp_path / "clamd"))
            assert daemon.received == essay
        else:
            with pytest.raises(raised) as caught:
                scan(essay, address=str(tmp_path / "clamd"))
            if isinstance(caught.value, Unreadable):
                assert caught.value.reason is Reason.VIRUS
    finally:
        daemon.close()


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:1", "no port"])
def test_nobody_there(address: str, essay: bytes) -> None:
    with pytest.raises(ScannerUnavailable):
        scan(essay, address=address, timeout_s=1)


class StrictDaemon(Daemon):
    """clamd with a StreamMaxLength: says so in the middle of a longer stream and hangs up, over TCP."""

    def __init__(self, most: int) -> None:
        self.received = b""
        self._most = most
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack("!L", stream.read(4))[0]:
                if len(self.received) + size > self._most:
                    connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
                self.received += stream.read(size)
            found = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE" in self.received
            connection.sendall(b"stream: Eicar-Test-Signature FOUND\0" if found else b"stream: OK\0")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"words " * 50_000, None),
        (b"x" * 200_000 + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", Reason.VIRUS),
        (b"words " * 60_000, Reason.SCAN_SIZE),
        (b"words " * 3_000_000, Reason.SCAN_SIZE),  # far beyond what the connection holds when the daemon hangs up
    ],
)
def test_a_daemon_with_a_limit(data: bytes, reason: Reason | None) -> None:
    daemon = StrictDaemon(320_000)
    try:
        if reason is None:
            scan(data, address=daemon.address)
            assert daemon.received == data
        else:
            with pytest.raises(Unreadable) as caught:
                scan(data, address=daemon.address)
            assert caught.value.reason is reason
    finally:
        daemon.close()


@pytest.mark.django_db
def test_a_draft_waits_for_a_silent_scanner_and_is_read_later(settings, tmp_path: Path) -> None:
    settings.CLAMD_ADDRESS = str(tmp_path / "clamd")
    people = cast()
    draft = submit_draft(
        assignment=people.assignment, student=people.alice, actor=people.alice, text="An essay of more than five words."
    ).draft
    for _ in range(5):  # more often than a file may end its worker
        read_draft(draft.pk)
        draft.refresh_from_db()
        assert (draft.status, draft.attempts) == (Draft.Status.RECEIVED, 0)
    daemon = Daemon(tmp_path / "clamd", b"stream: OK\0")
    read_draft(draft.pk)
    daemon.close()
    draft.refresh_from_db()
    assert draft.status in (Draft.Status.READY, Draft.Status.CHECKING)


@pytest.mark.django_db
def test_a_draft_with_a_virus_is_refused(settings, tmp_path: Path) -> None:
    settings.CLAMD_ADDRESS = str(tmp_path / "clamd")
    people = cast()
    draft = submit_draft(
        assignment=people.assignment, student=people.alice, actor=people.alice, text="An essay of more than five words."
    ).draft
    daemon = Daemon(tmp_path / "clamd", b"stream: Eicar-Test-Signature FOUND\0")
    read_draft(draft.pk)
    daemon.close()
    draft.refresh_from_db()
    assert (draft.status, draft.failure, draft.content.text) == (Draft.Status.FAILED, "VIRUS", "")
