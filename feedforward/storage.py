"""Where uploaded files live: a local folder or an S3-compatible store, sealed where the site asks for it.

``DraftStorage`` stands before Django's storage: it seals and opens, and turns every failure of the store into
:class:`StorageUnavailable`, so that callers know "not now" from "not there" (FileNotFoundError).
"""

from __future__ import annotations

import io
import itertools
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.deconstruct import deconstructible

from feedforward import sealing

CHUNK_BYTES = 1 << 16
SPOOL_BYTES = 4 * 1024 * 1024


class StorageUnavailable(OSError):
    """The store did not answer, or not as it should: nothing is known about the file."""


@lru_cache(maxsize=4)
def _keys(secrets: tuple[str, ...], salts: tuple[str, ...]) -> list[sealing.Key]:
    return sealing.keys_from(secrets, salts)


def site_keys() -> list[sealing.Key]:
    """Return the site's keys for files, the one that seals first; from the same secrets as the provider keys."""
    return _keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), tuple(settings.SALT_KEY))


@deconstructible
class DraftStorage(Storage):
    """Files under the random names our code gives them.

    ``backend`` is ``local`` or ``s3``, ``options`` go to its storage class. With ``sealed`` new files are sealed; files are
    opened as they are, sealed or not, so the setting may change at any time (``manage.py rotate_files`` brings the old ones along).
    """

    def __init__(self, *, backend: str, sealed: bool = False, options: dict[str, Any] | None = None) -> None:
        self.backend = backend
        self.sealed = sealed
        self.options = options or {}

    @cached_property
    def inner(self) -> Storage:
        """The storage that keeps the bytes. boto3 is loaded only where it is used."""
        if self.backend == "local":
            return FileSystemStorage(**self.options)
        from botocore.config import Config
        from storages.backends.s3 import S3Storage

        # Checksums on demand only: many S3-compatible servers do not know the newer ones boto3 sends by itself.
        config = Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"max_attempts": 2, "mode": "standard"},
            signature_version="s3v4",
            s3={"addressing_style": self.options.get("addressing_style", "auto")},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        options = {name: value for name, value in self.options.items() if name != "addressing_style"}
        return S3Storage(**options, client_config=config, default_acl=None, file_overwrite=True)

    @property
    def location(self) -> str:
        """The folder of a local storage, the prefix in a bucket."""
        return str(getattr(self.inner, "location", ""))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # names are random: asking the store whether one is taken would cost a call per file

    def _save(self, name: str, content: File) -> str:
        with _answers(name):
            if not self.sealed:
                content.seek(0)
                return self.inner.save(name, content)
            with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:  # holds sealed bytes only
                for piece in sealing.seal(content.chunks(CHUNK_BYTES), key=site_keys()[0], name=name):
                    spool.write(piece)
                spool.seek(0)
                saved = self.inner.save(name, File(spool, name=name))
            if saved != name:  # sealed for another name, so it would never open
                self.inner.delete(saved)
                raise StorageUnavailable("the store changed the name")
            return saved

    def _open(self, name: str, mode: str = "rb") -> File:
        """Open for reading, from the beginning to the end. Raises FileNotFoundError, :class:`sealing.Unopenable`."""
        with _answers(name):
            source = self.inner.open(name, "rb")
            head = source.read(len(sealing.MARK))
            source.seek(0)
        if not sealing.is_sealed(head):
            return source
        pieces = sealing.unseal(source, keys=site_keys(), name=name)
        first = next(pieces)  # a key that does not fit shows now, not when half a page has been sent
        stream = _Stream(itertools.chain([first], pieces), source)
        return File(io.BufferedReader(stream, CHUNK_BYTES), name=name)

    def seal_header(self, name: str) -> bytes:
        """Return the first bytes of a stored file as they are stored. Raises FileNotFoundError."""
        with _answers(name), self.inner.open(name, "rb") as source:
            return source.read(sealing.HEADER_BYTES)

    def replace(self, name: str) -> None:
        """Store the file again under the same name, as the setting and the first key ask for.

        A local file is written beside and moved over the old one; an S3 store replaces at once by itself.
        """
        with self.open(name) as source, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as content:
            chunks: Iterator[bytes] = iter(lambda: source.read(CHUNK_BYTES), b"")
            if self.sealed:
                chunks = sealing.seal(chunks, key=site_keys()[0], name=name)
            for piece in chunks:
                content.write(piece)
            content.seek(0)
            with _answers(name):
                if isinstance(self.inner, FileSystemStorage):
                    beside = self.inner.save(f"{name}.{uuid.uuid4().hex[:8]}", File(content))
                    os.replace(self.inner.path(beside), self.inner.path(name))
                else:
                    self.inner.save(name, File(content, name=name))

    def delete(self, name: str) -> None:
        with _answers(name):
            self.inner.delete(name)

    def exists(self, name: str) -> bool:
        with _answers(name):
            return self.inner.exists(name)

    def size(self, name: str) -> int:
        head = self.seal_header(name)
        with _answers(name):
            stored = self.inner.size(name)
        return sealing.plain_size(stored) if sealing.is_sealed(head) else stored

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _answers(path):
            return self.inner.listdir(path)


class _Stream(io.RawIOBase):
    """Opened pieces as a stream that is read once, from the beginning."""

    def __init__(self, pieces: Iterator[bytes], source: IO[bytes]) -> None:
        self._pieces, self._source, self._left = pieces, source, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                self._left = next(self._pieces)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        self._source.close()
        super().close()


@contextmanager
def _answers(name: str) -> Iterator[None]:
    """Say FileNotFoundError for a file that is not there and :class:`StorageUnavailable` for everything else."""
    try:
        yield
    except (FileNotFoundError, StorageUnavailable, sealing.Unopenable):
        raise
    # The S3 client has a tree of errors of its own, which may quote addresses and keys: only the kind is passed on.
    except Exception as error:
        status = getattr(error, "response", {}) if isinstance(getattr(error, "response", None), dict) else {}
        if status.get("Error", {}).get("Code") in {"404", "NoSuchKey"}:
            raise FileNotFoundError(name) from None
        raise StorageUnavailable(type(error).__name__) from None


def draft_storage() -> DraftStorage:
    """Return the storage of drafts."""
    storage = storages["drafts"]
    assert isinstance(storage, DraftStorage)
    return storage


def probe() -> None:
    """Write, read and delete a small file. Raises :class:`StorageUnavailable` with what went wrong in its ``args``."""
    storage = draft_storage()
    name, words = f"probe/{uuid.uuid4().hex}", b"feedforward probe"
    try:
        storage.save(name, ContentFile(words))
        with storage.open(name) as file:
            if file.read() != words:
                raise StorageUnavailable("another content came back")
        storage.delete(name)
        if storage.exists(name):
            raise StorageUnavailable("a deleted file is still there")
    except FileNotFoundError:
        raise StorageUnavailable("what was written is not there") from None
