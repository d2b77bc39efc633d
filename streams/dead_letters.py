"""Reads dead letters from their topic, and sends them back to the topics that they came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.dead_letter import DeadLetter
from streams.admin import end_offsets, partitions_of
from streams.codec import decode
from streams.errors import UnavailableError
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import DEAD_LETTERS, TOPICS

_POLL_MS = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: None means any."""

    step: str | None = None
    reason: str | None = None
    id: str | None = None

    def takes(self, letter: DeadLetter) -> bool:
        """Whether a letter is among them; an id may be given by its beginning."""
        return (
            (self.step is None or letter.step == self.step)
            and (self.reason is None or letter.reason.value == self.reason)
            and (self.id is None or str(letter.dead_letter_id).startswith(self.id))
        )


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
    except (KafkaError, OSError) as error:
        await consumer.stop()
        raise UnavailableError(f"Kafka at {settings.kafka} does not answer: check VOC_KAFKA") from error
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read(settings: Settings, selection: Selection) -> list[DeadLetter]:
    """The selected dead letters that the topic holds now, oldest first, each once."""
    name = DEAD_LETTERS.in_pipeline(settings.topic_prefix)
    letters: dict[str, DeadLetter] = {}
    async with _consumer(settings) as consumer:
        partitions = await partitions_of(consumer, name)
        if not partitions:
            return []
        ends = await end_offsets(consumer, partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    letter = decode(DeadLetter, record.value)
                    if not isinstance(letter, Refusal) and selection.takes(letter):
                        letters[str(letter.dead_letter_id)] = letter
    return sorted(letters.values(), key=lambda letter: letter.failed_at)


def replayable(settings: Settings, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Those that can go back: their bytes are there, and their topic is the pipeline's own and not the company's."""
    ours = {topic.in_pipeline(settings.topic_prefix) for topic in TOPICS}
    return [letter for letter in letters if letter.value is not None and letter.topic in ours]


async def replay(settings: Settings, letters: Sequence[DeadLetter]) -> int:
    """Send the original bytes of replayable letters back to the topics that they came from; return how many.

    Ids are deterministic, so a letter that is replayed twice counts once. Every step that reads the topic sees it.
    """
    usable = replayable(settings, letters)
    async with Outbox(settings) as outbox:
        await outbox.send([Outgoing(letter.topic, letter.key, letter.value or b"") for letter in usable])
    return len(usable)
