"""Runs a step over batches: decode, call the function, send, dead-letter refusals, acknowledge.

What holds for every step:

* a batch is acknowledged after the broker acknowledged every output and every dead letter of it;
* a record that cannot be decoded or used becomes a dead letter with its original bytes, and the stream goes on;
* any other failure ends the process without acknowledging, and its supervisor starts it again from the last commit;
* when too many records are refused in a row, or too large a share of them, the step stops, loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from schemas.base import Event
from schemas.dead_letter import DeadLetter, Header, Reason
from schemas.ids import dead_letter_id
from streams import metrics
from streams.codec import MAX_VALUE_BYTES, decode
from streams.errors import DeadLetterLimitError, StepError
from streams.outbox import Outbox, Outgoing, outgoing
from streams.settings import Settings
from streams.step import BatchHandler, Place, Refusal, Result, Step
from streams.topics import Topic

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


class Runner:
    """One step, ready to process batches of records of one partition."""

    def __init__(self, step: Step, handle: BatchHandler, outbox: Outbox, settings: Settings) -> None:
        self.step = step
        self._handle = handle
        self._outbox = outbox
        self._topics: dict[str, Topic[Any]] = {topic.in_pipeline(settings.topic_prefix): topic for topic in step.reads}
        self._limit = RefusalLimit(settings.dead_letter_run, settings.dead_letter_ratio)

    async def process(self, records: Sequence[ConsumerRecord], generation: int = 0) -> None:
        """Process records in order; return when every output is acknowledged.

        Raises DeliveryError, DeadLetterLimitError, or what the step raised: then nothing may be acknowledged.
        """
        started = metrics.clock()
        schema = self._topics[records[0].topic].schema
        decoded = [decode(schema, record.value) for record in records]
        events = [event for event in decoded if not isinstance(event, Refusal)]
        results = iter(await self._results(events, Place(records[0].topic, records[0].partition, generation)))
        outputs: list[Outgoing] = []
        letters: list[DeadLetter] = []
        refused: list[bool] = []
        for record, event in zip(records, decoded, strict=True):
            refusal, sent = self._outcome(event if isinstance(event, Refusal) else next(results))
            outputs += sent
            refused.append(refusal is not None)
            if refusal is not None:
                letters.append(dead_letter(self.step.name, record, refusal))
        await self._outbox.send(outputs + [outgoing(letter, self._outbox.prefix) for letter in letters])
        metrics.batch_done(self.step.name, started, len(records), events, len(outputs), letters)
        self._limit.count(refused)

    async def _results(self, events: Sequence[Event], place: Place) -> Sequence[Result]:
        if not events:
            return []
        results = await (self._handle(events, place) if self.step.placed else self._handle(events))
        if len(results) != len(events):
            raise StepError(f"{self.step.name}: {len(results)} results for {len(events)} events")
        return results

    def _outcome(self, result: Result) -> tuple[Refusal | None, list[Outgoing]]:
        if result is None:
            return None, []
        if isinstance(result, Refusal):
            return result, []
        events: Iterable[Event] = (result,) if isinstance(result, Event) else result
        records = [outgoing(event, self._outbox.prefix) for event in events]
        if records and max([len(record.value) for record in records]) > MAX_VALUE_BYTES:
            return Refusal(Reason.TOO_LARGE, f"value: its output is larger than {MAX_VALUE_BYTES} bytes"), []
        return None, records


def dead_letter(step: str, record: ConsumerRecord, refusal: Refusal) -> DeadLetter:
    """The dead letter of a record that `step` refused."""
    return DeadLetter(
        dead_letter_id=dead_letter_id(step, record.topic, record.partition, record.offset),
        step=step,
        reason=refusal.reason,
        detail=refusal.detail[:2_000],
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(Header(key=key, value=value) for key, value in record.headers),
        occurred_at=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        failed_at=datetime.now(UTC),
    )
