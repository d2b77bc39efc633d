"""Keeps steps that people took: decided one after the other, on the log of task events as it is then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar

from schemas.task_event import TaskEvent
from streams import metrics
from streams.connectors.delivery import Delivery
from streams.connectors.problems import Problem
from streams.errors import TingjianError, UnavailableError
from streams.follower import Follower
from streams.oa.ledger import Ledger
from streams.settings import Settings
from streams.topics import TASK_EVENTS, TASKS

T = TypeVar("T")

_CATCH_UP_S = 5.0
_FOLLOW_S = 1.0
_RETRY_AFTER = {"Retry-After": "5"}


class Recorder:
    """Follows the log in the background, so that a decision waits for its last records only."""

    def __init__(self, settings: Settings, delivery: Delivery) -> None:
        self._delivery, self._ledger = delivery, Ledger()
        self._follower = Follower(settings, (TASKS, TASK_EVENTS), self._ledger)
        self._one = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the log from now on."""
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        for task in (self._following, self._reading):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self._follower.close()

    async def record(self, decide: Callable[[Ledger], tuple[Sequence[TaskEvent], T]]) -> T:
        """Publish the events that `decide` makes of the ledger; what it says beside them. Raises Problem 503."""
        async with self._one:
            try:
                await asyncio.wait_for(self._catch_up(), _CATCH_UP_S)
                events, said = decide(self._ledger)
                if events:
                    await self._delivery.publish(events)
            except (UnavailableError, TimeoutError) as error:
                raise refusal("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Kafka is away; nothing was kept, send it again") from error
        return said

    async def _catch_up(self) -> None:
        """Wait for a reading that began after this call."""
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._follower.catch_up())
        await asyncio.shield(self._reading)

    async def _follow(self) -> None:
        while True:
            with suppress(TingjianError):
                await self._catch_up()
            await asyncio.sleep(_FOLLOW_S)


def refusal(outcome: str, status: HTTPStatus, detail: str) -> Problem:
    """A callback that is refused, counted by its outcome."""
    metrics.CALLBACKS.labels(outcome).inc()
    headers = _RETRY_AFTER if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return Problem(status, detail, headers=headers)
