"""The circuit breaker by its clock, and a courier whose OA is away for a while, over real HTTP."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from schemas.task import TaskTrigger
from streams.errors import PermanentSinkError, RetryableSinkError
from streams.local.processes import free_port
from streams.oa.breaker import Breaker
from streams.oa.delivery import Courier
from streams.oa.inbox import Inbox
from streams.oa.office import TaskFailedError
from streams.oa.sandbox import Sandbox
from streams.oa.webhook import Webhook
from streams.settings import Settings
from streams.step import Refusal
from tests.golden import example
from tests.streams.oa.serving import serving


async def fails() -> None:
    raise RetryableSinkError("away")


async def works() -> str:
    return "fine"


async def broken() -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker()
    for _ in range(5):
        assert not breaker.open
        with pytest.raises(RetryableSinkError, match="away"):
            await breaker.call(fails)
    assert breaker.open
    return breaker


async def test_calls_wait_while_it_is_open_and_go_when_a_probe_went_through() -> None:
    breaker = await broken()
    calls = [asyncio.create_task(breaker.call(works)) for _ in range(20)]
    await asyncio.sleep(0.1)
    assert not any(call.done() for call in calls)
    assert await asyncio.wait_for(asyncio.gather(*calls), 5) == ["fine"] * 20
    assert not breaker.open


async def test_only_one_call_probes_and_its_failure_keeps_the_circuit_open() -> None:
    breaker = await broken()
    begun = 0

    async def slow() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.3)
        raise RetryableSinkError("away")

    calls = [asyncio.create_task(breaker.call(slow)) for _ in range(10)]
    await asyncio.sleep(0.7)
    assert begun == 1
    await asyncio.sleep(0.6)
    assert (begun, breaker.open) == (1, True), "a failed probe doubles the pause"
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_a_refusal_is_an_answer_and_closes_the_circuit() -> None:
    breaker = Breaker()

    async def refuses() -> None:
        raise PermanentSinkError("never")

    for _ in range(4):
        with pytest.raises(RetryableSinkError):
            await breaker.call(fails)
    with pytest.raises(PermanentSinkError):
        await breaker.call(refuses)
    with pytest.raises(RetryableSinkError):
        await breaker.call(fails)
    assert not breaker.open


async def test_an_oa_that_is_away_for_a_while_gets_every_task_once_and_in_order(tmp_path: Path) -> None:
    port = free_port()
    tasks = [example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4()) for _ in range(30)]
    revised = [task.model_copy(update={"revision": 2}) for task in tasks]
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        delivery = asyncio.create_task(Courier(Webhook(client, f"http://127.0.0.1:{port}/oa/tasks", b"")).deliver([*tasks, *revised]))
        await asyncio.sleep(1.5)
        assert not delivery.done()
        async with serving(Sandbox(Settings(data=tmp_path)).app(), port):
            results = await asyncio.wait_for(delivery, 60)
    assert all(isinstance(result, tuple) for result in results)
    inbox = Inbox(tmp_path / "oa-sandbox.sqlite")
    assert {one.task.task_id: one.task.revision for one in inbox.tasks()} == {task.task_id: 2 for task in tasks}
    inbox.close()


async def test_a_task_on_which_alone_the_oa_fails_is_given_up_and_holds_nobody_up() -> None:
    poison = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4())
    calls = itertools.count()

    class Office:
        async def deliver(self, task: TaskTrigger) -> str | None:
            next(calls)
            if task.task_id == poison.task_id:
                raise TaskFailedError("the OA answered 500")
            await asyncio.sleep(0.05)
            return "OA-1"

    courier = Courier(Office(), attempts=3)
    others = [example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4()) for _ in range(600)]
    results = await asyncio.wait_for(courier.deliver([poison, *others]), 60)
    assert isinstance(results[0], Refusal)
    assert "3 times while other tasks went through" in results[0].detail
    assert all(isinstance(result, tuple) for result in results[1:])
