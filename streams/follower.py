"""Reads topics without a consumer group, from a moment on, and as far as the log goes each time it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.base import Event
from streams.admin import create_topics, partitions_of
from streams.codec import decode
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import Topic

_POLL_MS = 200
_WAIT_MS = 50


class Reader(Protocol):
    """What takes in the events of a follower, in the order of each partition."""

    def read(self, event: Event) -> None:
        """Take in an event."""
        ...

    def forget(self) -> None:
        """Forget everything: the log is read anew."""
        ...


class Follower:
    """Feeds a reader. Not for use by several callers at once."""

    def __init__(self, settings: Settings, topics: Sequence[Topic[Any]], reader: Reader, back: timedelta | None = None) -> None:
        self._settings, self._reader, self._back = settings, reader, back
        self._topics = {topic.in_pipeline(settings.topic_prefix): topic for topic in topics}
        self._consumer: AIOKafkaConsumer | None = None

    async def catch_up(self) -> None:
        """Read to the end of the log as it is now. Raises UnavailableError where Kafka is away."""
        try:
            consumer = self._consumer or await self._open()
            ends = await consumer.end_offsets(consumer.assignment())
            while [partition for partition, end in ends.items() if await consumer.position(partition) < end]:
                for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    for record in records:
                        event = decode(self._topics[record.topic].schema, record.value)
                        if not isinstance(event, Refusal):
                            self._reader.read(event)
        except (KafkaError, OSError) as error:
            await self.close()
            raise UnavailableError("Kafka does not answer") from error

    async def close(self) -> None:
        """Disconnect; the next use reads the log anew."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()

    async def _open(self) -> AIOKafkaConsumer:
        await create_topics(self._settings)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_WAIT_MS,
        )
        try:
            await consumer.start()
            partitions = [partition for topic in self._topics for partition in await partitions_of(consumer, topic)]
            consumer.assign(partitions)
            await self._seek(consumer, partitions)
        except BaseException:
            await consumer.stop()
            raise
        self._reader.forget()
        self._consumer = consumer
        return consumer

    async def _seek(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """To where the log is as old as is wanted, or to its beginning."""
        await consumer.seek_to_beginning(*partitions)
        if self._back is None:
            return
        since = int((datetime.now(UTC) - self._back).timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, since))
        for partition, at in found.items():
            if at is not None:
                consumer.seek(partition, at.offset)
            else:
                await consumer.seek_to_end(partition)
