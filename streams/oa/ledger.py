"""The state of every task, from the log of its events: a running view, bounded to the tasks that moved last."""

from __future__ import annotations

from uuid import UUID

from schemas.base import Event
from schemas.task import TaskTrigger
from schemas.task_event import TaskAction, TaskEvent
from streams.connectors.limits import Recent
from streams.oa.feishu import instance_uuid
from streams.oa.life import State, after

_TASKS = 500_000
_EVENTS = 200_000


class Ledger:
    """Where the last `size` tasks stand that were made or moved, and the OA's numbers for them."""

    def __init__(self, size: int = _TASKS) -> None:
        self._size = size
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._states = Recent[UUID, State](self._size)
        self._early = Recent[UUID, State](self._size)
        self._tasks = Recent[str, UUID](self._size)
        self._seen = Recent[UUID, None](_EVENTS)

    def read(self, event: Event) -> None:
        """Take in a task or a step. Topics are read side by side, so a step may come before its task."""
        if isinstance(event, TaskTrigger) and not event.muted:
            state = self._early.pop(event.task_id, State.CREATED)
            self._states[event.task_id] = self._states.get(event.task_id, state)
            self._tasks[instance_uuid(event)] = event.task_id
        elif isinstance(event, TaskEvent) and event.task_event_id not in self._seen:
            self._seen[event.task_event_id] = None
            states = self._states if event.task_id in self._states else self._early
            states[event.task_id] = after(states.get(event.task_id, State.CREATED), event)
            if event.action is TaskAction.DELIVERED and event.external_id:
                self._tasks[event.external_id] = event.task_id

    def state(self, task_id: UUID) -> State | None:
        """Where a task stands; None where no task has this id."""
        return self._states.get(task_id)

    def task_of(self, number: str) -> UUID | None:
        """The task that the OA knows by a number."""
        return self._tasks.get(number)

    def has(self, task_event_id: UUID) -> bool:
        """Whether an event is among those read lately."""
        return task_event_id in self._seen
