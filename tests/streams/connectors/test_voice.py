"""Recordings come in: over HTTP, from a folder with sidecars and call lists, from a watched folder."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import threading
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_voice import AudioReference, RawVoice
from streams.audio.objects import AudioStore, open_audio
from streams.cli import voc
from streams.connectors.recordings import watch_recordings
from streams.connectors.voice import ATTRIBUTES, FIELDS
from streams.errors import AudioError, UnavailableError
from streams.settings import Settings
from streams.topics import RAW_VOICE
from tests.streams.audio.speech import CALL, encoded, samples
from tests.streams.connectors.conftest import read_topic, until

AT = "2026-03-01T09:00:00+08:00"
QUERY = {"source_id": "call-1", "occurred_at": AT, "customer_id": "C1", "roles": "agent,customer", "brand": "云途", "dealer": "D1"}


async def raw_voices(settings: Settings) -> list[RawVoice]:
    return [RawVoice.model_validate_json(value) for value in await read_topic(settings, RAW_VOICE.in_pipeline(settings.topic_prefix))]


async def test_an_upload_lies_in_the_store_and_its_event_points_at_it(client: httpx.AsyncClient, settings: Settings) -> None:
    data = CALL.read_bytes()
    answer = await client.post("/v1/audio/hotline", params=QUERY, content=data)
    assert answer.status_code == 202, answer.text
    [event] = await raw_voices(settings)
    assert event.event_id == raw_event_id("crm", "call-1")
    assert (event.audio.sha256, event.audio.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert event.audio.media_type == "audio/ogg"
    assert [role.value for role in event.roles] == ["agent", "customer"]
    assert (event.customer_id, event.attributes.brand, event.attributes.dealer) == ("C1", "云途", "D1")
    with open_audio(event.audio, 1 << 20) as stored:
        assert stored.read() == data


@pytest.mark.parametrize(
    ("change", "content", "status", "words"),
    [
        ({}, b"", 415, "is empty"),
        ({}, "没有录音".encode() * 50, 415, "no recording"),
        ({"roles": "agent,customer,bot"}, None, 422, "3 are given"),
        ({"roles": "boss"}, None, 422, "roles"),
        ({"occurred_at": "yesterday"}, None, 422, "occurred_at"),
        ({"wohin": "1"}, None, 422, "unknown field"),
    ],
)
async def test_what_is_wrong_with_an_upload_is_said(
    client: httpx.AsyncClient, settings: Settings, change: dict[str, str], content: bytes | None, status: int, words: str
) -> None:
    answer = await client.post("/v1/audio/hotline", params=QUERY | change, content=CALL.read_bytes() if content is None else content)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert await raw_voices(settings) == []


async def test_the_gateways_document_tells_of_recordings_and_live_calls(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    upload, live = document["paths"]["/v1/audio/{channel}"]["post"], document["paths"]["/v1/live/{channel}"]["get"]
    parameters = {one["name"]: one for one in upload["parameters"]}
    assert parameters.keys() == {"channel", *FIELDS, *ATTRIBUTES}
    assert [name for name, one in parameters.items() if one["required"]] == ["channel", "source_id", "occurred_at"]
    assert {one["name"] for one in live["parameters"]} == {*parameters, "codec", "rate", "channels"}
    for operation, status in ((upload, "202"), (live, "101"), (upload, "415")):
        [content] = operation["responses"][status]["content"].values()
        assert content["schema"]["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]
    answer = await client.post("/v1/audio/hotline", params=QUERY, content=CALL.read_bytes())
    assert answer.json().keys() == document["components"]["schemas"]["StoredRecording"]["properties"].keys()
    page = (await client.get("/docs")).text
    assert "one packet a message" in page
    assert "occurred_at" in page.split("/v1/audio/{channel}")[1]


async def test_public_opinion_has_no_recordings_and_strangers_none_either(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/audio/public_opinion", params=QUERY, content=b"x")).status_code == 404
    stranger = await client.post("/v1/audio/hotline", params=QUERY, content=b"x", headers={"Authorization": "Bearer nobody"})
    assert stranger.status_code == 401


def calls(folder: Path) -> Path:
    """A folder of five recordings: one alone, one with a sidecar, one in a call list, and two that cannot be used."""
    folder.mkdir()
    call = samples()[:, :80_000]
    (folder / "alone.wav").write_bytes(encoded(call, "wav"))
    (folder / "beside.mp3").write_bytes(encoded(call, "mp3"))
    (folder / "beside.json").write_text(json.dumps({"source_id": "S-7", "occurred_at": AT, "customer_id": "C7", "city": "杭州"}), "utf-8")
    (folder / "listed.amr").write_bytes(encoded(call, "amr"))
    (folder / "calls.csv").write_text("录音文件,通话时间,客户编号,车系\nlisted.amr,2026-03-02 10:00,C8,云途 X7\n", "utf-8-sig")
    (folder / "text.wav").write_text("这不是录音", "utf-8")
    (folder / "broken.m4a").write_bytes(b"")
    return folder


def ingested(settings: Settings, *arguments: str) -> Any:
    return CliRunner().invoke(voc, ["ingest", *arguments], env=settings.environment())


async def test_a_folder_of_calls_is_taken_with_what_is_known_of_each(settings: Settings, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls")
    result = await asyncio.to_thread(ingested, settings, str(folder), "--channel", "hotline", "--source", "pbx")
    assert result.exit_code == 1, result.output
    assert "5 recordings, 3 accepted" in result.output
    assert "text.wav: audio: is no recording" in result.output
    events = {event.source_id: event for event in await raw_voices(settings)}
    assert set(events) == {"alone", "S-7", "listed"}
    assert (events["S-7"].customer_id, events["S-7"].attributes.city, len(events["S-7"].roles)) == ("C7", "杭州", 2)
    assert (events["listed"].customer_id, events["listed"].attributes.model) == ("C8", "云途 X7")
    assert events["listed"].occurred_at == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert all(event.channel is Channel.HOTLINE for event in events.values())


async def test_a_watched_folder_is_emptied(settings: Settings, tmp_path: Path, pipeline: None) -> None:
    folder = calls(tmp_path / "calls")
    watching = asyncio.create_task(watch_recordings(folder, Channel.STORE, "mic", settings, 0.05))
    try:
        await until(lambda: len(list(folder.glob("done/*.*"))) == 4 and len(list(folder.glob("failed/*.reason.txt"))) == 2)
    finally:
        watching.cancel()
    assert {event.source_id for event in await raw_voices(settings)} == {"alone", "S-7", "listed"}
    assert (folder / "done" / "beside.json").exists()


def test_a_customers_audio_and_what_is_too_old_can_be_deleted(settings: Settings) -> None:
    store = AudioStore(settings)
    for number, (customer, day) in enumerate((("C1", 1), ("C1", 20), ("C2", 20), (None, 1))):
        store.put(io.BytesIO(b"x"), raw_event_id("s", str(number)), customer, datetime(2026, 3, day, tzinfo=UTC))
    assert store.expire(date(2026, 3, 10)) == 2
    assert (store.forget("C1"), store.forget("C1")) == (1, 0)
    assert len(list((settings.data / "audio").rglob("*/*/*"))) == 1


def test_an_object_that_is_another_than_was_sent_is_refused(settings: Settings) -> None:
    stored = AudioStore(settings).put(io.BytesIO(b"one"), raw_event_id("s", "1"), None, datetime.now(UTC))
    reference = RawVoice.model_fields["audio"].annotation
    assert reference is not None
    for audio in (
        reference(uri=stored.uri, sha256="0" * 64),
        reference(uri=stored.uri + "-gone"),
        reference(uri="nowhere://x"),
    ):
        with pytest.raises(AudioError), open_audio(audio, 100):
            pass
    with pytest.raises(AudioError, match="larger"), open_audio(reference(uri=stored.uri), 2):
        pass


def test_an_object_of_a_web_server_is_fetched_and_one_that_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "call.opus").write_bytes(CALL.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://127.0.0.1:{server.server_port}"
    try:
        with open_audio(AudioReference(uri=f"{where}/call.opus"), 1 << 20) as file:
            assert file.read() == CALL.read_bytes()
        with pytest.raises(AudioError, match="no such object"), open_audio(AudioReference(uri=f"{where}/gone.opus"), 1 << 20):
            pass
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(UnavailableError), open_audio(AudioReference(uri=f"{where}/call.opus"), 1 << 20):
        pass
