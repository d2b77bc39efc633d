"""Runs steps inside a test, and reads what they wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from streams.admin import create_topics
from streams.app import build_app
from streams.settings import Settings
from streams.step import Step
from streams.topics import Topic


def settings_for(kafka: str, prefix: str, data: Path, **more: object) -> Settings:
    """Settings for a test: a topic prefix of its own, and quick group joins."""
    values = {"kafka": kafka, "topic_prefix": prefix, "data": data, "metrics_port": 0, "session_timeout": 6.0, **more}
    return Settings.model_validate(values)


@asynccontextmanager
async def running(steps: Sequence[Step], settings: Settings) -> AsyncIterator[None]:
    """Steps running in this event loop, each in its own consumer group."""
    errors: list[Exception] = []
    with pytest.MonkeyPatch.context() as patch:  # a step's failure must fail the test and not end its process
        patch.setattr("streams.app.end_process", lambda _, error: errors.append(error))
        async with _started(steps, settings):
            yield
    if errors:
        raise errors[0]


@asynccontextmanager
async def _started(steps: Sequence[Step], settings: Settings) -> AsyncIterator[None]:
    await create_topics(settings)
    apps = [build_app(step, settings) for step in steps]
    await asyncio.gather(*(app.start() for app in apps))
    try:
        yield
    finally:
        await asyncio.gather(*(app.stop() for app in apps))


async def drain(settings: Settings, topic: Topic[Any], expected: int, seconds: float = 30.0) -> list[ConsumerRecord]:
    """The records of a topic, read from its beginning until `expected` are there or time is up, then a moment longer."""
    name = topic.in_pipeline(settings.topic_prefix)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[ConsumerRecord] = []
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            polled = await consumer.getmany(timeout_ms=500)
            found += [record for records in polled.values() for record in records]
            if len(found) >= expected and not polled:
                break
        return found
    finally:
        await consumer.stop()


def raw_text(number: int, text: str = "变速箱顿挫很明显", **fields: object) -> RawText:
    """The `number`-th raw text of a test."""
    now = datetime.now(UTC)
    identity = {"event_id": raw_event_id("test", str(number)), "source": "test", "source_id": str(number)}
    rest = {"channel": Channel.STORE, "conversation_id": f"c{number % 100}", "occurred_at": now, "ingested_at": now}
    return RawText.model_validate({**identity, **rest, "text": text, **fields})
