"""Time the loop on one machine: `python -m benchmarks.closing_loop [--rate 100] [--seconds 30]`.

Starts a whole local stack, posts utterances one a request at a steady rate, and prints the seconds from the post of a
customer's sentence to its task in the OA sandbox, and from a step that the gateway took to its row in ClickHouse.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import click
import httpx
import numpy as np

from schemas.task_event import TaskAction
from streams.local.stack import Stack, on_free_ports
from streams.oa.caller import Caller
from streams.oa.step import Callback
from streams.settings import Settings
from streams.sinks.clickhouse import open_clickhouse

_TEXTS = ("车机用着挺顺手", "销售态度不错", "空间很大，就是油耗有点高", "座椅坐久了不舒服", "交车等了两个月")
_DANGEROUS = "高速上刹车突然失灵，差点出事"
_EVERY = 20
_ROWS = 20
_STEPS = ("clean", "code", "store", "trigger", "bridge")
_IDS = ("source_id", "conversation_id", "customer_id")
_ROW = "SELECT 1 FROM task_events WHERE task_id = {id:UUID} AND action = 'assigned'"


@click.command()
@click.option("--rate", default=100, show_default=True, help="Utterances a second.")
@click.option("--seconds", default=30, show_default=True, help="How long to post.")
def main(rate: int, seconds: int) -> None:
    """Time the loop."""
    with TemporaryDirectory() as folder:
        settings = on_free_ports(Settings(data=Path(folder)))
        with Stack(settings, steps=_STEPS) as stack:
            asyncio.run(measure(stack.settings, rate, seconds))


async def measure(settings: Settings, rate: int, seconds: int) -> None:
    """Post, wait for the tasks, step through some, and print the times."""
    await _post(settings, 1, 1.0)
    await asyncio.sleep(5)  # the first batch loads models
    sent = await _post(settings, rate, seconds)
    await asyncio.sleep(5)
    tasks = await _tasks(settings)
    waits = [_moment(one["received_at"]) - sent[name] for one in tasks if (name := one["task"].get("conversation_id")) in sent]
    dangerous = sum(name.endswith("!") for name in sent)
    print(f"{len(sent)} utterances at {rate} a second, {dangerous} dangerous, {len(waits)} tasks in the OA")
    _show("sentence at the gateway to task in the OA", waits)
    _show("step taken to row in ClickHouse", await _rows(settings, [UUID(one["task"]["task_id"]) for one in tasks][:_ROWS]))


async def _post(settings: Settings, rate: int, seconds: float) -> dict[str, float]:
    """When each conversation was posted, Unix seconds. A name that ends in `!` is a dangerous one."""
    key = settings.gateway_keys.get_secret_value().split(":")[1]
    sent: dict[str, float] = {}
    url = f"http://{settings.gateway_host}:{settings.gateway_port}/v1/feedback/private_domain"
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False) as client,
        asyncio.TaskGroup() as group,
    ):
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            dangerous = number % _EVERY == 0
            name = f"{uuid4().hex}{'!' if dangerous else ''}"
            text = _DANGEROUS if dangerous else _TEXTS[number % len(_TEXTS)]
            body = {
                "source_id": name,
                "occurred_at": datetime.now(UTC).isoformat(),
                "text": text,
                "conversation_id": name,
                "customer_id": name,
            }
            sent[name] = time.time()
            group.create_task(_one(client, url, body))
    return sent


async def _one(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    (await client.post(url, json=body)).raise_for_status()


async def _tasks(settings: Settings) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return list((await client.get(settings.oa_url)).json()["tasks"])


async def _rows(settings: Settings, tasks: list[UUID]) -> list[float]:
    """Seconds until the step that assigns each task is a row."""
    waits = []
    caller = Caller(settings)
    async with open_clickhouse(settings) as clickhouse:
        for task in tasks:
            began = time.perf_counter()
            outcome = await caller.call(task, uuid4().hex, Callback(action=TaskAction.ASSIGNED, actor="bench", role="execution"))
            assert outcome.fault is None, outcome.fault  # noqa: S101
            while not await clickhouse.query(_ROW, {"id": str(task)}):  # noqa: ASYNC110 - a database has no event
                await asyncio.sleep(0.01)
            waits.append(time.perf_counter() - began)
    await caller.close()
    return waits


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _show(name: str, waits: list[float]) -> None:
    if not waits:
        print(f"{name}: nothing to measure")
        return
    p50, p95, worst = np.quantile(waits, (0.5, 0.95, 1))
    print(f"{name}: p50 {p50:.2f} s, p95 {p95:.2f} s, worst {worst:.2f} s")


if __name__ == "__main__":
    main()
