"""A worker that is killed while it hears: every call is there once, whole."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from agents.transcribe import hear_recording
from schemas.raw_voice import AudioReference
from schemas.utterance import Utterance
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import UTTERANCES
from tests.agents.test_transcribe import recording
from tests.streams.audio.speech import CALL
from tests.streams.running import drain, settings_for

CALLS = 50


def worker(settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        command = [sys.executable, "-m", "streams.cli", "worker", "--steps", "transcribe"]
        return subprocess.Popen(command, env=os.environ | settings.environment(), stdout=out, stderr=out)


@pytest.mark.slow
async def test_every_call_is_transcribed_once(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, f"t{uuid4().hex[:8]}.", tmp_path, partitions=1)
    await create_topics(settings)
    calls = [recording(f"call-{number}", AudioReference(uri=CALL.as_uri())) for number in range(CALLS)]
    expected = {one.seq: one.text for one in hear_recording(settings, calls[0])[0]}
    async with Outbox(settings) as outbox:
        await outbox.publish(calls)
    first = worker(settings, tmp_path / "log")
    try:
        before = await drain(settings, UTTERANCES, 1, seconds=120)
        assert before, (tmp_path / "log").read_text()
        time.sleep(0.5)  # noqa: ASYNC251 - into the next batch
    finally:
        first.kill()
        first.wait()
    second = worker(settings, tmp_path / "log")
    try:
        records = await drain(settings, UTTERANCES, CALLS * len(expected), seconds=240)
    finally:
        second.terminate()
        second.wait()
    found = {one.utterance_id: one for one in (Utterance.model_validate_json(record.value) for record in records)}
    assert len(records) >= len(found) == CALLS * len(expected)
    assert Counter(one.event_id for one in found.values()) == {call.event_id: len(expected) for call in calls}
    assert all(expected[one.seq] == one.text for one in found.values())
