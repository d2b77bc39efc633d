"""Creates the pipeline's topics, and reads group lag."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings
from streams.topics import TOPICS

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.5


async def create_topics(settings: Settings) -> None:
    """Create the topics that are not there yet. Waits up to ten seconds for the broker.

    Raises UnavailableError if the broker does not answer, ConfigurationError if it refuses a topic.
    """
    admin = await _connect(settings)
    try:
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(name, settings.partitions, settings.replication, topic_configs=topic.broker_config())
            for topic in TOPICS
            if (name := topic.in_pipeline(settings.topic_prefix)) not in existing
        ]
        if not missing:
            return
        response = await admin.create_topics(missing)
        for name, code, *rest in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:  # several workers may start at once
                raise ConfigurationError(f"Kafka refused topic {name}: {error.__name__} {rest[0] if rest else ''}".rstrip())
    finally:
        await admin.close()


async def _connect(settings: Settings) -> AIOKafkaAdminClient:
    for _attempt in range(_ATTEMPTS):
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
        try:
            await admin.start()
        except (KafkaError, OSError):
            await admin.close()
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return admin
    raise UnavailableError(f"Kafka at {settings.kafka} does not answer: check VOC_KAFKA and that the broker runs")


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic, none if it does not exist. `partitions_for_topic` knows those of subscriptions only."""
    cluster = await consumer._client.fetch_all_metadata()
    return [TopicPartition(topic, number) for number in sorted(cluster.partitions_for_topic(topic) or ())]


async def end_offsets(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset after the last record of each partition. Assigns the partitions and moves the consumer's positions.

    The embedded broker lists the end of a partition as one after the *first* record of its last batch, so the last
    listed record is fetched, whose answer carries the true end.
    """
    listed, begins = await consumer.end_offsets(partitions), await consumer.beginning_offsets(partitions)
    filled = [partition for partition in partitions if listed[partition] > begins[partition]]
    consumer.assign(filled)
    for partition in filled:
        consumer.seek(partition, listed[partition] - 1)
    for _attempt in range(_ATTEMPTS):
        unread = [partition for partition in filled if consumer.highwater(partition) is None]
        if not unread:
            break
        await consumer.getmany(*unread, timeout_ms=int(_PAUSE_SECONDS * 1000))
    return {
        partition: max(listed[partition], consumer.highwater(partition) or 0) if partition in filled else listed[partition]
        for partition in partitions
    }


async def group_lag(settings: Settings, group: str, topics: Iterable[str]) -> int:
    """Records of `topics` that `group` has not committed; every record where it has committed nothing."""
    return sum(await asyncio.gather(*(_topic_lag(settings, group, topic) for topic in topics)))


async def _topic_lag(settings: Settings, group: str, topic: str) -> int:
    """The lag of one topic, by a consumer of its own: one that is assigned anew waits seconds for its next fetch."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = await partitions_of(consumer, topic)
        begins, ends = await consumer.beginning_offsets(partitions), await end_offsets(consumer, partitions)
        committed = {partition: await consumer.committed(partition) for partition in partitions}
        return sum(ends[partition] - (begins[partition] if offset is None else offset) for partition, offset in committed.items())
    finally:
        await consumer.stop()
