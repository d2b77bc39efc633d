"""A worker that is killed while it hears, twice: every call is in ClickHouse once, whole."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from agents.transcribe import hear_recording
from schemas.raw_voice import AudioReference
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from tests.agents.test_transcribe import recording
from tests.streams.audio.speech import CALL
from tests.streams.running import settings_for

CALLS = 50
_STEPS = "transcribe,code,store"
_HEARD = "SELECT uniqExact(event_id) FROM current_utterances"


@contextmanager
def worker(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, killed at the end."""
    with log.open("ab") as out:
        command = [sys.executable, "-m", "streams.cli", "worker", "--steps", _STEPS]
        process = subprocess.Popen(command, env=os.environ | settings.environment(), stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def heard(settings: Settings, at_least: int, log: Path, seconds: float = 240.0) -> None:
    """Wait until utterances of so many calls are rows."""
    client = connect(settings.clickhouse)
    deadline = time.monotonic() + seconds
    while (found := int(client.query(_HEARD).result_rows[0][0])) < at_least:
        assert time.monotonic() < deadline, f"{found} of {at_least} calls; {log.read_text()[-2_000:]}"
        time.sleep(0.1)
    client.close()


@pytest.mark.slow
async def test_every_call_is_a_row_once_whatever_was_killed(broker: EmbeddedBroker, clickhouse: EmbeddedClickHouse, tmp_path: Path) -> None:
    database = f"kill_{uuid4().hex[:8]}"
    settings = settings_for(
        broker.bootstrap, f"{database}.", tmp_path, partitions=1, clickhouse=f"{clickhouse.url.rsplit('/', 1)[0]}/{database}"
    )
    migrate(settings)
    await create_topics(settings)
    calls = [recording(f"call-{number}", AudioReference(uri=CALL.as_uri())) for number in range(CALLS)]
    expected = {one.audio.start_ms: one.text for one in hear_recording(settings, calls[0])[0] if one.audio}
    async with Outbox(settings) as outbox:
        await outbox.publish(calls)
    log = tmp_path / "log"
    for before_kill in (1, 17):  # of batches of sixteen: in the second, and in the third at the earliest
        with worker(settings, log) as process:
            await asyncio.to_thread(heard, settings, before_kill, log)
            await asyncio.sleep(0.3)
            assert process.poll() is None
    with worker(settings, log):
        await asyncio.to_thread(heard, settings, CALLS, log)
        await asyncio.sleep(1)
    client = connect(settings.clickhouse)
    rows = client.query("SELECT toString(event_id), utterance_id, audio_start_ms, text FROM current_utterances").result_rows
    assert len({row[1] for row in rows}) == len(rows) == CALLS * len(expected)
    for call in calls:
        assert {start_ms: text for event_id, _, start_ms, text in rows if event_id == str(call.event_id)} == expected
    assert client.query("SELECT count() FROM current_calls").result_rows == [(CALLS,)]
    assert client.query("SELECT count() FROM current_dead_letters").result_rows == [(0,)]
    client.command(f"DROP DATABASE {database}")
    client.close()
