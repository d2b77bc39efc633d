"""`POST /v1/audio/{channel}`: a recording as the request's body, what is known of it in the query.

The body goes to disk piece by piece and from there to the audio store; its type is read from its content. A source that signs its
requests signs the hexadecimal SHA-256 of the recording in place of the body.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import BinaryIO, cast

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from schemas.base import Event
from schemas.common import Channel
from schemas.raw_voice import RawVoice
from streams import metrics
from streams.audio.objects import AudioStore
from streams.connectors.auth import Gatekeeper, Source
from streams.connectors.problems import Problem
from streams.connectors.voice import Limits, VoiceRecord, read_voice, store_voice
from streams.errors import AudioError, UnavailableError
from streams.settings import Settings

_IN_MEMORY = 8 << 20
_RETRY_AFTER_S = 5
CHANNELS = (Channel.HOTLINE, Channel.STORE, Channel.PRIVATE_DOMAIN, Channel.SURVEY)


class Upload:
    """Takes recordings. `publish` delivers events to Kafka, `admit` refuses a source that sends too fast."""

    def __init__(
        self,
        settings: Settings,
        gatekeeper: Gatekeeper,
        admit: Callable[[Source, int], None],
        publish: Callable[[Sequence[Event]], Awaitable[None]],
    ) -> None:
        self._gatekeeper, self._admit, self._publish = gatekeeper, admit, publish
        self._store = AudioStore(settings)
        self._max_bytes, self._limits = settings.audio_max_bytes, Limits.of(settings)

    async def take(self, request: Request) -> Response:
        """Store one recording; 202 after the broker acknowledged the event that points at it."""
        channel = voice_channel(request.path_params["channel"])
        source = self._gatekeeper.identify(request.headers)
        record = voice_record(dict(request.query_params))
        self._admit(source, 1)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            digest = await self._receive(request, cast(BinaryIO, file))
            self._gatekeeper.check_signature(source, request.headers, digest.encode(), time.time())
            file.seek(0)
            event = await run_in_threadpool(self._stored, cast(BinaryIO, file), record, channel, source)
        await self._publish([event])
        metrics.GATEWAY_EVENTS.labels(source.name, channel.value).inc()
        answer = {"event_id": event.event_id, **event.audio.model_dump(mode="json", exclude_none=True)}
        return Response(orjson.dumps(answer), HTTPStatus.ACCEPTED.value, media_type="application/json")

    async def _receive(self, request: Request, file: BinaryIO) -> str:
        digest, size = hashlib.sha256(), 0
        async for piece in request.stream():
            size += len(piece)
            if size > self._max_bytes:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"audio: is larger than {self._max_bytes} bytes")
            digest.update(piece)
            file.write(piece)
        return digest.hexdigest()

    def _stored(self, file: BinaryIO, record: VoiceRecord, channel: Channel, source: Source) -> RawVoice:
        try:
            return store_voice(file, record, channel, source.name, self._store, datetime.now(UTC), self._limits)
        except AudioError as error:
            status = HTTPStatus.UNPROCESSABLE_ENTITY if str(error).startswith("roles") else HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            raise Problem(status, f"{error}; nothing was accepted") from error
        except UnavailableError as error:
            detail = f"the audio store is away and nothing was accepted; send the same again in {_RETRY_AFTER_S} s"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(_RETRY_AFTER_S)}) from error


def voice_channel(name: str) -> Channel:
    """A channel that has recordings. Raises Problem 404 for another: public opinion has none."""
    if name not in CHANNELS:
        raise Problem(HTTPStatus.NOT_FOUND, f"channel: expected one of {', '.join(CHANNELS)}")
    return Channel(name)


def voice_record(fields: dict[str, str]) -> VoiceRecord:
    """What the query says of a recording. Raises Problem 422."""
    record = read_voice(fields)
    if isinstance(record, VoiceRecord):
        return record
    errors = [{"index": 0, "field": fault.field, "detail": fault.reason} for fault in record]
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{record[0].field}: {record[0].reason}; nothing was accepted", errors)
