"""Every kind of bad recording on a running stack: refused or a dead letter that says why, and the next good call is coded."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import clickhouse_connect
import httpx
import numpy as np
import pytest

from schemas.common import Speaker
from schemas.ids import raw_event_id
from schemas.raw_voice import AudioReference
from streams.audio.decode import RATE
from streams.local.keys import SOURCE
from streams.local.stack import Embedded, Stack, on_free_ports
from streams.outbox import Outbox
from streams.settings import Settings
from tests.agents.test_transcribe import recording
from tests.streams.audio.speech import BARE_AAC, encoded, encrypted_zip, samples

pytestmark = pytest.mark.slow

ABOUT = {"occurred_at": "2026-03-01T09:00:00+08:00", "customer_id": "C1"}
HOUR = 3_600
LONGEST_MINUTES = 30
_CODED = "SELECT count() FROM current_utterances WHERE event_id = {event_id:UUID} AND model_version != ''"
_LETTERS = "SELECT detail FROM current_dead_letters WHERE step = 'transcribe' AND reason = 'audio'"


def call() -> bytes:
    """Ten seconds of a good one."""
    return encoded(samples()[:, : 10 * RATE], "opus")


def hours(count: int) -> bytes:
    """A call that goes on and on: the packets of half a minute again and again, with their times."""
    file, source = io.BytesIO(), io.BytesIO(encoded(samples()[:, : 30 * RATE], "opus", frame_duration="60"))
    once: Any = av.open(source)
    with once, av.open(file, "w", format="ogg") as out:
        template = once.streams.audio[0]
        stream: Any = out.add_stream_from_template(template)
        packets = [(bytes(packet), packet.pts, packet.duration) for packet in once.demux(template) if packet.pts is not None]
        length = packets[-1][1] + packets[-1][2]
        for turn in range(count * HOUR // 30):
            for data, pts, duration in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.duration = stream, template.time_base, duration
                packet.pts = packet.dts = pts + turn * length
                out.mux(packet)
    return file.getvalue()


def bomb() -> bytes:
    """A megabyte that decodes to over three hours, and does not say so."""
    return encoded(np.zeros((1, 10 * RATE), np.int16), BARE_AAC) * (4 * HOUR // 10)


def cut(name: str) -> bytes:
    data = encoded(samples(), name)
    return data[: len(data) // 2]


def six_channels() -> bytes:
    """A wav file of six channels at 48 kHz, the customer on the third."""
    wide = np.zeros((30 * RATE, 6), "<i2")
    wide[:, 2] = np.repeat(samples()[1, : 10 * RATE], 3)
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as out:
        stream: Any = out.add_stream("pcm_s16le", rate=3 * RATE, layout="5.1")
        frame = av.AudioFrame.from_ndarray(wide.reshape(1, -1), format="s16", layout="5.1")
        frame.sample_rate = 3 * RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str, int, str]] = {
    "truncated wav": (lambda: cut("wav"), "call.wav", 415, "audio: is truncated: its header announces more bytes than there are"),
    "truncated mp3": (lambda: cut("mp3"), "call.mp3", 202, "audio: is truncated: 32.7 s announced, 16.3 s there"),
    "truncated m4a": (lambda: cut("m4a"), "call.m4a", 415, "audio: is no recording of a known type, or its header is damaged"),
    "zero length": (lambda: b"", "call.wav", 415, "audio: is empty"),
    "text as wav": (
        lambda: "这不是录音".encode() * 100,
        "call.wav",
        415,
        "audio: is no recording of a known type, or its header is damaged",
    ),
    "encrypted zip": (encrypted_zip, "call.wav", 415, "audio: is no recording of a known type, or its header is damaged"),
    "three hours": (lambda: hours(3), "call.opus", 415, "audio: is longer than the 30 minutes that are taken"),
    "decoder bomb": (bomb, "call.aac", 202, "audio: is longer than the 30 minutes that are taken"),
}
GOOD: dict[str, tuple[Callable[[], bytes], str]] = {
    "opus named mp3": (call, "call.mp3"),
    "six channels at 48 kHz": (six_channels, "call.wav"),
}


class Site:
    """A running stack, and what is in its ClickHouse."""

    def __init__(self, stack: Stack) -> None:
        self.settings = stack.settings
        self._stack = stack
        self._key = stack.settings.gateway_keys.get_secret_value().removeprefix(f"{SOURCE}:")
        self._database = clickhouse_connect.get_client(dsn=stack.settings.clickhouse)
        self._worker = self._pid()

    def upload(self, name: str, data: bytes) -> httpx.Response:
        """Send a recording to the gateway."""
        gateway = f"http://{self.settings.gateway_host}:{self.settings.gateway_port}/v1/audio/hotline"
        headers = {"Authorization": f"Bearer {self._key}"}
        return httpx.post(gateway, params={**ABOUT, "source_id": name}, content=data, headers=headers, timeout=60, trust_env=False)

    def point(self, name: str, path: Path) -> UUID:
        """Publish a message that points at a file."""
        asyncio.run(_publish(self.settings, name, path))
        return raw_event_id("pbx", name)

    def letters(self) -> list[str]:
        """What the step's dead letters say."""
        return [detail for (detail,) in self._rows(_LETTERS)]

    def coded(self, event_id: UUID) -> int:
        """Coded utterances of a call."""
        [(count,)] = self._rows(_CODED, event_id=str(event_id))
        return int(count)

    def wait(self, true: Callable[[], bool], seconds: float = 90.0) -> None:
        """Wait until something holds; the worker must be the same one all the time."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.letters()
            time.sleep(0.1)
        assert self._pid() == self._worker, "the worker ended"

    def _pid(self) -> int | None:
        [worker] = [service for service in self._stack.services if service.name == "worker"]
        return worker.process.pid if worker.process.running else None

    def _rows(self, sql: str, **values: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._database.query(sql, values).result_rows]


async def _publish(settings: Settings, name: str, path: Path) -> None:
    async with Outbox(settings) as outbox:
        await outbox.publish([recording(name, AudioReference(uri=path.as_uri()), (Speaker.CUSTOMER,))])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Gateway, transcribe, code and store, for all kinds."""
    settings = on_free_ports(Settings()).model_copy(update={"data": tmp_path_factory.mktemp("site"), "audio_max_minutes": LONGEST_MINUTES})
    with Stack(settings, Embedded(oa=False), steps=("transcribe", "code", "store")) as stack:
        yield Site(stack)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_recording_says_why_and_the_next_call_is_coded(site: Site, tmp_path: Path, kind: str) -> None:
    make, name, status, words = BAD[kind]
    path, before = tmp_path / name, len(site.letters())
    path.write_bytes(make())
    answer = site.upload(kind, path.read_bytes())
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.json()["detail"] == f"{words}; nothing was accepted"
    site.point(kind, path)
    good = raw_event_id(SOURCE, f"after {kind}")
    assert site.upload(f"after {kind}", call()).status_code == 202
    site.wait(lambda: site.coded(good) > 0)
    site.wait(lambda: len(site.letters()) == before + 1 + (status == 202))
    assert site.letters().count(words) >= 1 + (status == 202)


@pytest.mark.parametrize("kind", GOOD)
def test_an_odd_recording_is_heard(site: Site, tmp_path: Path, kind: str) -> None:
    make, name = GOOD[kind]
    path, before = tmp_path / name, len(site.letters())
    path.write_bytes(make())
    assert site.upload(kind, path.read_bytes()).status_code == 202
    for event in (raw_event_id(SOURCE, kind), site.point(kind, path)):
        site.wait(lambda event=event: site.coded(event) > 0)  # type: ignore[misc]
    assert len(site.letters()) == before
