"""The guarantees of the step runner, on a real broker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from schemas.dead_letter import DeadLetter, Reason
from schemas.utterance import Utterance
from streams.admin import create_topics, group_lag
from streams.app import EXIT_STEP_FAILED
from streams.codec import decode
from streams.errors import DeadLetterLimitError
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox, Outgoing
from streams.runner import RefusalLimit
from streams.settings import Settings
from streams.topics import DEAD_LETTERS, RAW_TEXT, UTTERANCES
from tests.streams.copying import BROKEN, copy
from tests.streams.running import drain, raw_text, running, settings_for

GROUP = "tingjian.copy"


async def publish(settings: Settings, count: int, start: int = 0) -> None:
    async with Outbox(settings) as outbox:
        await outbox.publish([raw_text(number) for number in range(start, start + count)])


def worker(settings: Settings, folder: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "tests.streams.copying", settings.kafka, settings.topic_prefix, str(folder)]
    return subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})


async def test_every_record_comes_out_once_and_bad_ones_are_kept(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, "once.", tmp_path)
    bad = [b"{", b"", b"\xff\xfe", b'{"schema_version":2}', b"[]", b"null", b'{"text":1}']
    async with running([copy], settings):
        await publish(settings, 3_000)
        async with Outbox(settings) as outbox:
            topic = RAW_TEXT.in_pipeline("once.")
            await outbox.send([Outgoing(topic, f"k{number}".encode(), value) for number, value in enumerate(bad)])
            await outbox.publish([raw_text(9_001, "refuse"), raw_text(9_002, "drop"), raw_text(9_003, "grow")])
        written = [decode(Utterance, record.value) for record in await drain(settings, UTTERANCES, 3_000)]
        letters = [decode(DeadLetter, record.value) for record in await drain(settings, DEAD_LETTERS, len(bad) + 2)]
    assert sorted(int(raw.conversation_id[1:]) for raw in written if isinstance(raw, Utterance)) == sorted(n % 100 for n in range(3_000))
    kept = [letter for letter in letters if isinstance(letter, DeadLetter)]
    assert len(kept) == len(letters) == len(bad) + 2
    assert Counter(letter.value for letter in kept if letter.value in bad) == Counter(bad)
    reasons = Counter(letter.reason for letter in kept)
    assert reasons == {Reason.DECODE: 3, Reason.VERSION: 1, Reason.INVALID: 3, Reason.STEP: 1, Reason.TOO_LARGE: 1}
    assert all(letter.detail and letter.step == "copy" for letter in kept)
    assert await group_lag(settings, f"once.{GROUP}", [RAW_TEXT.in_pipeline("once.")]) == 0


async def test_an_error_ends_the_worker_and_acknowledges_nothing(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, "broken.", tmp_path)
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        await outbox.publish([raw_text(1), raw_text(101, "break")])
    with worker(settings, tmp_path) as process:
        _, log = await asyncio.to_thread(process.communicate, timeout=40)
    assert process.returncode == EXIT_STEP_FAILED
    assert "ValueError" in log
    assert BROKEN not in log, "a foreign message may quote a customer"
    assert await group_lag(settings, f"broken.{GROUP}", [RAW_TEXT.in_pipeline("broken.")]) == 2


async def test_sigterm_finishes_and_commits_and_sigkill_loses_nothing(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, "kill.", tmp_path)
    await create_topics(settings)
    for number, kill in enumerate((signal.SIGKILL, signal.SIGTERM)):
        with worker(settings, tmp_path) as process:
            for part in range(10):
                await publish(settings, 300, (number * 10 + part) * 300)
                await asyncio.sleep(0.05)
            await drain(settings, UTTERANCES, 500 + number * 3_000)
            process.send_signal(kill)
            await asyncio.to_thread(process.communicate, timeout=40)
        assert process.returncode == (-signal.SIGKILL if kill == signal.SIGKILL else 0)
    async with running([copy], settings):
        records = await drain(settings, UTTERANCES, 6_000)
    ids = {event.utterance_id for record in records if isinstance(event := decode(Utterance, record.value), Utterance)}
    assert len(ids) == 6_000


def test_too_many_refusals_stop_a_step() -> None:
    limit = RefusalLimit(run=5, ratio=0.5)
    limit.count([True] * 4 + [False] + [True] * 4)
    with pytest.raises(DeadLetterLimitError, match="5 records in a row"):
        limit.count([True])
    limit = RefusalLimit(run=0, ratio=0.5)
    limit.count([True, False] * 5_000)
    with pytest.raises(DeadLetterLimitError, match="6000 of the last 10000"):
        limit.count([True, True, True, False, False] * 2_000)
