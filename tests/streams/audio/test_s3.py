"""Audio in an S3 bucket, behind a real HTTP server: uploaded, referred to by a message, heard, deleted; and the server away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import fsspec
import pytest

from agents.transcribe import hear_recording
from schemas.ids import raw_event_id
from schemas.raw_voice import AudioReference, RawVoice
from streams.audio.objects import AudioStore, open_audio
from streams.errors import AudioError, UnavailableError
from streams.local.broker import EmbeddedBroker
from streams.settings import Settings
from streams.topics import RAW_VOICE
from tests.agents.test_transcribe import recording
from tests.streams.audio.speech import CALL, TRUTH
from tests.streams.connectors.conftest import KEY, read_topic, serving
from tests.streams.running import settings_for

NEEDS = ("moto", "s3fs", "flask", "flask_cors")
BUCKET = "voice"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not all(map(find_spec, NEEDS)), reason="needs the extra s3-tests")]


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """An S3 server with a bucket. The client finds it as any: by the environment that AWS defines."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - of the extra

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    given = {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**given, "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1"}.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").mkdir(BUCKET)
        yield
    server.stop()


async def test_an_upload_lies_in_a_bucket_and_is_heard_from_there(s3: None, broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, "s3.", tmp_path, audio_store=f"s3://{BUCKET}/calls", gateway_keys=f"crm:{KEY}")
    async with serving(settings) as client:
        about = {"source_id": "call-1", "occurred_at": "2026-03-01T09:00:00+08:00", "customer_id": "C1"}
        answer = await client.post("/v1/audio/hotline", params=about, content=CALL.read_bytes())
    assert answer.status_code == 202, answer.text
    [raw] = [RawVoice.model_validate_json(value) for value in await read_topic(settings, RAW_VOICE.in_pipeline("s3."))]
    assert str(raw.audio.uri).startswith(f"s3://{BUCKET}/calls/")
    with open_audio(raw.audio, 1 << 20) as file:
        assert file.read() == CALL.read_bytes()
    utterances, *_ = hear_recording(settings, raw)
    assert len(utterances) == len(TRUTH)
    assert {one.audio.uri for one in utterances if one.audio} == {raw.audio.uri}
    assert AudioStore(settings).forget("C1") == 1
    with pytest.raises(AudioError, match="no such object"):
        hear_recording(settings, raw)


def test_a_message_points_at_an_object_of_another_bucket(s3: None) -> None:
    fsspec.filesystem("s3").mkdir("elsewhere")
    fsspec.filesystem("s3").put_file(str(CALL), "elsewhere/2026/call.opus")
    utterances, *_ = hear_recording(Settings(), recording("far", AudioReference(uri="s3://elsewhere/2026/call.opus")))
    assert len(utterances) == len(TRUTH)
    for uri in ("s3://elsewhere/2026/gone.opus", "s3://nowhere/call.opus"):
        with pytest.raises(AudioError, match="no such object"), open_audio(AudioReference(uri=uri), 1 << 20):
            pass


def test_a_bucket_forgets_what_is_too_old(s3: None) -> None:
    store = AudioStore(Settings(audio_store=f"s3://{BUCKET}/calls"))
    for day in (1, 20):
        store.put(io.BytesIO(b"x"), raw_event_id("s", str(day)), "C1", datetime(2026, 3, day, tzinfo=UTC))
    assert (store.expire(date(2026, 3, 10)), store.forget("C1"), store.forget("C1")) == (1, 1, 0)


def test_a_server_that_is_away_is_waited_for(s3: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(UnavailableError, match="EndpointConnectionError"), open_audio(AudioReference(uri=f"s3://{BUCKET}/x"), 1 << 20):
        pass
    store = AudioStore(Settings(audio_store=f"s3://{BUCKET}/calls"))
    with pytest.raises(UnavailableError, match="VOC_AUDIO_STORE"):
        store.put(io.BytesIO(b"x"), raw_event_id("s", "1"), "C1", datetime(2026, 3, 1, tzinfo=UTC))
