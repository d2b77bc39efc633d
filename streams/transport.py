"""A Faust transport that hands an agent one message a partition a poll: its value is the list of records.

Faust's cost is a chain of tasks and awaits a message; a batch pays it once. The guarantee, in one place:

* **At least once.** Progress is a chain of half-open ranges. Every fetched batch covers [begin, end), where `begin`
  is the position the fetcher held before it, recorded in the consumer's own thread, where fetches and seeks are
  serial. The committed offset is the end of the unbroken chain of acknowledged ranges, so offset holes (compaction,
  transaction markers) are covered, and a batch that was fetched and never processed leaves a hole that stops the
  commit instead of being skipped.
* **Acknowledged means done.** A batch is acknowledged by `Batch.ack()` only, after every output of it was
  acknowledged by the broker or stored. An exception acknowledges nothing.
* **Order.** Batches of a partition arrive and are processed one after the other.
* **Rebalance.** Flow stops, queued batches are dropped (they are holes), and the new owner begins at the last
  commit: a batch in flight may be delivered twice, none is lost. Ids are deterministic, so sinks see no duplicate.

Only topics declared with `BatchSchema` are batched; changelog, assignor and reply topics pass as Faust knows them.
Registered under the entry point group `faust.transports` as `tingjian://`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import faust
from faust.transport.consumer import ack_lock, ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage
from mode.utils.futures import notify

from streams.records import Fetched, Record

NAME = "tingjian"

# aiokafka has one fetch a broker in flight: while it waits for a partition that has nothing, busy ones wait too.
_LONGEST_FETCH_MS = 100
_PRESSURE_S = 0.005


class BatchSchema(faust.Schema):
    """Marks a topic as batched, and leaves decoding to the step runner."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value

    def loads(self, app: Any, message: Any, **kwargs: Any) -> tuple[None, Any]:
        return None, message.value


class BatchMessage(ConsumerMessage):
    """A Faust message whose value is a list of records that covers the offsets [begin, end)."""

    __slots__ = ("begin", "end")


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition, in order, and their acknowledgement."""

    records: list[Record]
    event: Any

    @property
    def topic(self) -> str:
        """The topic's name on the broker."""
        return str(self.event.message.topic)

    @property
    def partition(self) -> int:
        return int(self.event.message.partition)

    @property
    def generation(self) -> int:
        """Grows with every new assignment of partitions to this worker."""
        return int(self.event.message.generation_id)

    @property
    def current(self) -> bool:
        """Whether it is still this worker's to begin: not once partitions have moved, or the worker is told to end."""
        app = self.event.app
        return not app.should_stop and bool(self.event.message.generation_id == app.consumer_generation_id)

    def drop(self) -> None:
        """Leave it: it will be delivered again."""
        self.event.app.consumer.drop(self.event.message)

    def ack(self) -> None:
        """Say that every output of this batch is safe."""
        self.event.ack()


async def batches(stream: Any) -> AsyncIterator[Batch]:
    """The batches of a Faust stream over batched topics: `async for batch in batches(stream)`."""
    async for event in stream.noack().events():
        yield Batch(event.value, event)


class Progress:
    """The next offset to commit of each partition, from ranges acknowledged in any order, by any thread."""

    def __init__(self) -> None:
        self.next: dict[TP, int] = {}
        self._ahead: dict[TP, dict[int, int]] = {}
        self._lock = Lock()

    def start(self, tp: TP, offset: int | None) -> None:
        """Begin a chain at `offset`, or, if it is None, at the first batch that comes."""
        with self._lock:
            self._ahead[tp] = {}
            if offset is None:
                self.next.pop(tp, None)
            else:
                self.next[tp] = offset

    def done(self, tp: TP, begin: int, end: int) -> None:
        """Take [begin, end) as processed. Ranges of a partition that is no longer ours are ignored."""
        with self._lock:
            position = self.next.get(tp)
            if position is None:
                return
            ahead = self._ahead[tp]
            if begin > position:
                ahead[begin] = max(end, ahead.get(begin, 0))
                return
            position = max(position, end)
            while ahead and (first := min(ahead)) <= position:
                position = max(position, ahead.pop(first))
            self.next[tp] = position

    def drop(self, tps: Iterable[TP]) -> None:
        """Forget partitions that were revoked."""
        with self._lock:
            for tp in tps:
                self.next.pop(tp, None)
                self._ahead.pop(tp, None)


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Owns the fetch position of each batched partition."""

    consumer: Consumer

    def __post_init__(self) -> None:
        super().__post_init__()
        self.position: dict[TP, int | None] = {}

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # Faust offers it with exactly-once only
        consumer._fetch_max_wait_ms = _LONGEST_FETCH_MS
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        self._ensure_consumer()._fetcher._records = Fetched(lambda topic: topic in self.consumer.batched)

    def highwater(self, tp: TP) -> int | None:
        """The end of a partition for its readers: records of an open transaction are not there yet."""
        consumer = self._ensure_consumer()
        stable: int | None = consumer.last_stable_offset(tp)
        end: int | None = consumer.highwater(tp)
        return end if stable is None or stable < 0 else stable

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> dict[TP, Any]:
        fetched = await super()._fetch_records(consumer, *args, **kwargs)
        ranged = {ensure_TP(tp): self._ranged(consumer, ensure_TP(tp), records) for tp, records in fetched.items() if records}
        self._pass_over(consumer, ranged)
        return ranged

    def _ranged(self, consumer: Any, tp: TP, records: list[Record]) -> Any:
        if tp.topic not in self.consumer.batched:
            return records
        begin = self.position.get(tp)
        if begin is None:
            begin = records[0].offset
            self.consumer.progress.start(tp, begin)
        self.position[tp] = end = max(records[-1].offset + 1, _position(consumer, tp) or 0)
        return begin, end, records

    def _pass_over(self, consumer: Any, fetched: Container[TP]) -> None:
        """Take offsets that hold no record for us as processed: transaction markers, aborted or deleted records."""
        for tp, before in self.position.items():
            now = None if before is None or tp in fetched else _position(consumer, tp)
            if before is not None and now is not None and now > before:
                self.position[tp] = now
                self.consumer.progress.done(tp, before, now)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        result: Mapping[TP, int] = await self.call_thread(self._seek_to_committed)
        return result

    async def _seek_to_committed(self) -> Mapping[TP, int]:
        committed: Mapping[TP, int] = await self._ensure_consumer().seek_to_committed()
        for unsafe_tp, offset in committed.items():
            tp = ensure_TP(unsafe_tp)
            start = offset if offset is not None and offset >= 0 else None
            self.position[tp] = start
            if tp.topic in self.consumer.batched:
                self.consumer.progress.start(tp, start)
        return committed


def _position(consumer: Any, tp: TP) -> int | None:
    """The offset that the fetcher hands out next, if it knows."""
    assignment = consumer._subscription.subscription.assignment
    if assignment is None or tp not in assignment.tps:
        return None
    state = assignment.state_value(tp)
    return int(state.position) if state.has_valid_position else None


class Consumer(driver.Consumer):
    """Faust's Kafka consumer, delivering batches and committing chains of ranges."""

    progress: Progress

    @property
    def batched(self) -> frozenset[str]:
        """Names of the topics whose records come in batches."""
        return frozenset(name for topic in self.app.topics for name in topic.topics if isinstance(topic.schema, BatchSchema))

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _reset_state(self) -> None:
        super()._reset_state()
        self.progress = Progress()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Yield a batch of each partition that has one; nothing while flow is stopped."""
        if self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            await self.sleep(_PRESSURE_S)  # the step has enough of every partition; Faust would look again after a second
            return
        fetched, _active = await self._wait_next_records(timeout)
        if fetched is None or self.should_stop:
            return
        if not self.flow_active:
            try:
                await self.perform_seek()
            except Exception as error:  # the broker may be away during a rebalance; the next poll tries again
                self.log.warning("seek while paused: %s", type(error).__name__)
            return
        generation = self.app.consumer_generation_id
        for tp, entry in fetched.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                break  # the rest are holes: they come again after the seek that ends a rebalance
            if isinstance(entry, tuple):
                yield tp, self._batch_message(tp, *entry)
            else:
                for record in entry:
                    yield tp, self._to_message(tp, record)

    def _batch_message(self, tp: TP, begin: int, end: int, records: list[Record]) -> BatchMessage:
        last = records[-1]
        message = BatchMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            (),
            None,
            records,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )
        message.begin, message.end = begin, end
        return message

    async def _drain_messages(self, fetcher: Any) -> None:
        consumer_stopped, fetcher_stopped = self._stopped.is_set, fetcher._stopped.is_set
        try:
            while not (consumer_stopped() or fetcher_stopped()):
                polled = self.getmany(timeout=1.0)
                await self.sleep(0)
                async for _tp, message in polled:
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not fetcher_stopped():  # told to stop in a rebalance: Faust starts it again; raising would end the worker
                raise

    def ack(self, message: Any) -> bool:
        """Take a batch as processed; other messages go Faust's way."""
        if not isinstance(message, BatchMessage):
            return bool(super().ack(message))
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
            if self.app.topics.acks_enabled_for(message.topic):
                self.progress.done(message.tp, message.begin, message.end)
            notify(self._waiting_for_ack)
            return True

    def drop(self, message: Any) -> None:
        """Leave a batch unacknowledged; the end of the worker no longer waits for it."""
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:
        wanted = [tp for tp in self.progress.next if topics is None or tp in topics or tp.topic in topics]
        return wanted + list(super()._filter_tps_with_pending_acks(topics))

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic in self.batched:
            return self.progress.next.get(tp)
        offset: int | None = super()._new_offset(tp)
        return offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        self.progress.drop(revoked)


class Transport(driver.Transport):
    """`tingjian://host:port[;host:port]`."""

    Consumer = Consumer
