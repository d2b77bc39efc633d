"""Reads a partition again from some day on to its present end: what a step's memory is made of after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.base import Event
from streams.codec import decode
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import Topic

E = TypeVar("E", bound=Event)


async def replay(settings: Settings, topic: Topic[E], partition: int, since: datetime) -> AsyncIterator[E]:
    """The events of a partition written from `since` until now, in order; records that cannot be decoded are passed over.

    Raises UnavailableError where Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    place = TopicPartition(topic.in_pipeline(settings.topic_prefix), partition)
    try:
        await consumer.start()
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found = (await consumer.offsets_for_times({place: int(since.timestamp() * 1000)}))[place]
        at = found.offset if found else end
        consumer.seek(place, at)
        while at < end:
            for records in (await consumer.getmany(place, timeout_ms=1_000)).values():
                for record in records:
                    event = decode(topic.schema, record.value)
                    if not isinstance(event, Refusal):
                        yield event
                at = records[-1].offset + 1
    except KafkaError as error:
        raise UnavailableError(f"Kafka at {settings.kafka} does not answer") from error
    finally:
        await consumer.stop()
