"""Alert fatigue: what would say the same again, or more than a recipient can bear in a day, is muted.

A muted task is not delivered; it is kept, counted and shown. Two reasons:

* grouped: another opinion has already made this task (the same conversation and tag; for public opinion the same tag
  and scope within the cool-down). It stands for the repeat.
* daily cap: the recipient has had its share of today. Urgent tasks pass and do not count. A digest lists the rest.

Days are those of a task's creation. What was published before is remembered, by `remember`, so the decisions outlive a
worker and hold for all of them: a task that comes again, as after a restart, gets what it got before.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from codeframe.rules.model import Routing
from codeframe.rules.selection import recipient
from schemas.ids import make_id
from schemas.task import Muted, TaskTrigger

_REMEMBERED_TASKS = 200_000
_REMEMBERED_DAYS = 3


class Fatigue:
    """Decides, task by task, what is delivered."""

    def __init__(self, routing: Routing) -> None:
        self._cap, self._zone = routing.daily_cap, ZoneInfo(routing.hours.timezone)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._made_by: OrderedDict[UUID, UUID] = OrderedDict()
        self._capped: OrderedDict[UUID, None] = OrderedDict()
        self._days: dict[date, dict[tuple[str, str], set[UUID]]] = {}

    def admit(self, task: TaskTrigger, *, urgent: bool) -> TaskTrigger:
        """The task as it is to be published: itself, or muted."""
        opinion = task.verbatims[0].opinion_id
        if self._first(task.task_id, opinion) != opinion:
            own_id = make_id("task", "grouped", task.task_id, opinion)
            return task.model_copy(update={"task_id": own_id, "muted": Muted.GROUPED, "muted_for": task.task_id})
        return task if urgent else self.cap(task)

    def cap(self, task: TaskTrigger) -> TaskTrigger:
        """The task, muted if its recipient has had enough today."""
        admitted = self._admitted(task)
        if task.task_id in admitted:
            return task
        if task.task_id in self._capped or len(admitted) >= self._cap:
            self._keep_capped(task.task_id)
            return task.model_copy(update={"muted": Muted.DAILY_CAP})
        admitted.add(task.task_id)
        return task

    def remember(self, task: TaskTrigger, *, urgent: bool) -> None:
        """Take note of a task that was published, by whichever worker."""
        if task.muted is Muted.GROUPED or task.round:
            return
        self._first(task.task_id, task.verbatims[0].opinion_id)
        if task.muted is Muted.DAILY_CAP:
            self._keep_capped(task.task_id)
        elif not urgent:
            self._admitted(task).add(task.task_id)

    def _first(self, task_id: UUID, opinion: UUID) -> UUID:
        """The opinion that made a task first."""
        made_by = self._made_by.setdefault(task_id, opinion)
        if len(self._made_by) > _REMEMBERED_TASKS:
            self._made_by.popitem(last=False)
        return made_by

    def _admitted(self, task: TaskTrigger) -> set[UUID]:
        """The tasks that the recipient got on the task's day."""
        recipients = self._days.setdefault(task.created_at.astimezone(self._zone).date(), {})
        while len(self._days) > _REMEMBERED_DAYS:
            del self._days[min(self._days)]
        return recipients.setdefault(recipient(task), set())

    def _keep_capped(self, task_id: UUID) -> None:
        self._capped[task_id] = None
        if len(self._capped) > _REMEMBERED_TASKS:
            self._capped.popitem(last=False)
