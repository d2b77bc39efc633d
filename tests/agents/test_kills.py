"""Workers of trigger and bridge killed again and again while the OA fails: every task once in the OA, history complete."""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.coded import CodedUtterance
from schemas.ids import make_id
from schemas.task_event import TaskEvent
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.oa.inbox import Inbox
from streams.oa.sandbox import Sandbox
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import TASK_EVENTS
from tests.golden import example
from tests.streams.oa.serving import serving
from tests.streams.running import drain, settings_for
from tests.streams.workers import supervised, voc_workers

_PATIENCE_S = 180.0
SECRET = SecretStr(base64.b64encode(b"secret of the tests").decode())


class Failing:
    """An OA that fails a share of the calls: half of them before it keeps the task, half after."""

    def __init__(self, app: ASGIApp, share: float, seed: int) -> None:
        self._app, self._share, self._random = app, share, random.Random(seed)
        self.calls = self.failed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.calls += 1
        luck = self._random.random()
        if luck >= self._share:
            await self._app(scope, receive, send)
            return
        self.failed += 1
        if luck < self._share / 2:
            await self._app(scope, receive, _nowhere)
        await Response(status_code=self._random.choice((500, 503)))(scope, receive, send)


async def _nowhere(_: Message) -> None:
    """An answer that is lost on its way."""


def dangerous(count: int) -> list[CodedUtterance]:
    """Safety complaints of as many customers: each must make one task."""
    return [
        example(
            CodedUtterance,
            "voc.coded.v1/deposit",
            utterance_id=uuid4(),
            conversation_id=f"c{number}",
            customer_id=f"c{number}",
            opinion={"severity": "safety", "opinion_id": str(uuid4())},
        )
        for number in range(count)
    ]


def expected(events: Sequence[CodedUtterance]) -> set[UUID]:
    return {make_id("task", "safety", event.source, event.conversation_id, event.opinions[0].tag) for event in events}


async def wait_for(inbox: Inbox, count: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while inbox.count() < count:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)


async def history_of(settings: Settings, different: int) -> set[tuple[UUID, str]]:
    """The steps of all tasks, read until there are so many different ones: after a kill the last of them come late, and others twice."""
    history: set[tuple[UUID, str]] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            while len(history) < different:
                events = [TaskEvent.model_validate_json(record.value) for record in await drain(settings, TASK_EVENTS, different, 60)]
                history = {(event.task_id, event.action.value) for event in events}
    return history


async def run(broker: EmbeddedBroker, folder: Path, *, tasks: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Send complaints, and kill a worker each time that some more are through; what OA and history hold in the end."""
    settings = settings_for(broker.bootstrap, f"k{uuid4().hex[:8]}.", folder, oa_secret=SECRET, partitions=4)
    await create_topics(settings)
    events, luck = dangerous(tasks), random.Random(seed)
    oa = Failing(Sandbox(settings).app(), 0.2, seed)
    async with serving(oa) as url:
        settings = settings.model_copy(update={"oa_url": f"{url}/oa/tasks", "batch_records": 50})
        inbox = Inbox(folder / "oa-sandbox.sqlite")
        workers = voc_workers(settings, folder, "trigger,bridge")
        async with Outbox(settings) as outbox, supervised(workers):
            await outbox.publish(events)
            for kill in range(1, kills + 1):
                await wait_for(inbox, kill * tasks // (kills + 1))
                luck.choice(workers).kill()
            await wait_for(inbox, tasks)
            history = await history_of(settings, 2 * tasks)
    kept = [received.task.task_id for received in inbox.tasks()]
    inbox.close()
    return {"kept": Counter(kept), "expected": expected(events), "history": history, "calls": oa.calls, "failed": oa.failed}


def check(result: dict[str, Any]) -> None:
    assert set(result["kept"]) == result["expected"], "none lost, none invented"
    assert set(result["kept"].values()) == {1}, "none doubled"
    assert result["history"] == {(task, action) for task in result["expected"] for action in ("created", "delivered")}
    assert result["failed"] > 0.1 * result["calls"]


@pytest.mark.long
async def test_fifty_kills_during_ten_thousand_tasks(broker: EmbeddedBroker, tmp_path: Path) -> None:
    check(await run(broker, tmp_path, tasks=10_000, kills=50))


async def test_a_kill_during_two_hundred_tasks(broker: EmbeddedBroker, tmp_path: Path) -> None:
    check(await run(broker, tmp_path, tasks=200, kills=1))


@pytest.mark.slow
async def test_five_kills_during_a_thousand_tasks(broker: EmbeddedBroker, tmp_path: Path) -> None:
    check(await run(broker, tmp_path, tasks=1_000, kills=5))
