"""The state of every task, read from the log of its events; as fresh as the log each time it is asked."""

from __future__ import annotations

from uuid import UUID

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from streams.admin import create_topics, partitions_of
from streams.codec import decode
from streams.connectors.limits import Recent
from streams.errors import UnavailableError
from streams.oa.life import State, after
from streams.settings import Settings
from streams.topics import TASK_EVENTS, TASKS

_REMEMBERED_EVENTS = 200_000
_POLL_MS = 200
_WAIT_MS = 50


class Ledger:
    """Follows the task topics without a group. Not for use by several callers at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tasks = TASKS.in_pipeline(settings.topic_prefix)
        self._events = TASK_EVENTS.in_pipeline(settings.topic_prefix)
        self._consumer: AIOKafkaConsumer | None = None
        self._forget()

    def _forget(self) -> None:
        self._states: dict[UUID, State] = {}
        self._known: set[UUID] = set()
        self._seen = Recent(_REMEMBERED_EVENTS)

    async def catch_up(self) -> None:
        """Read to the end of the log as it is now. Raises UnavailableError where Kafka is away."""
        try:
            consumer = self._consumer or await self._open()
            ends = await consumer.end_offsets(consumer.assignment())
            while [partition for partition, end in ends.items() if await consumer.position(partition) < end]:
                for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    for record in records:
                        self._read(record.topic, record.value)
        except (KafkaError, OSError) as error:
            await self.close()
            raise UnavailableError("Kafka does not answer") from error

    def state(self, task_id: UUID) -> State | None:
        """Where a task stands; None where no task has this id."""
        return self._states.get(task_id, State.CREATED) if task_id in self._known else None

    def has(self, task_event_id: UUID) -> bool:
        """Whether an event is among those read lately."""
        return task_event_id in self._seen

    async def close(self) -> None:
        """Disconnect; the next use reads the log anew."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()
        self._forget()

    async def _open(self) -> AIOKafkaConsumer:
        await create_topics(self._settings)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_WAIT_MS,
        )
        try:
            await consumer.start()
            consumer.assign(await partitions_of(consumer, self._tasks) + await partitions_of(consumer, self._events))
            await consumer.seek_to_beginning()
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer
        return consumer

    def _read(self, topic: str, value: bytes | None) -> None:
        if topic == self._tasks:
            task = decode(TaskTrigger, value)
            if isinstance(task, TaskTrigger):
                self._known.add(task.task_id)
            return
        event = decode(TaskEvent, value)
        if isinstance(event, TaskEvent) and event.task_event_id not in self._seen:
            self._seen.add(event.task_event_id)
            self._states[event.task_id] = after(self._states.get(event.task_id, State.CREATED), event)
