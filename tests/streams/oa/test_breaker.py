"""The circuit breaker by its clock, and a courier whose OA is away for a while, over real HTTP."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.task import TaskTrigger
from streams.errors import ConfigurationError, PermanentSinkError, RetryableSinkError
from streams.local.processes import free_port
from streams.oa.breaker import Breaker
from streams.oa.delivery import Courier, open_courier
from streams.oa.inbox import Inbox
from streams.oa.office import TaskFailedError
from streams.oa.sandbox import Sandbox
from streams.oa.webhook import Webhook
from streams.settings import Settings
from streams.step import Refusal, Result
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


HOUR_S, FASTER = 3_600.0, 1_000.0


class Away:
    """A way to the OA that is broken for a while: by turns nobody answers, the answer is an error, and the answer is lost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.calls, self.back = app, 0, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.back or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.calls += 1
        if self.calls % 3 == 0:
            await self._app(scope, receive, _nowhere)  # it took the task
        if self.calls % 3:
            await Response(status_code=503)(scope, receive, send)
            return
        raise ConnectionResetError


async def _nowhere(_: Message) -> None:
    """An answer that is lost on its way."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_an_hours_outage_loses_nothing_doubles_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    """An hour at a thousandth: pauses of 0.5 ms to 15 ms, 3.6 s away, in which tasks go on coming."""
    tasks = [example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4()) for _ in range(60)]
    batches = [[task.model_copy(update={"revision": revision}) for task in tasks] for revision in (1, 2, 3)]
    away = Away(Sandbox(Settings(data=tmp_path)).app())
    breaker = Breaker((0.5 / FASTER, 15 / FASTER))
    async with serving(away) as url, httpx.AsyncClient(trust_env=False, timeout=5) as client:
        courier = Courier(Webhook(client, f"{url}/oa/tasks", b""), breaker=breaker)

        async def step() -> list[Result]:
            """As the bridge does: a batch after the other."""
            return [result for batch in batches for result in await courier.deliver(batch)]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("streams.retry._FIRST_SECONDS", 0.2 / FASTER)
            patch.setattr("streams.retry._LONGEST_SECONDS", 15 / FASTER)
            delivery = asyncio.create_task(step())
            await asyncio.sleep(HOUR_S / FASTER)
            assert (delivery.done(), breaker.open) == (False, True)
            probes = away.calls
            away.back = True
            results = await asyncio.wait_for(delivery, 60)
    assert 30 < probes <= HOUR_S / 15 + 30, "it is left alone but for a probe each pause"
    assert all(isinstance(result, tuple) for result in results)
    assert not breaker.open
    inbox = Inbox(tmp_path / "oa-sandbox.sqlite")
    assert {one.task.task_id: one.task.revision for one in inbox.tasks()} == {task.task_id: 3 for task in tasks}
    inbox.close()
    with closing(sqlite3.connect(tmp_path / "oa-sandbox.sqlite")) as db:
        kept = db.execute("SELECT task_id, group_concat(revision) FROM (SELECT * FROM deliveries ORDER BY received_at) GROUP BY task_id")
        assert dict(kept) == {str(task.task_id): "1,2,3" for task in tasks}


async def test_tasks_go_unsigned_to_this_machine_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_courier(Settings(data=tmp_path)):
        assert "VOC_OA_SECRET is not set" in caplog.text
    with pytest.raises(ConfigurationError, match="VOC_OA_SECRET: is not set, and VOC_OA_URL is another machine's"):
        async with open_courier(Settings(data=tmp_path, oa_url="https://oa.example.com/hooks")):
            pass


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
