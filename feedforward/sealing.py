"""Files sealed with AES-256-GCM, piece by piece: any size in little memory, and no piece lost, moved or swapped unnoticed.

A sealed file is a header (mark, id of the key, random salt) and pieces of 64 KiB, each with its tag. The file's own key is
derived from the site's key and the salt; a piece's nonce is its number and whether it is the last (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015); header and file name are authenticated with every piece. Imports no Django.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = b"\x00FFSEAL1"  # begins with a zero byte, as no document does
ID_BYTES = 8
SALT_BYTES = 16
HEADER_BYTES = len(MARK) + ID_BYTES + SALT_BYTES
PIECE_BYTES = 1 << 16
TAG_BYTES = 16


class Unopenable(OSError):
    """A sealed file that no key of this site opens, or that was changed after it was sealed."""


@dataclass(frozen=True)
class Key:
    """One of the site's keys: ``key_id`` names it in headers and tells nothing about ``material``."""

    key_id: bytes
    material: bytes = field(repr=False)


def keys_from(secrets: Iterable[str], salts: Iterable[str]) -> list[Key]:
    """Return a key for each pair of secret and salt, the first pair's first: that one seals, all of them open."""
    salts = list(salts)
    found: list[Key] = []
    for secret in secrets:
        for salt in salts:
            material = _derive(secret.encode(), salt=salt.encode(), info=b"feedforward stored files", size=32)
            found.append(Key(_derive(material, salt=b"", info=b"id", size=ID_BYTES), material))
    return found


def is_sealed(head: bytes) -> bool:
    """Whether a file that begins with ``head`` (8 bytes or more) is sealed."""
    return head.startswith(MARK)


def key_id_of(head: bytes) -> bytes:
    """Return the id of the key that sealed the file with this header."""
    return head[len(MARK) : len(MARK) + ID_BYTES]


def seal(source: Iterable[bytes], *, key: Key, name: str) -> Iterator[bytes]:
    """Yield the sealed form of ``source``, to be stored as ``name``."""
    salt = os.urandom(SALT_BYTES)
    header = MARK + key.key_id + salt
    cipher = _cipher(key, salt)
    bound = header + name.encode()
    yield header
    number = 0
    waiting = b""
    for chunk in source:
        waiting += chunk
        while len(waiting) > PIECE_BYTES:  # the last piece is known only when nothing follows it
            yield cipher.encrypt(_nonce(number, last=False), waiting[:PIECE_BYTES], bound)
            waiting = waiting[PIECE_BYTES:]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), waiting, bound)


def unseal(source: IO[bytes], *, keys: Iterable[Key], name: str) -> Iterator[bytes]:
    """Yield what was sealed. Raises :class:`Unopenable`; each piece was authenticated before it is given out."""
    header = source.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not is_sealed(header):
        raise Unopenable("not a sealed file")
    key = next((key for key in keys if key.key_id == key_id_of(header)), None)
    if key is None:
        raise Unopenable("sealed with a key this site does not have")
    cipher = _cipher(key, header[-SALT_BYTES:])
    bound = header + name.encode()
    piece = _read(source)
    number = 0
    while True:
        following = _read(source)
        try:
            opened = cipher.decrypt(_nonce(number, last=not following), piece, bound)
        except InvalidTag:
            raise Unopenable("changed or cut off after it was sealed") from None
        yield opened
        if not following:
            return
        piece = following
        number += 1


def plain_size(sealed_bytes: int) -> int:
    """Return how many bytes were sealed into a file of ``sealed_bytes``."""
    body = sealed_bytes - HEADER_BYTES
    pieces = max(1, -(-body // (PIECE_BYTES + TAG_BYTES)))
    return max(0, body - pieces * TAG_BYTES)


def _read(source: IO[bytes]) -> bytes:
    """Read one whole piece: network streams give less than was asked for."""
    wanted = PIECE_BYTES + TAG_BYTES
    found = b""
    while len(found) < wanted and (more := source.read(wanted - len(found))):
        found += more
    return found


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _cipher(key: Key, salt: bytes) -> AESGCM:
    return AESGCM(_derive(key.material, salt=salt, info=b"one file", size=32))


def _derive(secret: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt or None, info).derive(secret)
