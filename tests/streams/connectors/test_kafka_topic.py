"""A company's own topic, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.common import Channel
from schemas.dead_letter import DeadLetter
from schemas.raw_text import RawText
from streams.admin import group_lag
from streams.connectors.kafka_topic import Link, connect
from streams.connectors.mapping import Mapping, Rule
from streams.connectors.plan import Plan, plan_topic
from streams.errors import ConfigurationError
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.topics import DEAD_LETTERS
from tests.streams.connectors.conftest import read_topic

READ = Callable[[], Awaitable[list[RawText]]]
GOOD = 200


@pytest.fixture
def plan() -> Plan:
    rules = {"text": Rule(column="msg.content"), "customer_id": Rule(column="msg.from"), "brand": Rule(constant="领克")}
    return plan_topic("wecom", Channel.PRIVATE_DOMAIN, None, Mapping(fields=rules))


async def fill(settings: Settings, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    good = [
        Outgoing(topic, f"c{number}".encode(), orjson.dumps({"msg": {"content": f"第{number}条", "from": f"c{number}"}}))
        for number in range(GOOD)
    ]
    bad = [
        Outgoing(topic, b"k1", b"\xff not json"),
        Outgoing(topic, b"k2", b"[1]"),
        Outgoing(topic, b"k3", orjson.dumps({"msg": {"from": "x" * 300}})),
    ]
    async with Outbox(settings) as outbox:
        await outbox.send(good[: GOOD // 2] + bad + good[GOOD // 2 :])


async def test_records_become_feedback_and_bad_ones_dead_letters(
    settings: Settings, pipeline: None, plan: Plan, raw_texts_of: READ
) -> None:
    topic = f"{settings.topic_prefix}wecom"
    await fill(settings, topic)
    link = Link(settings.kafka, topic, plan)
    first = asyncio.create_task(connect(link, settings))
    await until_read(settings, link)
    first.cancel()
    events = await raw_texts_of()
    assert {event.text for event in events} == {f"第{number}条" for number in range(GOOD)}
    assert len({event.event_id for event in events}) == GOOD
    assert events[0].customer_id is not None
    letters = [
        DeadLetter.model_validate_json(value) for value in await read_topic(settings, DEAD_LETTERS.in_pipeline(settings.topic_prefix))
    ]
    assert {(letter.key, letter.reason) for letter in letters} == {(b"k1", "decode"), (b"k2", "decode"), (b"k3", "invalid")}
    assert next(letter.value for letter in letters if letter.key == b"k1") == b"\xff not json"
    assert not any("xxx" in letter.detail for letter in letters)


async def until_read(settings: Settings, link: Link) -> None:
    deadline = asyncio.get_running_loop().time() + 30
    while await group_lag(settings, link.group(settings.topic_prefix), [link.topic]) > 0:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.2)


async def test_a_topic_that_is_not_there_is_named(settings: Settings, plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no topic nothing-here"):
        await asyncio.wait_for(connect(Link(settings.kafka, "nothing-here", plan), settings), 30)
