"""Delivers batches of tasks to an OA: in order a task, several tasks at once, each tried until it is through.

While the OA is away everything waits, for as long as it takes. A task on which alone it fails, while others go
through, becomes a dead letter after some attempts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from schemas.dead_letter import Reason
from schemas.ids import make_id
from schemas.task import TaskTrigger
from schemas.task_event import ActorRole, TaskAction, TaskEvent
from streams.errors import ConfigurationError, PermanentSinkError
from streams.oa.breaker import Breaker
from streams.oa.dingtalk import DingTalk
from streams.oa.feishu import Feishu
from streams.oa.form import Suite, suite_of
from streams.oa.office import Office, TaskFailedError
from streams.oa.signing import oa_secret
from streams.oa.webhook import Webhook
from streams.oa.wecom import WeCom
from streams.retry import keep_trying
from streams.settings import Settings
from streams.step import Refusal, Result

STEP = "bridge"

_AT_ONCE = 16
_ATTEMPTS = 10
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

logger = logging.getLogger("tingjian.bridge")


class Courier:
    """Brings tasks to an OA. A task that alone fails `attempts` times is given up."""

    def __init__(self, office: Office, attempts: int = _ATTEMPTS, breaker: Breaker | None = None) -> None:
        self._office, self._breaker, self._most = office, breaker or Breaker(), attempts
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, tasks: Sequence[TaskTrigger]) -> list[Result]:
        """A result a task: its `created` and `delivered` events, or a Refusal where the OA will never take it.

        Muted tasks are not delivered and have no result.
        """
        results: list[Result] = [None] * len(tasks)
        lanes: dict[object, list[int]] = {}
        for at, task in enumerate(tasks):
            if task.muted:
                continue
            lanes.setdefault(task.task_id, []).append(at)

        async def walk(lane: list[int]) -> None:
            for at in lane:
                async with self._slots:
                    results[at] = await self._deliver(tasks[at])

        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(walk(lane))
        return results

    async def _deliver(self, task: TaskTrigger) -> Result:
        attempts = _Attempts(self._breaker, self._most)

        async def once() -> str | None:
            try:
                return await self._breaker.call(lambda: self._office.deliver(task))
            except TaskFailedError as error:
                attempts.failed(error)
                raise

        try:
            number = await keep_trying(STEP, once)
        except PermanentSinkError as error:
            return Refusal(Reason.UNDELIVERABLE, str(error))
        return _events(task, number)


class _Attempts:
    """Counts a task's failures between which others went through."""

    def __init__(self, breaker: Breaker, most: int) -> None:
        self._breaker, self._most, self._count, self._seen = breaker, most, 0, -1

    def failed(self, error: TaskFailedError) -> None:
        """Raises PermanentSinkError when it is enough."""
        if self._breaker.successes != self._seen:
            self._count, self._seen = self._count + 1, self._breaker.successes
        if self._count >= self._most:
            raise PermanentSinkError(f"{error}, {self._most} times while other tasks went through") from error


def _events(task: TaskTrigger, number: str | None) -> tuple[TaskEvent, TaskEvent]:
    """Ids come from the task and its revision, so a second delivery makes the same events."""
    now = datetime.now(UTC)
    created = TaskEvent(
        task_event_id=make_id("task-event", task.task_id, "created"),
        task_id=task.task_id,
        action=TaskAction.CREATED,
        actor="trigger",
        actor_role=ActorRole.SYSTEM,
        occurred_at=task.created_at,
        recorded_at=now,
    )
    delivered = TaskEvent(
        task_event_id=make_id("task-event", task.task_id, "delivered", task.revision),
        task_id=task.task_id,
        action=TaskAction.DELIVERED,
        actor="bridge",
        actor_role=ActorRole.SYSTEM,
        external_id=number,
        attempt=task.revision,
        occurred_at=now,
        recorded_at=now,
    )
    return created, delivered


@asynccontextmanager
async def open_courier(settings: Settings) -> AsyncIterator[Courier]:
    """A courier to the OA of the settings."""
    async with httpx.AsyncClient(timeout=settings.oa_timeout, trust_env=False) as client:
        yield Courier(_office(settings, client))


def _allow_unsigned(url: str) -> None:
    """Without a secret only an OA on this machine gets tasks. Raises ConfigurationError for any other."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise ConfigurationError(
            "VOC_OA_SECRET: is not set, and VOC_OA_URL is another machine's: make one with `openssl rand -base64 32` and give it to the OA"
        )
    logger.warning("tasks go to the OA unsigned and its callbacks are refused: VOC_OA_SECRET is not set")


def _office(settings: Settings, client: httpx.AsyncClient) -> Office:
    """The OA of the settings. Raises ConfigurationError."""
    if settings.oa_kind == "webhook":
        secret = oa_secret(settings)
        if not secret:
            _allow_unsigned(settings.oa_url)
        return Webhook(client, settings.oa_url, secret)
    suites: dict[str, Callable[[httpx.AsyncClient, Suite], Office]] = {"feishu": Feishu, "dingtalk": DingTalk, "wecom": WeCom}
    return suites[settings.oa_kind](client, suite_of(settings))
