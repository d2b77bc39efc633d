"""Callbacks over real HTTP to a real gateway on a real broker."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from streams.admin import create_topics
from streams.connectors.auth import sign
from streams.connectors.gateway import Gateway
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import TASK_EVENTS
from tests.golden import example
from tests.streams.connectors.conftest import read_topic
from tests.streams.oa.serving import serving

SECRET = b"secret of the tests"


@pytest.fixture
async def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    secret = SecretStr(base64.b64encode(SECRET).decode())
    prefix = f"t{uuid4().hex[:8]}."
    keys = SecretStr("crm:key-of-the-tests")
    return Settings(kafka=broker.bootstrap, topic_prefix=prefix, partitions=2, data=tmp_path, oa_secret=secret, gateway_keys=keys)


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with serving(Gateway(settings).app()) as address:
        yield address


@pytest.fixture
async def task(settings: Settings) -> TaskTrigger:
    """A task that is in the log."""
    made = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4())
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        await outbox.publish([made])
    return made


async def post(url: str, task_id: UUID, *, at: float | None = None, key: bytes = SECRET, number: str | None = None, **step: Any) -> Any:
    """Call back with a step, signed `at` a moment (now), under the webhook id `number`."""
    return await send(url, task_id, signed(orjson.dumps(step), at or time.time(), key, number or uuid4().hex))


def signed(body: bytes, at: float, key: bytes, number: str) -> tuple[bytes, dict[str, str]]:
    stamp = int(at)
    return body, {
        "content-type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(key, number, stamp, body),
    }


async def send(url: str, task_id: object, message: tuple[bytes, dict[str, str]]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.post(f"{url}/v1/tasks/{task_id}/events", content=message[0], headers=message[1])


async def kept(settings: Settings) -> list[TaskEvent]:
    return [TaskEvent.model_validate_json(value) for value in await read_topic(settings, TASK_EVENTS.in_pipeline(settings.topic_prefix))]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("voc_callbacks_total", {"outcome": outcome}) or 0.0


LOOP = [
    ("assigned", "execution", "assigned"),
    ("planned", "execution", "planned"),
    ("sent_back", "management", "sent_back"),
    ("planned", "execution", "planned"),
    ("approved", "management", "approved"),
    ("done", "execution", "done"),
    ("refused", "management", "refused"),
    ("done", "execution", "done"),
    ("accepted", "management", "accepted"),
    ("closed", "management", "closed"),
]


async def test_the_whole_loop_is_kept_step_by_step(settings: Settings, url: str, task: TaskTrigger) -> None:
    for action, role, state in LOOP:
        answer = await post(url, task.task_id, action=action, actor="li.wei", role=role, note="订金已退")
        assert (answer.status_code, answer.json()["state"]) == (201, state), answer.text
    events = await kept(settings)
    assert [(event.action, event.legal) for event in events] == [(action, True) for action, _, _ in LOOP]
    assert {event.task_id for event in events} == {task.task_id}


async def test_an_illegal_step_gets_409_and_is_kept_as_refused(settings: Settings, url: str, task: TaskTrigger) -> None:
    before = counted("illegal")
    early = await post(url, task.task_id, action="done", actor="li.wei", role="execution")
    wrong_role = await post(url, task.task_id, action="approved", actor="li.wei", role="execution")
    assert (early.status_code, wrong_role.status_code) == (409, 409)
    assert "done cannot follow created" in early.json()["detail"]
    assert [(event.legal, event.reason) for event in await kept(settings)] == [
        (False, "done cannot follow created; it follows approved, refused"),
        (False, "approved belongs to management, not to execution"),
    ]
    assert counted("illegal") == before + 2


async def test_a_callback_for_an_unknown_task_is_kept(settings: Settings, url: str) -> None:
    unknown = uuid4()
    answer = await post(url, unknown, action="assigned", actor="li.wei", role="execution")
    assert answer.status_code == 404
    (event,) = await kept(settings)
    assert (event.task_id, event.legal, event.reason) == (unknown, False, "no task has this id")


async def test_a_callback_sent_again_counts_once_even_at_another_gateway(settings: Settings, url: str, task: TaskTrigger) -> None:
    step: dict[str, Any] = {"action": "assigned", "actor": "li.wei", "role": "execution"}
    now = time.time()
    first = await post(url, task.task_id, number="oa-1", at=now, **step)
    again = await post(url, task.task_id, number="oa-1", at=now - 5, **step)  # a stamp of its own: the same would be a replay
    async with serving(Gateway(settings).app()) as other:
        elsewhere = await post(other, task.task_id, number="oa-1", **step)
    assert [answer.status_code for answer in (first, again, elsewhere)] == [201, 200, 200]
    assert first.json() == again.json() == elsewhere.json()
    assert len(await kept(settings)) == 1


async def test_a_gateway_that_has_just_started_knows_where_a_task_stands(settings: Settings, url: str, task: TaskTrigger) -> None:
    await post(url, task.task_id, action="assigned", actor="li.wei", role="execution")
    async with serving(Gateway(settings).app()) as other:
        answer = await post(other, task.task_id, action="done", actor="li.wei", role="execution")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("done cannot follow assigned")


async def test_forged_expired_replayed_oversized_and_unreadable_callbacks_are_refused_and_counted(
    settings: Settings, url: str, task: TaskTrigger
) -> None:
    step: dict[str, Any] = {"action": "assigned", "actor": "li.wei", "role": "execution"}
    good = signed(orjson.dumps(step), time.time(), SECRET, "oa-9")
    tampered = (good[0].replace(b"li.wei", b"li.wie"), good[1])
    huge = signed(orjson.dumps({**step, "note": "x" * 70_000}), time.time(), SECRET, "oa-10")
    kinds = ("forged", "expired", "replayed", "oversized", "invalid")
    before = {kind: counted(kind) for kind in kinds}
    answers = [
        await post(url, task.task_id, key=b"someone else's", **step),
        await send(url, task.task_id, tampered),
        await send(url, task.task_id, (good[0], {"content-type": "application/json"})),
        await post(url, task.task_id, at=time.time() - 301, **step),
        await send(url, task.task_id, good),
        await send(url, task.task_id, good),
        await send(url, task.task_id, huge),
        await post(url, task.task_id, **{**step, "role": "system"}),
        await send(url, "not-a-uuid", signed(orjson.dumps(step), time.time(), SECRET, "oa-11")),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 201, 401, 413, 422, 404]
    assert {kind: counted(kind) - before[kind] for kind in kinds} == dict(zip(kinds, (3, 1, 1, 1, 2), strict=True))
    assert len(await kept(settings)) == 1


async def test_kafka_away_is_503_and_nothing_is_kept(settings: Settings) -> None:
    away = settings.model_copy(update={"kafka": "127.0.0.1:1"})
    async with serving(Gateway(away).app()) as address:
        answer = await post(address, uuid4(), action="assigned", actor="li.wei", role="execution")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
