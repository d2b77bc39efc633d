"""Late evidence through the whole loop: the opinion's row and the task follow the correction."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from schemas.coded import CodedUtterance
from schemas.context import ContextEvent
from schemas.task import TaskTrigger
from streams.app import load_steps
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect, open_clickhouse
from streams.topics import TASKS
from tests.golden import example
from tests.streams.running import drain, running, settings_for

_TRIES = 240


async def until(settings: Settings, sql: str, expected: list[tuple[Any, ...]]) -> None:
    """Wait until a query has this answer."""
    async with open_clickhouse(settings) as clickhouse:
        found: list[tuple[Any, ...]] = []
        for _ in range(_TRIES):
            found = await clickhouse.query(sql)
            if found == expected:
                return
            await asyncio.sleep(0.5)
    assert found == expected


async def test_tables_and_tasks_follow_a_fact_that_comes_late(
    broker: EmbeddedBroker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    name = f"late_{uuid4().hex[:8]}"
    settings = settings_for(
        broker.bootstrap, f"{name}.", tmp_path, clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{name}", codeframe="auto"
    )
    await asyncio.to_thread(migrate, settings)
    now = datetime.now(UTC)
    said = example(CodedUtterance, "voc.coded.v1/deposit", coded_at=now, opinion={"causes": [], "intent": "leaving"})
    opinions = "SELECT toString(opinion_id), cause, revision FROM current_opinions"
    tasks = "SELECT toString(task_id), cause, revision FROM current_tasks WHERE rule = 'leaving'"
    async with Outbox(settings) as outbox, running(load_steps(("attribute", "trigger", "store")), settings):
        await outbox.publish([said])
        opinion_id = str(said.opinions[0].opinion_id)
        await until(settings, opinions, [(opinion_id, "unknown", 2)])
        [first, *_] = [TaskTrigger.model_validate_json(record.value) for record in await drain(settings, TASKS, 2)]
        await until(settings, tasks, [(str(first.task_id), "unknown", 2)])
        await outbox.publish([example(ContextEvent, "voc.context.v1/loan_refused", ingested_at=now)])
        await until(settings, opinions, [(opinion_id, "finance.loan.refused", 3)])
        await until(settings, tasks, [(str(first.task_id), "finance.loan.refused", 3)])
    client = connect(settings.clickhouse)
    client.command(f"DROP DATABASE {name}")
    client.close()
