"""The bridge step against a real OA sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from agents.bridge import bridge
from schemas.dead_letter import Reason
from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from streams.oa.sandbox import Sandbox
from streams.settings import Settings
from streams.step import Refusal, Result
from tests.golden import example
from tests.streams.oa.serving import serving

SECRET = SecretStr("whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==")


def task(task_id: UUID | None = None, **changes: Any) -> TaskTrigger:
    return example(TaskTrigger, "voc.tasks.v1/deposit", task_id=task_id or uuid4(), **changes)


async def delivered(url: str, tasks: Sequence[TaskTrigger], folder: Path, secret: SecretStr = SECRET) -> Sequence[Result]:
    settings = Settings(data=folder, oa_url=f"{url}/oa/tasks", oa_secret=secret)
    async with bridge.open(settings) as handle:
        return await handle(tasks)


async def received(url: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return list((await client.get(f"{url}/oa/tasks")).json()["tasks"])


async def test_a_task_reaches_the_oa_once_however_often_it_is_delivered(tmp_path: Path) -> None:
    one = task()
    async with serving(Sandbox(Settings(data=tmp_path, oa_secret=SECRET)).app()) as url:
        (first,) = await delivered(url, [one], tmp_path)
        (again,) = await delivered(url, [one], tmp_path)
        (kept,) = await received(url)
    assert TaskTrigger.model_validate(kept["task"]) == one
    assert (kept["external_id"], kept["calls"]) == ("OA-1", 2)
    assert [event.action for event in events(first)] == ["created", "delivered"]
    assert events(first)[1].external_id == "OA-1"
    assert [event.task_event_id for event in events(first)] == [event.task_event_id for event in events(again)]


async def test_revisions_of_a_task_arrive_in_order(tmp_path: Path) -> None:
    number = uuid4()
    async with serving(Sandbox(Settings(data=tmp_path, oa_secret=SECRET)).app()) as url:
        await delivered(url, [task(number, revision=revision) for revision in (1, 2, 3)], tmp_path)
        (kept,) = await received(url)
    assert (kept["external_id"], kept["task"]["revision"]) == ("OA-1", 3)


def events(result: Result) -> list[TaskEvent]:
    assert isinstance(result, tuple)
    return list(result)


async def test_the_oa_refuses_what_is_not_signed(tmp_path: Path) -> None:
    async with serving(Sandbox(Settings(data=tmp_path, oa_secret=SECRET)).app()) as url, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{url}/oa/tasks", content=b"{}")
        assert answer.status_code == 401
        assert await received(url) == []


async def test_a_task_that_the_oa_will_never_take_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    good, bad = task(), task(summary="refuse me")
    async with serving(refusing("refuse me", Sandbox(Settings(data=tmp_path, oa_secret=SECRET)).app())) as url:
        results = await delivered(url, [bad, good], tmp_path)
        assert len(await received(url)) == 1
    assert isinstance(results[0], Refusal)
    assert results[0].reason is Reason.UNDELIVERABLE
    assert [event.action for event in events(results[1])] == ["created", "delivered"]


def refusing(words: str, app: Any) -> Any:
    """An OA that answers 422 to a body that holds some words."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        message = await receive()

        async def again() -> Any:
            return message

        if words.encode() in message["body"]:
            await send({"type": "http.response.start", "status": 422, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, again, send)

    return asgi
