"""Give causes their late evidence: business facts, other words of the conversation.  voc.context.v1, voc.coded.v1 -> voc.coded.v1

Reads: voc.context.v1, voc.coded.v1.  Writes: voc.coded.v1 (the same ids, a revision one higher, where the causes differ) and
voc.context.v1 (facts for a person's other accounts).
Delivery: at least once.  Both topics are keyed by customer and have the same number of partitions, which Faust's assignor
gives to workers in pairs of one number; so whichever comes second, the fact or the utterance, meets the other in memory.
Memory: a customer's facts and lately coded utterances, bounded by time and number, for one assignment of partitions. It is
made again from the two topics when this worker gets a partition, after a crash or a rebalance, and everything in it is
then compared anew, so that no evidence is lost in between. It is what a Faust table would be, with the two topics as its
changelog: docs/analysis.md says why.
Frames: one announced on voc.frames.v1 takes the place of the one in force between two batches; memory is made again.
Loops: a correction comes back, is found right, and nothing is published.  Bad input: dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from codeframe.causes.memory import Memory
from codeframe.live import LiveAttributor
from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.context import ContextEvent
from streams.announcements import following_frames
from streams.replay import replay
from streams.settings import Settings
from streams.step import BatchHandler, Place, Result, batch_step
from streams.topics import CODED, CONTEXT

logger = logging.getLogger("tingjian.attribute")


class Partitions:
    """The memory of each partition that this worker has in the present assignment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.live = LiveAttributor(settings.codeframe, settings.causes)
        self._attributor = self.live.current
        self._facts_for, self._said_for = timedelta(days=settings.context_days), timedelta(days=settings.evidence_days)
        self._memories: dict[int, Memory] = {}
        self._generation = -1

    async def attribute(self, events: Sequence[Event], place: Place) -> list[Result]:
        """Corrections and facts to hand on, for each event of a batch."""
        if (place.generation, self.live.current) != (self._generation, self._attributor):
            self._generation, self._attributor = place.generation, self.live.current
            self._memories.clear()
        corrections: list[Event] = []
        if place.partition not in self._memories:
            self._memories[place.partition] = await self._remember(place.partition)
            corrections = list(self._memories[place.partition].correct_all(datetime.now(UTC)))
        memory = self._memories[place.partition]
        memory.forget(datetime.now(UTC) - max(self._facts_for, self._said_for))
        results: list[list[Event]] = [self._take(memory, event) for event in events]
        results[0] = corrections + results[0]
        return list(results)

    def _take(self, memory: Memory, event: Event) -> list[Event]:
        now = datetime.now(UTC)
        if isinstance(event, CodedUtterance):
            memory.hear(event)
            return list(memory.correct_conversation(event, now))
        assert isinstance(event, ContextEvent)  # noqa: S101 - the two topics that the step reads
        memory.learn(event)
        return [*memory.handed_on(event), *memory.correct_customer(event.customer_id, now)]

    async def _remember(self, partition: int) -> Memory:
        settings, now = self._settings, datetime.now(UTC)
        memory = Memory(self._attributor, self._facts_for, self._said_for)
        async for fact in replay(settings, CONTEXT, partition, now - self._facts_for):
            memory.learn(fact)
        async for coded in replay(settings, CODED, partition, now - self._said_for):
            memory.hear(coded)
        logger.info("partition %d: %d customers remembered", partition, len(memory))
        return memory


@batch_step(reads=(CONTEXT, CODED), writes=(CODED, CONTEXT), placed=True)
@asynccontextmanager
async def attribute(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Correct causes when evidence comes."""
    partitions = Partitions(settings)
    async with following_frames(settings, "attribute", partitions.live):
        yield partitions.attribute
