"""Asks a ClamAV daemon about a file, where the site has one. A daemon that does not answer is waited for, never skipped."""

from __future__ import annotations

import contextlib
import socket
import struct

from submissions.extraction.verdicts import Reason, Unreadable

_CHUNK_BYTES = 1 << 17
_LENGTH = struct.Struct("!L")


class ScannerUnavailable(Exception):
    """The daemon gave no verdict: the file has to wait."""


def scan(data: bytes, *, address: str, timeout_s: float = 20.0) -> None:
    """Send a file's content to clamd (command INSTREAM) and return when it is clean.

    ``address`` is ``host:port`` or the path of a Unix socket. Raises Unreadable with VIRUS when something was found and with
    SCAN_SIZE when clamd takes no stream of this size (its StreamMaxLength), ScannerUnavailable for every other outcome.
    """
    try:
        with _connect(address, timeout_s) as connection:
            # clamd answers and hangs up as soon as a stream is too long for it, in the middle of our sending.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"zINSTREAM\0")
                for start in range(0, len(data), _CHUNK_BYTES):
                    chunk = data[start : start + _CHUNK_BYTES]
                    connection.sendall(_LENGTH.pack(len(chunk)) + chunk)
                connection.sendall(_LENGTH.pack(0))
            answer = _answer(connection)
    except (OSError, ValueError) as error:
        raise ScannerUnavailable(type(error).__name__) from None
    if answer.endswith(b" FOUND"):
        raise Unreadable(Reason.VIRUS, "found by the scanner")
    if answer.startswith(b"INSTREAM size limit exceeded"):
        raise Unreadable(Reason.SCAN_SIZE, "longer than the scanner takes")
    if answer != b"stream: OK":
        raise ScannerUnavailable("no verdict")


def _connect(address: str, timeout_s: float) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout_s)


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4_096:
        piece = connection.recv(1_024)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")
