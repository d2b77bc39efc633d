"""Connectors that are killed: what was acknowledged is there, and what was not comes again with the same id."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.raw_text import RawText
from streams.admin import group_lag
from streams.local.processes import free_port
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from tests.streams.connectors.conftest import KEY, KEYS

READ = Callable[[], Awaitable[list[RawText]]]


def start(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    pipeline = {
        "VOC_KAFKA": settings.kafka,
        "VOC_TOPIC_PREFIX": settings.topic_prefix,
        "VOC_GATEWAY_KEYS": KEYS,
        "VOC_SESSION_TIMEOUT": "6",
    }
    environment = os.environ | pipeline | {"VOC_BATCH_RECORDS": "50", "VOC_PARTITIONS": "2"}
    return subprocess.Popen([sys.executable, "-m", "streams.cli", *arguments], env=environment, stdout=subprocess.DEVNULL)


async def test_what_the_gateway_answered_202_is_there_after_its_kill(settings: Settings, raw_texts_of: READ) -> None:
    port = free_port()
    accepted: set[str] = set()
    gateway = start(settings, "gateway", "--port", str(port))

    async def send(client: httpx.AsyncClient, first: int) -> None:
        for number in range(first, first + 1_000):
            body = {"source_id": f"r{number}", "occurred_at": "2026-03-01T09:00:00Z", "text": "好"}
            answer = await client.post("/v1/feedback/store", json=body)
            if answer.status_code == 202:
                accepted.update(answer.json()["event_ids"])

    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
        ) as client:
            await ready(client)
            senders = [asyncio.create_task(send(client, first)) for first in range(0, 8_000, 1_000)]
            while len(accepted) < 60:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            gateway.kill()
            results = await asyncio.gather(*senders, return_exceptions=True)
        assert all(isinstance(result, httpx.TransportError) for result in results)
    finally:
        gateway.kill()
        gateway.wait()
    assert accepted <= {str(event.event_id) for event in await raw_texts_of()}


async def ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    raise AssertionError("the gateway did not come up")


@pytest.mark.slow
async def test_a_killed_topic_connector_loses_nothing(settings: Settings, pipeline: None, tmp_path: Path, raw_texts_of: READ) -> None:
    topic, count = f"{settings.topic_prefix}crm", 20_000
    (tmp_path / "m.yaml").write_text("channel: store\nsource: crm\nfields: {text: note}\n", encoding="utf-8")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    async with Outbox(settings) as outbox:
        await outbox.send([Outgoing(topic, str(number).encode(), orjson.dumps({"note": f"第{number}条"})) for number in range(count)])
    for life, how in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)):
        connector = start(settings, "connect", topic, "--mapping", str(tmp_path / "m.yaml"))
        await asyncio.sleep(4 + life * 0.3)
        connector.send_signal(how)
        connector.wait()
    connector = start(settings, "connect", topic, "--mapping", str(tmp_path / "m.yaml"))
    try:
        while await group_lag(settings, f"{settings.topic_prefix}tingjian.connect.crm.{topic}", [topic]):  # noqa: ASYNC110
            await asyncio.sleep(0.3)
    finally:
        connector.kill()
        connector.wait()
    events = await raw_texts_of()
    assert {event.text for event in events} == {f"第{number}条" for number in range(count)}
    assert len({event.event_id for event in events}) == count
