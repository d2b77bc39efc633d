"""A topic of the company's own: its JSON records become feedback by a mapping.

Offsets are committed after the broker acknowledged what came of a batch, so nothing is lost and what is delivered again
has the same ids. A record that cannot be used becomes a dead letter with its original bytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from schemas.base import Event
from schemas.dead_letter import Reason
from streams import metrics
from streams.connectors.channels import FeedbackRecord
from streams.connectors.files import flatten
from streams.connectors.plan import Defaults, Plan
from streams.errors import ConfigurationError, DeliveryError, UnavailableError
from streams.outbox import Outbox
from streams.runner import RefusalLimit, dead_letter
from streams.settings import Settings
from streams.step import Refusal

STEP = "connect"

_POLL_MS = 500
_RETRY_S = 5.0

logger = logging.getLogger("tingjian.connect")


@dataclass(frozen=True, slots=True)
class Link:
    """A company's topic: its Kafka, its name, and the plan for its records."""

    servers: str
    topic: str
    plan: Plan

    def group(self, prefix: str) -> str:
        """The consumer group that reads it."""
        return f"{prefix}tingjian.{STEP}.{self.plan.source}.{self.topic}"


async def connect(link: Link, settings: Settings) -> None:
    """Take the topic's records, until cancelled. While a Kafka is away it waits.

    Raises ConfigurationError if there is no such topic, DeadLetterLimitError if too many records are refused.
    """
    limit = RefusalLimit(settings.dead_letter_run, settings.dead_letter_ratio)
    while True:
        try:
            async with Outbox(settings) as outbox:
                await _consume(link, settings, outbox, limit)
        except (UnavailableError, DeliveryError) as error:
            logger.warning("%s; next try in %g s", error, _RETRY_S)
            await asyncio.sleep(_RETRY_S)


async def _consume(link: Link, settings: Settings, outbox: Outbox, limit: RefusalLimit) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=link.servers,
        group_id=link.group(settings.topic_prefix),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=settings.batch_records,
        session_timeout_ms=int(settings.session_timeout * 1000),
        rebalance_timeout_ms=int(settings.rebalance_timeout * 1000),
    )
    try:
        await consumer.start()
        if link.topic not in await consumer.topics():
            raise ConfigurationError(f"Kafka at {link.servers} has no topic {link.topic}")
        consumer.subscribe([link.topic])
        while True:
            for partition, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                refused = await handle(records, link.plan, outbox)
                await _commit(consumer, {partition: records[-1].offset + 1})
                limit.count(refused)
    except (KafkaError, OSError) as error:
        raise UnavailableError(f"Kafka at {link.servers}: {type(error).__name__}") from error
    finally:
        await consumer.stop()


async def _commit(consumer: AIOKafkaConsumer, offsets: dict[object, int]) -> None:
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError):
        logger.info("partitions moved before a commit; their records are delivered again")


async def handle(records: Sequence[ConsumerRecord], plan: Plan, outbox: Outbox) -> list[bool]:
    """Send what comes of records, in order; return which were refused, when every output is acknowledged."""
    now = datetime.now(UTC)
    outputs: list[Event] = []
    refused: list[bool] = []
    for record in records:
        result = read(record, plan)
        refused.append(isinstance(result, Refusal))
        if isinstance(result, Refusal):
            outputs.append(dead_letter(STEP, record.topic, record.partition, record, result))
        else:
            outputs += plan.events(result, now)
    await outbox.publish(outputs)
    metrics.CONNECTOR_RECORDS.labels(STEP, "rejected").inc(sum(refused))
    metrics.CONNECTOR_RECORDS.labels(STEP, "accepted").inc(len(refused) - sum(refused))
    return refused


def read(record: ConsumerRecord, plan: Plan) -> FeedbackRecord | Refusal:
    """A record as feedback. Its position is its id, and its timestamp its time, where the mapping names no field for them."""
    try:
        content = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return Refusal(Reason.DECODE, "value: is not JSON")
    if not isinstance(content, dict):
        return Refusal(Reason.DECODE, "value: expected a JSON object")
    written_at = datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)
    result = plan.record(flatten(content), Defaults(f"{record.topic}-{record.partition}-{record.offset}"[-190:], written_at))
    if isinstance(result, FeedbackRecord):
        return result
    return Refusal(Reason.INVALID, "; ".join(f"{fault.field}: {fault.reason}" for fault in result))
