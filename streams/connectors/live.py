"""`/v1/live/{channel}`: a call while it runs, over a WebSocket; what is known of it in the query, as for an upload.

Binary messages of the client: a number (4 bytes, big endian, from 0) and audio (`codec=pcm&rate=8000&channels=2`, or one Opus packet).
Text messages of the server: `ready` with the number that it wants next, `ack`, `partial` and `final` with words, `done`, `error`.
The client sends `{"type": "end"}` when the call is over. It may come back within two minutes after the line broke and goes on from `ready`;
of two connections for a call the newer one has it, and one that comes for a call that is over is told `done` again. A source that signs
its requests signs the query.

Final utterances are published as they end. After the call the recording goes to the store and its event to `voc.raw-voice.v1`, so that
it is heard whole as any other: the ids are the same, and readers keep one. The server reads no faster than it hears and Kafka takes:
while Kafka is away it acknowledges nothing and hangs up with 1013; what ended meanwhile is published when the client is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from streams.connectors.limits import Recent
from streams.connectors.problems import Problem
from streams.connectors.upload import voice_channel, voice_record
from streams.connectors.voice import raw_voice
from streams.errors import AudioError, TingjianError
from streams.settings import Settings

_STEP = "agents.transcribe"  # by name: streams imports no agents
_NUMBER_BYTES = 4
_PARTIAL_SAMPLES = RATE
_KEPT_S = 120.0
_RETRY_S = 5.0
_MESSAGE_BYTES = 1 << 20
_REMEMBERED_CALLS = 10_000
_POLICY_VIOLATION, _TRY_AGAIN = 1008, 1013

logger = logging.getLogger("tingjian.live")
Publish = Callable[[Sequence[Event]], Awaitable[None]]


class LiveCall:
    """A call that goes on, whichever connection it comes over; `line` is that connection, None while it is broken.

    `ended` are the stretches of speech that have ended and are not published yet. `turn` is held while it is worked on.
    """

    def __init__(self, raw: RawVoice, form: tuple[str, int, int]) -> None:
        self.raw, self.form = raw, form
        self._sound = LiveSound(*form)
        self.segmenter = Segmenter(len(raw.roles))
        self.ended: deque[Segment] = deque()
        self.turn = asyncio.Lock()
        self.next = 0
        self.since_partial = 0
        self.line: WebSocket | None = None
        self.breaks = 0
        self._recording: BinaryIO | None = None

    def feed(self, audio: bytes) -> None:
        """Take a message's audio. Raises AudioError."""
        if self._recording is not None:
            raise AudioError("audio: the call is over")
        for piece in self._sound.feed(audio):
            self.since_partial += piece.shape[1]
            self.ended.extend(self.segmenter.feed(piece))
        self.next += 1

    def finish(self) -> BinaryIO:
        """The call is over: its recording."""
        if self._recording is None:
            last, self._recording = self._sound.finish()
            self.ended.extend(one for piece in last for one in self.segmenter.feed(piece))
            self.ended.extend(self.segmenter.finish())
        return self._recording


class Live:
    """The calls that go on now."""

    def __init__(self, settings: Settings, gatekeeper: Gatekeeper, admit: Callable[[Source, int], None], publish: Publish) -> None:
        self.kept_s = _KEPT_S
        self._settings, self._gatekeeper, self._admit, self._publish = settings, gatekeeper, admit, publish
        self._store = AudioStore(settings)
        self._longest_s = settings.audio_max_minutes * 60 * 0.99
        self._pool: HearingPool | None = None
        self._calls: dict[UUID, LiveCall] = {}
        self._over: Recent[UUID, int] = Recent(_REMEMBERED_CALLS)
        """Lengths of calls that are over, milliseconds."""
        self._orphans: set[asyncio.Task[None]] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its query to its end."""
        await socket.accept()
        try:
            call = self._call(socket)
        except (Problem, AudioError, ValueError) as error:
            detail = str(error) if isinstance(error, TingjianError) else "rate, channels: expected whole numbers"
            await _refuse(socket, _POLICY_VIOLATION, detail)
            return
        older, call.line = call.line, socket
        try:
            if older is not None:
                await _refuse(older, _POLICY_VIOLATION, "source_id: the call goes on over another connection")
            if call.raw.event_id in self._over:
                await self._done(call, socket)
                return
            await _say(socket, "ready", next=call.next, event_id=call.raw.event_id)
            while call.line is socket and await self._message(socket, call):
                pass
            if call.line is socket:
                await self._end(call, socket)
                await self._done(call, socket)
        except WebSocketDisconnect:
            pass
        except AudioError as error:
            await _refuse(socket, _POLICY_VIOLATION, str(error))
        except TingjianError as error:
            await _refuse(socket, _TRY_AGAIN, f"{error}; come back, the call goes on where it stands")
        finally:
            self._keep(call, socket)

    async def close(self) -> None:
        """The gateway stops: finish the calls that go on."""
        for task in self._orphans:
            task.cancel()
        for call in list(self._calls.values()):
            await self._end_unheard(call)
        if self._pool is not None:
            self._pool.close()

    def _call(self, socket: WebSocket) -> LiveCall:
        """The call of a connection: one that goes on again, or a new one."""
        channel = voice_channel(socket.path_params["channel"])
        source = self._gatekeeper.identify(socket.headers)
        query = dict(socket.query_params)
        codec, rate, channels = query.pop("codec", "pcm"), int(query.pop("rate", "8000")), int(query.pop("channels", "2"))
        record = voice_record(query)
        self._gatekeeper.check_signature(source, socket.headers, socket.url.query.encode(), time.time())
        self._admit(source, 1)
        roles: tuple[Speaker, ...] = tuple(roles_of(record.roles, channels))
        raw = raw_voice(record, channel, source.name, roles, self._store, datetime.now(UTC))
        call = self._calls.get(raw.event_id) or LiveCall(raw, (codec, rate, channels))
        if call.form != (codec, rate, channels):
            raise AudioError("codec, rate, channels: are others than when the call began")
        if raw.event_id not in self._over:
            self._calls[raw.event_id] = call
        return call

    async def _message(self, socket: WebSocket, call: LiveCall) -> bool:
        """Take one message; False when the client says that the call is over."""
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        data = message.get("bytes")
        if data is None:
            return _text_of(message) != "end"
        if len(data) > _MESSAGE_BYTES:
            raise AudioError(f"audio: a message holds at most {_MESSAGE_BYTES} bytes")
        number = int.from_bytes(data[:_NUMBER_BYTES], "big")
        if number > call.next:
            raise AudioError(f"number: {number} came, {call.next} was to come")
        async with call.turn:
            if number == call.next:
                call.feed(data[_NUMBER_BYTES:])
            await self._hear(call, socket)
            if call.since_partial >= _PARTIAL_SAMPLES:
                call.since_partial = 0
                await self._partial(call, socket)
        await _say(socket, "ack", number=number)
        return call.segmenter.seconds < self._longest_s  # a call that is never hung up ends by itself

    async def _hear(self, call: LiveCall, socket: WebSocket | None) -> None:
        """Publish what has ended. What Kafka does not take stays for the next time."""
        while call.ended:
            utterance = await self._words(call.raw, call.ended[0])
            if utterance is not None:
                await self._publish([utterance])
            call.ended.popleft()
            if utterance is not None and socket is not None:
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
        """Store the recording, publish what was open, and send it to be heard whole. May be repeated until it succeeds."""
        async with call.turn:
            if call.raw.event_id in self._over:
                return
            raw, file = call.raw, call.finish()
            file.seek(0)
            stored = await asyncio.to_thread(self._store.put, file, raw.event_id, raw.customer_id, raw.occurred_at)
            await self._hear(call, socket)
            duration_ms = round(call.segmenter.seconds * 1000)
            known = {"sha256": stored.sha256, "size_bytes": stored.size_bytes, "media_type": "audio/flac", "duration_ms": duration_ms}
            await self._publish([raw.model_copy(update={"audio": raw.audio.model_copy(update=known)})])
            self._over[raw.event_id] = duration_ms
            self._calls.pop(raw.event_id, None)
            file.close()

    async def _done(self, call: LiveCall, socket: WebSocket) -> None:
        """Tell the client that its call is kept, and hang up."""
        event_id = call.raw.event_id
        await _say(socket, "done", event_id=event_id, duration_ms=self._over[event_id])
        await socket.close()

    def _keep(self, call: LiveCall, socket: WebSocket) -> None:
        """The line broke: the call waits for its client, then ends by itself, so that no recording is lost."""
        if call.line is not socket:
            return
        call.line, call.breaks = None, call.breaks + 1
        if call.raw.event_id not in self._over:
            task = asyncio.create_task(self._end_later(call, call.breaks))
            self._orphans.add(task)
            task.add_done_callback(self._orphans.discard)

    async def _end_later(self, call: LiveCall, breaks: int) -> None:
        await asyncio.sleep(self.kept_s)
        if call.line is None and call.breaks == breaks:
            while not await self._end_unheard(call):  # noqa: ASYNC110 - Kafka or the store is away, and says not when it is back
                await asyncio.sleep(_RETRY_S)

    async def _end_unheard(self, call: LiveCall) -> bool:
        """End a call whose client is gone; False where Kafka or the store is away."""
        try:
            await self._end(call, None)
        except TingjianError as error:
            logger.error("the recording of a live call whose line broke waits: %s", type(error).__name__)
            return False
        return True


def _text_of(message: Mapping[str, Any]) -> object:
    """The type of a text message. Raises AudioError for what is none."""
    try:
        return orjson.loads(message.get("text") or "{}")["type"]
    except (ValueError, TypeError, KeyError):
        raise AudioError('message: expected audio, or {"type": "end"}') from None


async def _refuse(socket: WebSocket, code: int, detail: str) -> None:
    """Say what is wrong and hang up; a line that is broken is hung up already."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await _say(socket, "error", detail=detail)
        await socket.close(code)


def _shown(utterance: Utterance) -> dict[str, Any]:
    span = utterance.audio
    times = {} if span is None else {"channel": span.channel, "start_ms": span.start_ms, "end_ms": span.end_ms}
    return {"role": utterance.speaker.value, "text": utterance.text, **times}


async def _say(socket: WebSocket, kind: str, **fields: Any) -> None:
    await socket.send_text(orjson.dumps({"type": kind, **fields}).decode())
