"""News for every worker: the events of a small compacted topic, read by each process for itself, outside consumer groups."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.base import Event
from schemas.frame import FrameAnnouncement
from streams.admin import end_offsets, partitions_of
from streams.codec import decode
from streams.metrics import FRAMES_REFUSED, frame_in_force
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import FRAMES, Topic

E = TypeVar("E", bound=Event)

_WAIT_MS = 500
_PAUSE_SECONDS = 5.0

logger = logging.getLogger("tingjian.announcements")


class Live(Protocol):
    """What works by a code frame. `take` says whether an announced one took over or was refused, or None where it is passed over."""

    @property
    def version(self) -> str: ...

    def take(self, news: FrameAnnouncement) -> bool | None: ...


@asynccontextmanager
async def following_frames(settings: Settings, step: str, live: Live) -> AsyncIterator[None]:
    """Let what a step works by follow the announced frames; the metrics tell which one is in force."""
    frame_in_force(step, live.version)

    async def take(news: FrameAnnouncement) -> None:
        before = live.version
        taken = await asyncio.to_thread(live.take, news)
        if taken:
            frame_in_force(step, live.version, before)
        elif taken is False:
            FRAMES_REFUSED.labels(step).inc()

    async with announcements(settings, FRAMES, take):
        yield


@asynccontextmanager
async def announcements(settings: Settings, topic: Topic[E], take: Callable[[E], Awaitable[None]]) -> AsyncIterator[None]:
    """Give `take` each event of the topic: what is there now before the body runs, what comes later while it runs.

    What cannot be decoded is logged and passed over. If Kafka does not answer, the body runs without news until it does.
    """
    current = asyncio.Event()
    task = asyncio.create_task(_follow(settings, topic, take, current), name=f"announcements of {topic.name}")
    await current.wait()
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(settings: Settings, topic: Topic[E], take: Callable[[E], Awaitable[None]], current: asyncio.Event) -> None:
    while True:
        consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            await consumer.start()
            await _read(consumer, topic, topic.in_pipeline(settings.topic_prefix), take, current)
        except (KafkaError, OSError) as error:
            logger.warning("no announcements for now: Kafka at %s: %s", settings.kafka, type(error).__name__)
        finally:
            await consumer.stop()
        current.set()
        await asyncio.sleep(_PAUSE_SECONDS)


async def _read(
    consumer: AIOKafkaConsumer, topic: Topic[E], name: str, take: Callable[[E], Awaitable[None]], current: asyncio.Event
) -> None:
    """Read from the beginning, for ever. `current` is set once what was there is taken; returns if the topic does not exist."""
    partitions = await partitions_of(consumer, name)
    if not partitions:
        return
    ends = await end_offsets(consumer, partitions)
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    while True:
        for records in (await consumer.getmany(timeout_ms=_WAIT_MS)).values():
            for record in records:
                event = decode(topic.schema, record.value)
                if isinstance(event, Refusal):
                    logger.error("%s: offset %d of partition %d: %s", name, record.offset, record.partition, event.detail)
                else:
                    await take(event)
        if not current.is_set() and all([await consumer.position(one) >= ends[one] for one in partitions]):
            current.set()
