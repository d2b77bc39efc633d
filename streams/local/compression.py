"""HTTP content codings: what the embedded ClickHouse reads and writes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP = 31
_PREFERRED = ("lz4", "zstd", "gzip", "deflate")  # the cheapest first: both ends share a machine


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Compressor(Protocol):
    def compress(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...


class _Lz4Frame:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._head: bytes = self._frame.begin()

    def compress(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        return self._head + bytes(self._frame.flush())


_DECOMPRESSORS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: zlib.decompressobj(_GZIP),
    "deflate": zlib.decompressobj,
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "zstd": zstd.ZstdDecompressor,
}
_COMPRESSORS: dict[str, Callable[[], _Compressor]] = {
    "gzip": lambda: zlib.compressobj(1, wbits=_GZIP),
    "deflate": lambda: zlib.compressobj(1),
    "lz4": _Lz4Frame,
    "zstd": lambda: zstd.ZstdCompressor(level=1),
}
DAMAGED = (zlib.error, zstd.ZstdError, RuntimeError, EOFError)
"""What a decompressor raises on damaged data."""


def readable(coding: str) -> bool:
    """Whether a body in this coding can be read."""
    return coding in _DECOMPRESSORS


def negotiate(accepted: str) -> str | None:
    """The coding to answer in, from an Accept-Encoding header; None for none."""
    offered = {part.split(";")[0].strip().lower() for part in accepted.split(",")}
    return next((coding for coding in _PREFERRED if coding in offered), None)


def decompressed(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Decompress a stream of one or more frames. Raises one of DAMAGED."""
    decompressor = _DECOMPRESSORS[coding]()
    for chunk in chunks:
        rest: bytes | None = chunk
        while rest:
            if decompressor.eof:
                decompressor = _DECOMPRESSORS[coding]()
            if data := decompressor.decompress(rest):
                yield data
            rest = decompressor.unused_data if decompressor.eof else None
    if not decompressor.eof:
        raise EOFError("compressed data end too early")


def compressed(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Compress a stream."""
    compressor = _COMPRESSORS[coding]()
    for chunk in chunks:
        if data := compressor.compress(chunk):
            yield data
    yield compressor.flush()
