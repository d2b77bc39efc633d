"""Alert fatigue: what would say the same again, or more than a recipient can bear in a day, is muted.

A muted task is not delivered; it is kept, counted and shown. Two reasons:

* grouped: another opinion has already made this task (the same conversation and tag; for public opinion the same tag
  and scope within the cool-down). It stands for the repeat.
* daily cap: the recipient has had its share of today. Urgent tasks pass and do not count. A digest lists the rest.

The memory is that of one worker, by event time. An opinion that comes again, as after a restart, gets what it got before.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from codeframe.rules.model import Routing
from schemas.ids import make_id
from schemas.task import Muted, TaskTrigger

_REMEMBERED_TASKS = 200_000
_REMEMBERED_DAYS = 3


class Fatigue:
    """Decides, task by task, what is delivered."""

    def __init__(self, routing: Routing) -> None:
        self._cap, self._zone = routing.daily_cap, ZoneInfo(routing.hours.timezone)
        self._made_by: OrderedDict[UUID, UUID] = OrderedDict()
        self._days: OrderedDict[date, dict[tuple[str, str], set[UUID]]] = OrderedDict()

    def admit(self, task: TaskTrigger, *, urgent: bool) -> TaskTrigger:
        """The task as it is to be published: itself, or muted."""
        opinion = task.verbatims[0].opinion_id
        if self._first(task.task_id, opinion) != opinion:
            own_id = make_id("task", "grouped", task.task_id, opinion)
            return task.model_copy(update={"task_id": own_id, "muted": Muted.GROUPED, "muted_for": task.task_id})
        if urgent or self._has_room(task):
            return task
        return task.model_copy(update={"muted": Muted.DAILY_CAP})

    def _first(self, task_id: UUID, opinion: UUID) -> UUID:
        """The opinion that made a task first."""
        made_by = self._made_by.setdefault(task_id, opinion)
        if len(self._made_by) > _REMEMBERED_TASKS:
            self._made_by.popitem(last=False)
        return made_by

    def _has_room(self, task: TaskTrigger) -> bool:
        """Whether the recipient takes it today."""
        day = task.created_at.astimezone(self._zone).date()
        recipients = self._days.setdefault(day, {})
        while len(self._days) > _REMEMBERED_DAYS:
            del self._days[min(self._days)]
        admitted = recipients.setdefault((task.owner_queue, task.attributes.dealer or ""), set())
        if task.task_id not in admitted and len(admitted) >= self._cap:
            return False
        admitted.add(task.task_id)
        return True
