"""Plays the recording that a task came from: the bytes of an object of the audio store, whole or a range (RFC 9110, section 14).

Only what lies in the store of VOC_AUDIO_STORE is played, whatever address a task names. Needs the extra `voice`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import BinaryIO

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from schemas.utterance import AudioSpan
from streams.audio.decode import probe
from streams.audio.objects import AudioStore
from streams.errors import AudioError, UnavailableError
from streams.settings import Settings

_PIECE = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class Recordings:
    """The recordings of one pipeline's audio store."""

    def __init__(self, settings: Settings) -> None:
        self._store = AudioStore(settings)

    def plays(self, span: AudioSpan | None) -> bool:
        """Whether what was said lies in the store."""
        return span is not None and self._store.holds(span.uri)

    def answer(self, uri: str, wanted: str) -> Response:
        """The object, or the range of it that a Range header wants; 404 where it is gone or no recording, 503 where the store is away."""
        try:
            file = self._store.open(uri)
        except AudioError:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        except UnavailableError:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            return _ranged(file, probe(file).media_type, wanted)
        except AudioError:
            file.close()
            return Response(status_code=HTTPStatus.NOT_FOUND)


def _ranged(file: BinaryIO, media_type: str, wanted: str) -> Response:
    size = file.seek(0, os.SEEK_END)
    start, end = _range(wanted, size)
    if start >= end:
        file.close()
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start), "Cache-Control": "no-store"}
    status = HTTPStatus.OK
    if end - start < size:
        status, headers["Content-Range"] = HTTPStatus.PARTIAL_CONTENT, f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(_pieces(file, start, end), status, headers, media_type, BackgroundTask(file.close))


def _range(wanted: str, size: int) -> tuple[int, int]:
    """[start, end) of one range; all of it where none is wanted, or several or something else, which a server may leave out."""
    match = _RANGE.match(wanted.strip())
    if match is None or match[0] == "bytes=-":
        return 0, size
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (piece := file.read(min(_PIECE, end - start))):
        start += len(piece)
        yield piece
