"""A call while it runs: words before its end, a line that breaks, and the same ids as from the file."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schemas.raw_voice import RawVoice
from schemas.utterance import Utterance
from streams.audio.decode import decode
from streams.audio.objects import open_audio
from streams.connectors.auth import sign
from streams.connectors.live import Live
from streams.local.broker import EmbeddedBroker
from streams.local.processes import free_port
from streams.settings import Settings
from streams.topics import RAW_VOICE, UTTERANCES
from tests.streams.audio.speech import TRUTH, encoded, samples
from tests.streams.connectors.conftest import KEY, KEYS, SECRET, read_topic, serving, until

RATE = 8_000
QUERY = {
    "source_id": "live-1",
    "occurred_at": "2026-03-01T09:00:00+08:00",
    "customer_id": "C1",
    "codec": "pcm",
    "rate": RATE,
    "channels": 2,
}
PIECE = RATE // 4 * 2 * 2  # a quarter of a second, 16 bits, two channels


@pytest.fixture
def pcm() -> bytes:
    """The test's call as telephone PCM, channels interleaved."""
    wav = encoded(samples(), "wav")
    return wav[wav.index(b"data") + 8 :]


lives: list[Live] = []


@pytest.fixture(autouse=True)
def _lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes each gateway's live calls."""
    made = Live.__init__

    def noted(self: Live, *arguments: Any) -> None:
        made(self, *arguments)
        lives.append(self)

    monkeypatch.setattr(Live, "__init__", noted)


@asynccontextmanager
async def dialled(client: httpx.AsyncClient, **changes: Any) -> AsyncIterator[ClientConnection]:
    url = f"ws://{client.base_url.netloc.decode()}/v1/live/hotline?{urlencode(QUERY | changes)}"
    async with connect(url, additional_headers={"Authorization": f"Bearer {KEY}"}, proxy=None) as line:
        yield line


async def said(line: ClientConnection, *until: str) -> list[dict[str, Any]]:
    """What the server says, until one of these types."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["type"] not in until:
        heard.append(orjson.loads(await asyncio.wait_for(line.recv(), 60)))
    return heard


async def speak(line: ClientConnection, pcm: bytes, start: int, end: int) -> list[dict[str, Any]]:
    heard = []
    for number in range(start, min(end, -(-len(pcm) // PIECE))):
        await line.send(number.to_bytes(4, "big") + pcm[number * PIECE : (number + 1) * PIECE])
        heard += await said(line, "ack")
    return heard


async def test_words_come_while_the_call_runs_and_a_broken_line_goes_on(client: httpx.AsyncClient, settings: Settings, pcm: bytes) -> None:
    async with dialled(client) as line:
        [ready] = await said(line, "ready")
        assert ready["next"] == 0
        heard = await speak(line, pcm, 0, 50)
    async with dialled(client) as line:  # again, a little too early in the call: repeated numbers are known
        [ready] = await said(line, "ready")
        assert ready["next"] == 50
        heard += await speak(line, pcm, 47, 10_000)
        await line.send(b'{"type": "end"}'.decode())
        heard += await said(line, "done")
    kinds = [one["type"] for one in heard]
    assert kinds.index("partial") < kinds.index("final") < kinds.index("done")
    finals = [one for one in heard if one["type"] == "final"]
    taken = await utterances(settings)
    assert [str(one.utterance_id) for one in taken] == [one["utterance_id"] for one in finals]
    assert len(finals) == len(TRUTH)
    await _file_gives_the_same(settings, taken, pcm)


async def utterances(settings: Settings) -> list[Utterance]:
    return [Utterance.model_validate_json(one) for one in await read_topic(settings, UTTERANCES.in_pipeline(settings.topic_prefix))]


async def _file_gives_the_same(settings: Settings, live: list[Utterance], pcm: bytes) -> None:
    from agents.transcribe import hear_recording  # noqa: PLC0415

    [raw] = [RawVoice.model_validate_json(one) for one in await read_topic(settings, RAW_VOICE.in_pipeline(settings.topic_prefix))]
    from_file, *_ = hear_recording(settings, raw)
    assert [one.utterance_id for one in from_file] == sorted(
        (one.utterance_id for one in live), key=[o.utterance_id for o in from_file].index
    )
    assert {one.utterance_id: one.text for one in from_file} == {one.utterance_id: one.text for one in live}
    with open_audio(raw.audio, 1 << 24) as file:
        stored = sum(piece.shape[1] for piece in decode(file, 600))
    sent = sum(piece.shape[1] for piece in decode(io.BytesIO(encoded(samples(), "wav")), 600))
    assert abs(stored - sent) < 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"codec": "mp3"}, "codec"),
        ({"rate": "quick"}, "rate"),
        ({"roles": "agent,customer,bot"}, "3 are given"),
        ({"source_id": ""}, "source_id"),
    ],
)
async def test_a_line_that_cannot_be_used_says_why(client: httpx.AsyncClient, change: dict[str, str], words: str) -> None:
    async with dialled(client, **change) as line:
        [error] = await said(line, "error")
        assert words in cast(str, error["detail"])


async def test_a_stranger_is_refused(client: httpx.AsyncClient) -> None:
    url = f"ws://{client.base_url.netloc.decode()}/v1/live/hotline?{urlencode(QUERY)}"
    async with connect(url, additional_headers={"Authorization": "Bearer nobody"}, proxy=None) as line:
        [error] = await said(line, "error")
        assert "API key" in cast(str, error["detail"])
        with pytest.raises(ConnectionClosed):
            await line.recv()


async def test_who_signs_requests_signs_the_query(client: httpx.AsyncClient) -> None:
    query = urlencode(QUERY | {"source_id": "signed"})
    key, now = {"Authorization": f"Bearer {KEY}-signed"}, int(time.time())
    signed = {
        "webhook-id": "1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(base64.b64decode(SECRET), "1", now, query.encode()),
    }
    for headers, answer in ((key, "error"), (key | signed, "ready")):
        async with connect(
            f"ws://{client.base_url.netloc.decode()}/v1/live/hotline?{query}", additional_headers=headers, proxy=None
        ) as line:
            assert [one["type"] for one in await said(line, "ready", "error")] == [answer]


async def test_of_two_connections_the_newer_has_the_call(client: httpx.AsyncClient, pcm: bytes) -> None:
    async with dialled(client, source_id="twice") as older:
        await said(older, "ready")
        await speak(older, pcm, 0, 3)
        async with dialled(client, source_id="twice") as newer:
            [ready] = await said(newer, "ready")
            assert ready["next"] == 3
            [error] = await said(older, "error")
            assert "another connection" in error["detail"]
            await speak(newer, pcm, 3, 6)
        async with dialled(client, source_id="twice", channels=1) as other:
            [error] = await said(other, "error")
            assert "others than when the call began" in error["detail"]


@pytest.mark.parametrize("message", ["no json", "[]", "{}", b"\0\0\0\0" + bytes((1 << 20) + 4), b"\0\0\0\0abc"])
async def test_a_message_that_is_none_is_refused_and_the_call_goes_on(client: httpx.AsyncClient, message: str | bytes, pcm: bytes) -> None:
    source_id = f"odd-{len(message)}-{message[:2]!r}"
    async with dialled(client, source_id=source_id) as line:
        await said(line, "ready")
        await line.send(message)
        await said(line, "error")
    async with dialled(client, source_id=source_id) as line:
        [ready] = await said(line, "ready")
        await speak(line, pcm, ready["next"], ready["next"] + 2)


async def test_a_call_that_is_never_hung_up_is_kept_and_forgotten(client: httpx.AsyncClient, settings: Settings, pcm: bytes) -> None:
    live = lives[-1]
    live.kept_s = 0.2
    async with dialled(client, source_id="lost") as line:
        await said(line, "ready")
        await speak(line, pcm, 0, 24)
        line.transport.abort()  # as a cable that is pulled
    await until(lambda: not live._calls)
    [raw] = [RawVoice.model_validate_json(one) for one in await read_topic(settings, RAW_VOICE.in_pipeline(settings.topic_prefix))]
    assert (raw.source_id, raw.audio.duration_ms) == ("lost", 6_000)


async def test_a_sender_that_is_too_fast_is_slowed_down_and_nothing_is_lost(
    client: httpx.AsyncClient, settings: Settings, pcm: bytes
) -> None:
    pieces = -(-len(pcm) // PIECE)
    async with dialled(client, source_id="fast") as line:
        await said(line, "ready")
        sending = asyncio.create_task(_send_all(line, pcm, pieces))
        heard = await said(line, "done")
        await sending
    assert [one["number"] for one in heard if one["type"] == "ack"] == list(range(pieces))
    assert len([one for one in heard if one["type"] == "final"]) == len(TRUTH)


async def _send_all(line: ClientConnection, pcm: bytes, pieces: int, start: int = 0) -> None:
    for number in range(start, pieces):
        await line.send(number.to_bytes(4, "big") + pcm[number * PIECE : (number + 1) * PIECE])
    await line.send('{"type": "end"}')


async def test_kafka_is_away_during_a_call_and_nothing_is_lost(tmp_path: Path, pcm: bytes) -> None:
    broker = EmbeddedBroker(free_port(), tmp_path)  # its own: it ends on the way, and what it held is gone
    settings = Settings(kafka=broker.bootstrap, gateway_keys=SecretStr(KEYS), data=tmp_path, partitions=1)
    broker.start()
    broker.wait_ready()
    async with serving(settings) as client:
        async with dialled(client) as line:
            await said(line, "ready")
            heard = await speak(line, pcm, 0, 50)
        taken = await utterances(settings)
        assert 0 < len(taken) < len(TRUTH)
        await asyncio.to_thread(broker.stop)
        held = []
        for _ in range(2):  # it may ring as often as it likes
            async with dialled(client) as line:
                [ready] = await said(line, "ready")
                sending = asyncio.create_task(_send_all(line, pcm, -(-len(pcm) // PIECE), ready["next"]))
                told = await said(line, "error")
                await asyncio.gather(sending, return_exceptions=True)
            assert "final" not in {one["type"] for one in told}, "what Kafka has not got is not told as final"
            assert "come back" in cast(str, told[-1]["detail"])
            assert line.close_code == 1013
            held.append(max((one["number"] + 1 for one in told if one["type"] == "ack"), default=ready["next"]))
        assert 50 <= held[0] <= held[1] < held[0] + 2 < len(pcm) // PIECE, "the line waits while Kafka is away"
        broker.start()
        broker.wait_ready()
        async with dialled(client) as line:
            [ready] = await said(line, "ready")
            heard += await speak(line, pcm, ready["next"] - 1, 10_000)  # the last one was not acknowledged
            await line.send('{"type": "end"}')
            heard += await said(line, "done")
        async with dialled(client) as line:  # the client did not hear that it was done
            [done] = await said(line, "done", "ready")
            assert done == heard[-1]
        taken += await utterances(settings)
        assert [str(one.utterance_id) for one in taken] == [one["utterance_id"] for one in heard if one["type"] == "final"]
        assert len(taken) == len(TRUTH)
        await _file_gives_the_same(settings, taken, pcm)
    await asyncio.to_thread(broker.stop)


async def test_a_gap_is_refused(client: httpx.AsyncClient, pcm: bytes) -> None:
    async with dialled(client, source_id="live-2") as line:
        await said(line, "ready")
        await line.send((5).to_bytes(4, "big") + pcm[:PIECE])
        [error] = await said(line, "error")
        assert "0 was to come" in error["detail"]
