"""Chooses one worker of many, through Kafka's own group membership: the one that is assigned a topic's partition 0.

The topic is not read. A worker that dies is replaced when its session times out. For a moment two may believe that they
are chosen, so what the chosen one publishes must have deterministic ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topics import TASKS

_NEVER_POLLED_MS = 7 * 86_400_000


class _Pause(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing to hand over."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.pause(*assigned)


@asynccontextmanager
async def election(settings: Settings, name: str) -> AsyncIterator[Callable[[], bool]]:
    """Stand in the election `name`; yields what says whether this worker is the chosen one now.

    Raises UnavailableError where Kafka is away.
    """
    topic = TASKS.in_pipeline(settings.topic_prefix)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=f"{settings.topic_prefix}tingjian.{name}",
        enable_auto_commit=False,
        session_timeout_ms=int(settings.session_timeout * 1000),
        heartbeat_interval_ms=int(settings.session_timeout * 200),
        rebalance_timeout_ms=int(settings.rebalance_timeout * 1000),
        max_poll_interval_ms=_NEVER_POLLED_MS,
    )
    try:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"Kafka at {settings.kafka} does not answer") from error
        consumer.subscribe([topic], listener=_Pause(consumer))
        yield lambda: TopicPartition(topic, 0) in consumer.assignment()
    finally:
        await consumer.stop()
