"""The agents together, on a real broker and a real ClickHouse: nothing personal gets through, replays change nothing."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from codeframe.text.kinds import Kind
from schemas.raw_text import RawText
from streams.admin import group_lag
from streams.app import group_of, load_steps
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.topics import CODED, DEAD_LETTERS, RAW_TEXT, TASK_EVENTS, TASKS, TOPICS, UTTERANCES
from tests.codeframe.text import planted
from tests.streams.running import drain, raw_text, running, settings_for

STEPS = load_steps(("clean", "code", "store", "trigger"))
COUNT = 200
RECALL = 0.95
# Ids, times, hashes and measures, whose digits may look like a short planted number.
MADE_HERE = re.compile(r'[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][\d:.]+|"(?:fingerprint|sha256)": ?"[^"]*"|\d\.\d+')


@pytest.fixture
def settings(broker: EmbeddedBroker, clickhouse: EmbeddedClickHouse, tmp_path: Path) -> Settings:
    run = uuid4().hex[:8]
    url = clickhouse.url.rsplit("/", 1)[0] + f"/pipeline_{run}"
    made = settings_for(broker.bootstrap, f"{run}.", tmp_path, clickhouse=url)
    migrate(made)
    return made


async def idle(settings: Settings, seconds: float = 60.0) -> None:
    """Wait until no step has anything left to do, twice in a row."""
    quiet, deadline = 0, asyncio.get_running_loop().time() + seconds
    while quiet < 2:
        assert asyncio.get_running_loop().time() < deadline, "the pipeline did not come to rest"
        lags = [
            await group_lag(settings, group_of(step, settings), [topic.in_pipeline(settings.topic_prefix) for topic in step.reads])
            for step in STEPS
        ]
        quiet = quiet + 1 if not any(lags) else 0
        await asyncio.sleep(0.3)


def everything_stored(settings: Settings) -> str:
    client = connect(settings.clickhouse)
    tables = [name for (name,) in client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows]
    assert {"utterances", "opinions", "tasks", "dead_letters"} <= set(tables)
    # Sketches of distinct values are bytes, not text.
    rows = "\n".join(client.raw_query(f"SELECT * FROM {table}", fmt="JSONEachRow").decode(errors="replace") for table in tables)  # noqa: S608
    client.close()
    return rows


def with_personal_data() -> tuple[list[RawText], list[str], list[str]]:
    """Texts, the numbers planted in them, and the names and addresses."""
    texts, numbers, words = [], [], []
    for kind, plant in planted.PLANTERS.items():
        random = Random(kind.value)
        for _ in range(COUNT):
            value = plant(random)
            numbers.append(value)
            cue = random.choice(planted.CUES.get(kind, ("",)))
            texts.append(random.choice(planted.SENTENCES).format(cue + value))
    random = Random(5)
    for _ in range(COUNT):
        name, _, title = planted.name(random).partition("|")
        address = planted.address(random)
        words += [name + title, address]
        texts.append(random.choice(planted.NAME_SENTENCES).format(name + title))
        texts.append(random.choice(planted.ADDRESS_SENTENCES).format(address))
        texts.append(f"刹车突然失灵，差点出事，{planted.PLANTERS[Kind.PHONE](random)}，请尽快联系我")
        numbers.append(texts[-1].split("，")[2])
    return [raw_text(number, text, customer_id=f"C{number}") for number, text in enumerate(texts)], numbers, words


async def test_no_personal_data_leaves_the_first_step(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    events, numbers, words = with_personal_data()
    caplog.set_level(logging.INFO)
    async with running(STEPS, settings), Outbox(settings) as outbox:
        await outbox.publish(events)
        await idle(settings)
        written = {topic.name: await drain(settings, topic, 0, seconds=2) for topic in TOPICS if topic.name != RAW_TEXT.name}
    assert len(written[UTTERANCES.name]) >= len(events)
    assert len(written[CODED.name]) == len(written[UTTERANCES.name])
    assert written[DEAD_LETTERS.name] == []
    assert written[TASKS.name], "a sample with dangers and threats makes tasks"
    haystack = "\n".join(record.value.decode() for records in written.values() for record in records)
    haystack = MADE_HERE.sub("", haystack + everything_stored(settings) + caplog.text)
    assert [value for value in numbers if value in haystack] == []
    found = [word for word in words if word in haystack]
    assert len(found) <= (1 - RECALL) * len(words), f"{len(found)} names and addresses got through"


async def test_sending_everything_again_changes_no_row(settings: Settings) -> None:
    events = [raw_text(number, f"变速箱顿挫，第{number}次了，刹车失灵很危险", customer_id=f"C{number % 50}") for number in range(500)]
    sql = """
    SELECT (SELECT count() FROM current_utterances), (SELECT count() FROM current_opinions), (SELECT sum(opinions) FROM volume_by_hour),
           (SELECT count() FROM current_tasks), (SELECT count() FROM current_dead_letters)
    """
    counts = []
    async with running(STEPS, settings), Outbox(settings) as outbox:
        for _ in range(2):
            await outbox.publish(events)
            await idle(settings)
            await asyncio.sleep(2.5)  # the roll-up follows within a second
            client = connect(settings.clickhouse)
            counts.append(client.query(sql).result_rows[0])
            client.close()
        assert len(await drain(settings, TASK_EVENTS, 0, seconds=1)) == 0
    assert counts[0] == counts[1]
    utterances, opinions, rolled_up, tasks, letters = counts[0]
    assert utterances == len(events)
    assert opinions == rolled_up >= len(events)
    assert tasks > 0
    assert letters == 0
