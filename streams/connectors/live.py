"""`/v1/live/{channel}`: a call while it runs, over a WebSocket; what is known of it in the query, as for an upload.

Binary messages of the client: a number (4 bytes, big endian, from 0) and audio (`codec=pcm&rate=8000&channels=2`, or one Opus packet).
Text messages of the server: `ready` with the number that it wants next, `ack`, `partial` and `final` with words, `done`, `error`.
The client sends `{"type": "end"}` when the call is over. It may come back within two minutes after the line broke and goes on from `ready`.

Final utterances are published as they end. After the call the recording goes to the store and its event to `voc.raw-voice.v1`, so that
it is heard whole as any other: the ids are the same, and readers keep one. The server reads no faster than it hears.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from schemas.base import Event
from schemas.common import Speaker
from schemas.raw_voice import RawVoice
from schemas.utterance import Utterance
from streams.audio.call import roles_of
from streams.audio.decode import RATE
from streams.audio.live import LiveSound
from streams.audio.objects import AudioStore
from streams.audio.pool import HearingPool
from streams.audio.segments import Segment, Segmenter
from streams.connectors.auth import Gatekeeper, Source
from streams.connectors.problems import Problem
from streams.connectors.upload import voice_channel, voice_record
from streams.connectors.voice import raw_voice
from streams.errors import AudioError, TingjianError
from streams.settings import Settings

_STEP = "agents.transcribe"  # by name: streams imports no agents
_NUMBER_BYTES = 4
_PARTIAL_SAMPLES = RATE
_KEPT_S = 120.0
_POLICY_VIOLATION = 1008

logger = logging.getLogger("tingjian.live")
Publish = Callable[[Sequence[Event]], Awaitable[None]]


class LiveCall:
    """A call that goes on, whichever connection it comes over."""

    def __init__(self, raw: RawVoice, sound: LiveSound) -> None:
        self.raw, self._sound = raw, sound
        self.segmenter = Segmenter(len(raw.roles))
        self.next = 0
        self.since_partial = 0
        self.connected = True

    def feed(self, audio: bytes) -> list[Segment]:
        """Take a message's audio; the stretches of speech that it ended."""
        ended: list[Segment] = []
        for piece in self._sound.feed(audio):
            self.since_partial += piece.shape[1]
            ended += self.segmenter.feed(piece)
        self.next += 1
        return ended

    def finish(self) -> tuple[list[Segment], BinaryIO]:
        """The call is over: the stretches that were open, and the recording."""
        last, file = self._sound.finish()
        return [*(one for piece in last for one in self.segmenter.feed(piece)), *self.segmenter.finish()], file


class Live:
    """The calls that go on now."""

    def __init__(self, settings: Settings, gatekeeper: Gatekeeper, admit: Callable[[Source, int], None], publish: Publish) -> None:
        self._settings, self._gatekeeper, self._admit, self._publish = settings, gatekeeper, admit, publish
        self._store = AudioStore(settings)
        self._pool: HearingPool | None = None
        self._calls: dict[UUID, LiveCall] = {}
        self._orphans: set[asyncio.Task[None]] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its query to its end."""
        await socket.accept()
        try:
            call = self._call(socket)
        except (Problem, AudioError, ValueError) as error:
            await _say(socket, "error", detail=str(error) if isinstance(error, TingjianError) else "rate, channels: expected whole numbers")
            await socket.close(_POLICY_VIOLATION)
            return
        try:
            await _say(socket, "ready", next=call.next, event_id=call.raw.event_id)
            while await self._message(socket, call):
                pass
            await self._end(call, socket)
            await socket.close()
        except WebSocketDisconnect:
            self._keep(call)
        except AudioError as error:
            await _say(socket, "error", detail=str(error))
            await socket.close(_POLICY_VIOLATION)
            self._keep(call)

    async def close(self) -> None:
        """The gateway stops: finish the calls whose line is broken."""
        for task in self._orphans:
            task.cancel()
        for call in list(self._calls.values()):
            await self._end(call, None)
        if self._pool is not None:
            self._pool.close()

    def _call(self, socket: WebSocket) -> LiveCall:
        """The call of a connection: one that goes on again, or a new one."""
        channel = voice_channel(socket.path_params["channel"])
        source = self._gatekeeper.identify(socket.headers)
        query = dict(socket.query_params)
        codec, rate, channels = query.pop("codec", "pcm"), int(query.pop("rate", "8000")), int(query.pop("channels", "2"))
        record = voice_record(query)
        self._admit(source, 1)
        sound = LiveSound(codec, rate, channels)
        roles: tuple[Speaker, ...] = tuple(roles_of(record.roles, channels))
        raw = raw_voice(record, channel, source.name, roles, self._store, datetime.now(UTC))
        call = self._calls.setdefault(raw.event_id, LiveCall(raw, sound))
        call.connected = True
        return call

    async def _message(self, socket: WebSocket, call: LiveCall) -> bool:
        """Take one message; False when the client says that the call is over."""
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        data = message.get("bytes")
        if data is None:
            return bool(orjson.loads(message.get("text") or "{}").get("type") != "end")
        number = int.from_bytes(data[:_NUMBER_BYTES], "big")
        if number > call.next:
            raise AudioError(f"number: {number} came, {call.next} was to come")
        if number == call.next:
            await self._hear(call, call.feed(data[_NUMBER_BYTES:]), socket)
            if call.since_partial >= _PARTIAL_SAMPLES:
                call.since_partial = 0
                await self._partial(call, socket)
        await _say(socket, "ack", number=number)
        return True

    async def _hear(self, call: LiveCall, ended: Sequence[Segment], socket: WebSocket | None) -> None:
        for segment in ended:
            utterance = await self._words(call.raw, segment)
            if utterance is not None:
                await self._publish([utterance])
                if socket is not None:
                    await _say(socket, "final", utterance_id=utterance.utterance_id, **_shown(utterance))

    async def _partial(self, call: LiveCall, socket: WebSocket) -> None:
        for segment in call.segmenter.open():
            utterance = await self._words(call.raw, segment)
            if utterance is not None:
                await _say(socket, "partial", **_shown(utterance))

    async def _words(self, raw: RawVoice, segment: Segment) -> Utterance | None:
        if self._pool is None:
            self._pool = HearingPool(self._settings.asr_processes, self._settings.asr_timeout)
        heard: Utterance | None = await self._pool.run(import_module(_STEP).hear_stretch, self._settings, raw, segment)
        return heard

    async def _end(self, call: LiveCall, socket: WebSocket | None) -> None:
        """Publish what was open, store the recording, and send it to be heard whole."""
        self._calls.pop(call.raw.event_id, None)
        ended, file = call.finish()
        await self._hear(call, ended, socket)
        raw = call.raw
        stored = await asyncio.to_thread(self._store.put, file, raw.event_id, raw.customer_id, raw.occurred_at)
        duration_ms = round(call.segmenter.seconds * 1000)
        known = {"sha256": stored.sha256, "size_bytes": stored.size_bytes, "media_type": "audio/flac", "duration_ms": duration_ms}
        await self._publish([raw.model_copy(update={"audio": raw.audio.model_copy(update=known)})])
        if socket is not None:
            await _say(socket, "done", event_id=raw.event_id, duration_ms=duration_ms)

    def _keep(self, call: LiveCall) -> None:
        """The line broke: the call waits for its client, then ends by itself, so that no recording is lost."""
        call.connected = False
        task = asyncio.create_task(self._end_later(call))
        self._orphans.add(task)
        task.add_done_callback(self._orphans.discard)

    async def _end_later(self, call: LiveCall) -> None:
        await asyncio.sleep(_KEPT_S)
        if not call.connected and call.raw.event_id in self._calls:
            try:
                await self._end(call, None)
            except TingjianError as error:
                logger.error("a live call whose line broke could not be kept: %s", type(error).__name__)


def _shown(utterance: Utterance) -> dict[str, Any]:
    span = utterance.audio
    times = {} if span is None else {"channel": span.channel, "start_ms": span.start_ms, "end_ms": span.end_ms}
    return {"role": utterance.speaker.value, "text": utterance.text, **times}


async def _say(socket: WebSocket, kind: str, **fields: Any) -> None:
    await socket.send_text(orjson.dumps({"type": kind, **fields}).decode())
