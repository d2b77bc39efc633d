"""Sends records to topics and says so only when the broker has acknowledged every one.

Records are put into batches a partition, because a record at a time costs three times the CPU. Records of one
partition keep their order: aiokafka has one batch of a partition in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Self

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2

from schemas.base import Event
from streams.codec import encode
from streams.errors import DeliveryError, UnavailableError
from streams.settings import Settings
from streams.topics import TOPIC_OF

_BATCH_BYTES = 3 << 18  # a round of short records in one request; Kafka takes 1 MiB if not told otherwise
_REQUEST_BYTES = 16 << 20
_POSITIVE = 0x7FFFFFFF


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to send: the topic's name on the broker, its key and its value."""

    topic: str
    key: bytes | None
    value: bytes


def outgoing(event: Event, prefix: str) -> Outgoing:
    """The record of an event, for the topic that carries its schema."""
    topic = TOPIC_OF[type(event)]
    return Outgoing(topic.in_pipeline(prefix), topic.key(event), encode(event))


@lru_cache(maxsize=20_000)
def _hash(key: bytes) -> int:
    """Kafka's own partitioner hash, so that other clients agree on a key's partition. Cached: it is pure Python."""
    return int(murmur2(key)) & _POSITIVE


class Outbox:
    """A Kafka producer for a pipeline: `async with Outbox(settings) as outbox: await outbox.send(records)`."""

    def __init__(self, settings: Settings, timeout_s: float = 40.0) -> None:
        self.timeout_s = timeout_s
        self.prefix = settings.topic_prefix
        self._servers = settings.kafka
        self._producer: AIOKafkaProducer | None = None
        self._turn = 0

    async def __aenter__(self) -> Self:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_REQUEST_BYTES,
            request_timeout_ms=int(self.timeout_s * 1000),
        )
        try:
            await producer.start()
        except (KafkaConnectionError, OSError) as error:
            await producer.stop()
            raise UnavailableError(f"Kafka at {self._servers} does not answer: check VOC_KAFKA and that the broker runs") from error
        self._producer = producer
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def check(self) -> None:
        """Ask Kafka for its metadata. Raises UnavailableError if it does not answer."""
        if self._producer is None:
            raise UnavailableError("the outbox is closed")
        try:
            await self._producer.client.fetch_all_metadata()
        except KafkaError as error:
            raise UnavailableError(f"Kafka at {self._servers} does not answer") from error

    async def publish(self, events: Iterable[Event]) -> None:
        """Send events to the topics of their schemas; return when every one is acknowledged.

        Raises DeliveryError as `send` does.
        """
        await self.send([outgoing(event, self.prefix) for event in events])

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Send records; return when every one is acknowledged.

        Raises DeliveryError if the broker did not acknowledge them all; some may have been written.
        """
        producer = self._producer
        if producer is None:
            raise UnavailableError("the outbox is closed")
        try:
            await asyncio.gather(*await self._dispatch(producer, records))
        except KafkaError as error:
            raise DeliveryError(f"{type(error).__name__}: an output was not acknowledged") from error

    async def _dispatch(self, producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> list[asyncio.Future[object]]:
        topics: dict[str, list[list[Outgoing]]] = {}
        self._turn += 1
        for record in records:
            partitions = topics.get(record.topic)
            if partitions is None:
                partitions = topics[record.topic] = [[] for _ in await producer.partitions_for(record.topic)]
            key = record.key
            partitions[(self._turn if key is None else _hash(key)) % len(partitions)].append(record)
        sent: list[asyncio.Future[object]] = []
        for topic, partition, group in _filled(topics):
            batch = producer.create_batch()
            for record in group:
                if batch.append(key=record.key, value=record.value, timestamp=None) is None:
                    sent.append(await producer.send_batch(batch, topic, partition=partition))
                    batch = producer.create_batch()
                    batch.append(key=record.key, value=record.value, timestamp=None)
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        return sent


def _filled(topics: Mapping[str, Sequence[Sequence[Outgoing]]]) -> Iterator[tuple[str, int, Sequence[Outgoing]]]:
    for topic, partitions in topics.items():
        for number, group in enumerate(partitions):
            if group:
                yield topic, number, group
