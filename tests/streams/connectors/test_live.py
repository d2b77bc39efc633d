"""A call while it runs: words before its end, a line that breaks, and the same ids as from the file."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from schemas.raw_voice import RawVoice
from schemas.utterance import Utterance
from streams.audio.decode import decode
from streams.audio.objects import open_audio
from streams.settings import Settings
from streams.topics import RAW_VOICE, UTTERANCES
from tests.streams.audio.speech import TRUTH, encoded, samples
from tests.streams.connectors.conftest import KEY, read_topic

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
    utterances = [Utterance.model_validate_json(one) for one in await read_topic(settings, UTTERANCES.in_pipeline(settings.topic_prefix))]
    assert [str(one.utterance_id) for one in utterances] == [one["utterance_id"] for one in finals]
    assert len(finals) == len(TRUTH)
    await _file_gives_the_same(settings, utterances, pcm)


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


async def test_a_gap_is_refused(client: httpx.AsyncClient, pcm: bytes) -> None:
    async with dialled(client, source_id="live-2") as line:
        await said(line, "ready")
        await line.send((5).to_bytes(4, "big") + pcm[:PIECE])
        [error] = await said(line, "error")
        assert "0 was to come" in error["detail"]
