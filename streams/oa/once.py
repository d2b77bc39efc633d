"""Makes one approval a task in suites that take the same request twice without noticing: DingTalk and WeCom.

Where an approval may be there already, the suite's own list is read before one is made: after an attempt whose outcome
is unknown, for a task that is not fresh (an earlier worker may have sent it), and for later evidence of a task. What is
looked for is the key in the form field `task_id`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from schemas.task import ROUND, TaskTrigger
from streams.connectors.limits import Recent
from streams.errors import PermanentSinkError
from streams.oa.office import OutcomeUnknownError, TaskFailedError

_FRESH = timedelta(seconds=2)
"""A worker that dies is not replaced sooner, so a task younger than that was sent by nobody else."""
_SETTLE_S = 2.0
"""How long a suite may take to list what it made."""
_GOOD_FOR_S = 5.0
_OVERLAP = timedelta(minutes=2)
_FARTHEST = timedelta(days=7)
_REMEMBERED = 100_000


class Listing(Protocol):
    """A suite's list of approvals."""

    def numbers(self, begin: datetime, end: datetime) -> AsyncIterator[str]:
        """Numbers of the approvals made in [begin, end). Raises RetryableSinkError."""
        ...

    async def key(self, number: str) -> str | None:
        """What an approval's field `task_id` says, if it has one. Raises RetryableSinkError."""
        ...


def key_of(task: TaskTrigger) -> str:
    """What stands for one approval: a task in one round. Later evidence does not make another."""
    return f"{task.task_id}.{task.round}"


class Once:
    """Makes approvals, none twice. One worker's memory of keys, backed by the suite's list."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._numbers = Recent[str, str](_REMEMBERED)
        self._read = Recent[str, None](_REMEMBERED)
        self._unsure: dict[str, float] = {}
        self._begin: datetime | None = None
        self._end = datetime.min.replace(tzinfo=UTC)
        self._listed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def make(self, task: TaskTrigger, create: Callable[[], Awaitable[str]]) -> str:
        """The number of the task's approval, which `create` makes if there is none. Raises what `create` raises."""
        key = key_of(task)
        if key not in self._numbers and (key in self._unsure or _may_be_there(task)):
            await self._look_up(key, _since(task))
        if key not in self._numbers:
            try:
                number = await create()
            except (OutcomeUnknownError, TaskFailedError):
                self._unsure[key] = time.monotonic()
                raise
            self._numbers[key] = number
        self._unsure.pop(key, None)
        return self._numbers[key]

    async def _look_up(self, key: str, since: datetime) -> None:
        """Read the list as far back as `since`, and as far on as the last attempt."""
        tried = self._unsure.get(key, float("-inf"))
        await asyncio.sleep(max(0.0, tried + _SETTLE_S - time.monotonic()))
        async with self._lock:
            now = time.monotonic()
            covers = self._begin is not None and self._begin <= since
            if covers and self._listed_at > tried and now - self._listed_at < _GOOD_FOR_S:
                return
            end = datetime.now(UTC)
            begin = since if self._begin is None or since < self._begin else self._end - _OVERLAP
            try:
                await self._read_list(begin, end + _OVERLAP)
            except PermanentSinkError as error:
                raise TaskFailedError(f"{error}; the application must be allowed to read approvals") from error
            self._begin = min(begin, self._begin or begin)
            self._end, self._listed_at = end, now

    async def _read_list(self, begin: datetime, end: datetime) -> None:
        async for number in self._listing.numbers(begin, end):
            if number not in self._read:
                found = await self._listing.key(number)
                self._read[number] = None
                if found:
                    self._numbers[found] = number


def _may_be_there(task: TaskTrigger) -> bool:
    return datetime.now(UTC) - task.created_at > _FRESH or task.revision % ROUND > 1


def _since(task: TaskTrigger) -> datetime:
    """A moment before which the task's approval was not made, or so long ago that nobody tries again."""
    first = min(task.created_at, *(one.occurred_at for one in task.verbatims))
    return max(first, datetime.now(UTC) - _FARTHEST) - _OVERLAP
