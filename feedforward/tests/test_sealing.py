"""Sealed files: whatever is sealed opens again, and nothing that was touched does."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedforward import sealing

KEY, OLD = sealing.keys_from(["secret one", "secret zero"], ["salt"])
PIECE = sealing.PIECE_BYTES


def sealed(data: bytes, name: str = "a", key: sealing.Key = KEY) -> bytes:
    return b"".join(sealing.seal([data], key=key, name=name))


def opened(data: bytes, name: str = "a", keys: tuple[sealing.Key, ...] = (KEY, OLD)) -> bytes:
    return b"".join(sealing.unseal(io.BytesIO(data), keys=keys, name=name))


@given(st.lists(st.integers(0, 2 * PIECE + 7), max_size=4))
@example([])
@example([0])
@example([PIECE])
@example([PIECE, PIECE])
@example([PIECE - 1, 2, PIECE - 1])
@settings(max_examples=8, deadline=None)
def test_any_size_in_any_chunks_comes_back(sizes: list[int]) -> None:
    chunks = [bytes([index + 65]) * size for index, size in enumerate(sizes)]
    stored = b"".join(sealing.seal(chunks, key=KEY, name="n"))
    assert sealing.is_sealed(stored)
    assert opened(stored, "n") == b"".join(chunks)
    assert sealing.plain_size(len(stored)) == sum(sizes)


def test_nothing_of_the_content_shows_and_no_two_files_are_alike() -> None:
    assert b"canary" not in sealed(b"canary " * 100)
    assert sealed(b"canary")[sealing.HEADER_BYTES :] != sealed(b"canary")[sealing.HEADER_BYTES :]


TWO = sealed(b"x" * (PIECE + 100))
FIRST_END = sealing.HEADER_BYTES + PIECE + sealing.TAG_BYTES


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (TWO, "another name"),
        (TWO[:-1], "a"),
        (TWO + b"x", "a"),
        (TWO[:FIRST_END], "a"),  # the second piece cut off: a whole piece, but not the last
        (TWO[: sealing.HEADER_BYTES] + TWO[FIRST_END:], "a"),  # the first one cut out
        (TWO[:9] + bytes([TWO[9] ^ 1]) + TWO[10:], "a"),  # id of the key
        (TWO[:20] + bytes([TWO[20] ^ 1]) + TWO[21:], "a"),  # salt
        (TWO[:60] + bytes([TWO[60] ^ 1]) + TWO[61:], "a"),
        (TWO[:10], "a"),
        (b"plain text, as it was", "a"),
        (sealed(b"words", key=sealing.keys_from(["secret two"], ["salt"])[0]), "a"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",  # sealing is never the same twice
)
def test_what_was_touched_does_not_open(stored: bytes, name: str) -> None:
    with pytest.raises(sealing.Unopenable):
        opened(stored, name)


def test_old_keys_open_and_salts_matter() -> None:
    assert opened(sealed(b"words", key=OLD)) == b"words"
    assert len({key.key_id for key in sealing.keys_from(["a", "b"], ["s", "t"])}) == 4
    assert "material" not in repr(KEY)


def test_a_slow_stream_is_read_in_whole_pieces() -> None:
    class Drip(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1000))

    data = b"y" * (PIECE + 5)
    assert b"".join(sealing.unseal(Drip(sealed(data)), keys=[KEY], name="a")) == data
