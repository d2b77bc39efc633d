"""Two trigger workers, each killed in turn: one of them watches, and a situation makes one task whoever finds it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.task import TaskTrigger
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.sinks.store import open_store
from streams.topics import TASKS
from tests.agents.test_watch import said
from tests.streams.running import drain, settings_for
from tests.streams.workers import voc_workers

DAY = timedelta(days=1)
_PATIENCE_S, _TAKEOVER_S = 120.0, 60.0


@pytest.mark.slow
async def test_two_workers_and_kills_make_one_task_of_a_surge(
    broker: EmbeddedBroker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    database = f"elected_{uuid4().hex[:8]}"
    url = clickhouse.url.rsplit("/", 1)[0] + f"/{database}"
    settings = settings_for(broker.bootstrap, f"w{uuid4().hex[:8]}.", tmp_path, clickhouse=url, watch_interval=0.5, partitions=2)
    await create_topics(settings)
    migrate(settings)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    quiet = [said(today - (day + 1) * DAY - timedelta(hours=1)) for day in range(1, 31)]
    surge = [said(today - timedelta(minutes=20 * number + 20)) for number in range(20)]
    async with open_store(settings) as store:
        await store.write(quiet + surge)
    workers = voc_workers(settings, tmp_path, "trigger")
    try:
        for worker in workers:
            worker.start()
        published = first = await surges(settings, 1, _PATIENCE_S)
        for worker in workers:  # one of the two is the elected one
            worker.kill()
            published = await surges(settings, len(first) + 1, _TAKEOVER_S)
            worker.start()
            if len(published) > len(first):
                break
    finally:
        for worker in workers:
            worker.kill()
        client = connect(url)
        client.command(f"DROP DATABASE {database}")
        client.close()
    assert len(published) > len(first), "another looked, and found the same"
    assert len({(task.task_id, task.revision, task.summary) for task in published}) == 1


async def surges(settings: Settings, least: int, seconds: float) -> list[TaskTrigger]:
    """Every publication of a task of the rule `surge`, once there are so many, or time is up."""
    found: list[TaskTrigger] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(found) < least:
                records = await drain(settings, TASKS, least, 2)
                found = [task for record in records if (task := TaskTrigger.model_validate_json(record.value)).rule == "surge"]
    return found
