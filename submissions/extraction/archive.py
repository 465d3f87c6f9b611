"""Zip containers: what their directory claims is checked before anything is unpacked, and unpacking is bounded."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from submissions.extraction.limits import Limits
from submissions.extraction.verdicts import Reason, Unreadable

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_MAX_RATIO = 120  # of the whole; XML packs 1:10 to 1:30, a million empty paragraphs 1:600 but small in all
_RATIO_COUNTS_FROM = 32 * 1024 * 1024


def open_checked(stream: BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """Open a zip whose directory keeps to the limits.

    Raises Unreadable: CORRUPT (no directory, doubled or overlapping parts), EXPANDS (too many or too large parts,
    absurd ratio), ENCRYPTED. Nothing is unpacked.
    """
    try:
        archive = zipfile.ZipFile(stream)
        entries = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise Unreadable(Reason.CORRUPT, "no zip directory") from error
    _check_totals(entries, limits)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable(Reason.ENCRYPTED, "encrypted zip entry")
    names = [entry.filename.replace("\\", "/").lower() for entry in entries]
    if len(set(names)) != len(names):
        raise Unreadable(Reason.CORRUPT, "a part occurs twice")
    _check_overlap(entries)
    return archive


def read_part(archive: zipfile.ZipFile, name: str, *, max_bytes: int) -> bytes:
    """The unpacked bytes of one part, its checksum verified.

    Inflates at most one byte more than the directory declares. Raises KeyError when the part is missing, Unreadable
    with EXPANDS when it declares more than ``max_bytes``, CORRUPT when its data do not fit what it declares.
    """
    entry = archive.getinfo(name)
    if entry.file_size > max_bytes:
        raise Unreadable(Reason.EXPANDS, "a part is too large")
    stream = archive.fp
    if stream is None:
        raise Unreadable(Reason.CORRUPT, "closed")
    try:
        stream.seek(entry.header_offset)
        header = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
        if header[0] != b"PK\x03\x04":
            raise Unreadable(Reason.CORRUPT, "no local header")
        stream.seek(header[9] + header[10], 1)
        packed = stream.read(entry.compress_size)
        if entry.compress_type == zipfile.ZIP_STORED:
            data = packed
        elif entry.compress_type == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-15).decompress(packed, entry.file_size + 1)
        else:
            raise Unreadable(Reason.CORRUPT, "unusual compression")
    except (struct.error, zlib.error, OSError, ValueError) as error:
        raise Unreadable(Reason.CORRUPT, "damaged part") from error
    if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
        raise Unreadable(Reason.CORRUPT, "a part does not match its directory entry")
    return data


def _check_totals(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > limits.max_entries or total > limits.max_unpacked_bytes:
        raise Unreadable(Reason.EXPANDS, f"{len(entries)} parts, {total} bytes")
    if total > _RATIO_COUNTS_FROM and total > _MAX_RATIO * max(packed, 1):
        raise Unreadable(Reason.EXPANDS, "ratio")


def _check_overlap(entries: Iterable[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda item: item.header_offset):
        if entry.header_offset < end:
            raise Unreadable(Reason.CORRUPT, "parts share their data")
        end = entry.header_offset + _LOCAL_HEADER.size + entry.compress_size
