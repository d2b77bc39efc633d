"""Content codings both ways."""

from __future__ import annotations

import pytest

from streams.local.compression import DAMAGED, compressed, decompressed, negotiate

_CHUNKS = [("订金退款慢" * 200).encode(), b"", b"x" * 70_000]


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
def test_what_is_compressed_comes_back(coding: str) -> None:
    packed = b"".join(compressed(_CHUNKS, coding))
    assert len(packed) < len(b"".join(_CHUNKS)) / 10
    pieces = [packed[start : start + 100] for start in range(0, len(packed), 100)]
    assert b"".join(decompressed(pieces, coding)) == b"".join(_CHUNKS)


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip"])
def test_several_frames_are_one_stream(coding: str) -> None:
    packed = b"".join(compressed([b"one"], coding)) + b"".join(compressed([b"two"], coding))
    assert b"".join(decompressed([packed], coding)) == b"onetwo"


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
@pytest.mark.parametrize("damage", [lambda packed: packed[:-6], lambda packed: b"not at all" + packed])
def test_damage_is_an_error(coding: str, damage: object) -> None:
    assert callable(damage)
    packed = damage(b"".join(compressed(_CHUNKS, coding)))
    with pytest.raises(DAMAGED):
        list(decompressed([packed], coding))


def test_negotiate() -> None:
    assert negotiate("gzip, zstd;q=0.5") == "zstd"
    assert negotiate("br") is None
    assert negotiate("") is None
