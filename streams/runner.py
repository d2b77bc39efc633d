"""Runs a step over batches: decode, call the function, send, dead-letter refusals, acknowledge.

What holds for every step:

* a batch is acknowledged after the broker acknowledged every output and every dead letter of it;
* batches that wait are processed together, and while the outputs of one round are on their way the next is worked on;
* a record that cannot be decoded or used becomes a dead letter with its original bytes, and the stream goes on;
* any other failure ends the process without acknowledging, and its supervisor starts it again from the last commit;
* when too many records are refused in a row, or too large a share of them, the step stops, loudly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.base import Event
from schemas.dead_letter import DeadLetter, Header, Reason
from schemas.ids import dead_letter_id
from streams import metrics
from streams.codec import MAX_VALUE_BYTES, decode
from streams.errors import DeadLetterLimitError, StepError
from streams.outbox import Outbox, Outgoing, outgoing
from streams.records import Record
from streams.rounds import Rounds
from streams.settings import Settings
from streams.step import BatchHandler, Place, Refusal, Result, Step
from streams.topics import TOPIC_OF, Topic
from streams.transport import Batch

_WINDOW = 10_000


class RefusalLimit:
    """Counts refused records; raises DeadLetterLimitError over a run length, or over a share of a full window."""

    def __init__(self, run: int, ratio: float) -> None:
        self._run_limit, self._ratio_limit = run, ratio
        self._run = self._seen = self._refused = 0

    def count(self, refused: Sequence[bool]) -> None:
        """Take note of records in order: True where one was refused."""
        for bad in refused:
            self._run = self._run + 1 if bad else 0
            if self._run_limit and self._run >= self._run_limit:
                raise DeadLetterLimitError(f"{self._run} records in a row were refused: fix what sends them, see `voc dead-letters list`")
        self._seen += len(refused)
        self._refused += sum(refused)
        if self._seen >= _WINDOW:
            if self._ratio_limit < 1 and self._refused > self._ratio_limit * self._seen:
                raise DeadLetterLimitError(f"{self._refused} of the last {self._seen} records were refused, see `voc dead-letters list`")
            self._seen = self._refused = 0


@dataclass(frozen=True, slots=True)
class Read:
    """A batch, and its records decoded, in order."""

    batch: Batch
    decoded: list[Event | Refusal]


@dataclass(frozen=True, slots=True)
class Done:
    """What a round of batches became: outputs and dead letters to send, and which records were refused."""

    started: float
    batches: list[Batch]
    events: list[Event]
    outputs: list[Outgoing]
    letters: list[DeadLetter]
    refused: list[bool]


class Runner:
    """One step, ready to process batches."""

    def __init__(self, step: Step, handle: BatchHandler, outbox: Outbox, settings: Settings) -> None:
        self.step = step
        self._handle = handle
        self._outbox = outbox
        self._topics: dict[str, Topic[Any]] = {topic.in_pipeline(settings.topic_prefix): topic for topic in step.reads}
        self._limit = RefusalLimit(settings.dead_letter_run, settings.dead_letter_ratio)
        self._most = step.batch_records or settings.batch_records

    async def run(self, batches: AsyncIterator[Batch]) -> None:
        """Process batches in order, and acknowledge each; return at the end of the batches.

        Raises DeliveryError, DeadLetterLimitError, or what the step raised: then nothing more may be acknowledged.
        """
        delivering: asyncio.Task[None] | None = None
        async with Rounds(batches, self._read, self._most, alone=self.step.placed) as rounds:
            try:
                while taken := await rounds.take():
                    current = [read for read in taken if read.batch.current]
                    for read in taken:
                        if not read.batch.current:
                            read.batch.drop()
                    if not current:
                        continue
                    done = await self._work(current)
                    if delivering is not None:
                        await delivering
                    delivering = asyncio.create_task(self._deliver(done))
                    delivering.add_done_callback(lambda task: _tell(rounds, task))
                if delivering is not None:
                    await delivering
            finally:
                if delivering is not None and delivering.cancel():
                    with suppress(asyncio.CancelledError):
                        await delivering

    def _read(self, batch: Batch) -> Read:
        schema = self._topics[batch.topic].schema
        return Read(batch, [decode(schema, record.value) for record in batch.records])

    async def _work(self, taken: Sequence[Read]) -> Done:
        done = Done(metrics.clock(), [read.batch for read in taken], [], [], [], [])
        done.events.extend(event for read in taken for event in read.decoded if not isinstance(event, Refusal))
        first = taken[0].batch
        results = iter(await self._results(done.events, Place(first.topic, first.partition, first.generation)))
        for read in taken:
            for record, event in zip(read.batch.records, read.decoded, strict=True):
                outcome = self._outcome(event if isinstance(event, Refusal) else next(results))
                done.refused.append(isinstance(outcome, Refusal))
                if isinstance(outcome, Refusal):
                    done.letters.append(dead_letter(self.step.name, read.batch.topic, read.batch.partition, record, outcome))
                else:
                    done.outputs.extend(outcome)
        return done

    async def _deliver(self, done: Done) -> None:
        await self._outbox.send(done.outputs + [outgoing(letter, self._outbox.prefix) for letter in done.letters])
        metrics.batch_done(self.step.name, done.started, len(done.refused), done.events, len(done.outputs), done.letters)
        self._limit.count(done.refused)
        for batch in done.batches:
            batch.ack()

    async def _results(self, events: Sequence[Event], place: Place) -> Sequence[Result]:
        if not events:
            return []
        results = await (self._handle(events, place) if self.step.placed else self._handle(events))
        if len(results) != len(events):
            raise StepError(f"{self.step.name}: {len(results)} results for {len(events)} events")
        return results

    def _outcome(self, result: Result) -> Refusal | list[Outgoing]:
        """What to send of a result, or why its record is refused."""
        if result is None:
            return []
        if isinstance(result, Refusal):
            return result
        # Not isinstance: of a model it asks pydantic's metaclass, in Python.
        events: Iterable[Event] = (result,) if type(result) in TOPIC_OF else result  # type: ignore[assignment]
        records = [outgoing(event, self._outbox.prefix) for event in events]
        for record in records:
            if len(record.value) > MAX_VALUE_BYTES:
                return Refusal(Reason.TOO_LARGE, f"value: its output is larger than {MAX_VALUE_BYTES} bytes")
        return records


def _tell(rounds: Rounds[Read], delivering: asyncio.Task[None]) -> None:
    """A failed delivery ends the step even while it waits for records."""
    if not delivering.cancelled() and (error := delivering.exception()) is not None:
        rounds.fail(error)


def dead_letter(step: str, topic: str, partition: int, record: Record, refusal: Refusal) -> DeadLetter:
    """The dead letter of a record that `step` refused."""
    return DeadLetter(
        dead_letter_id=dead_letter_id(step, topic, partition, record.offset),
        step=step,
        reason=refusal.reason,
        detail=refusal.detail[:2_000],
        topic=topic,
        partition=partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(Header(key=key, value=value) for key, value in record.headers),
        occurred_at=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        failed_at=datetime.now(UTC),
    )
