"""Two workers killed again and again while facts and complaints come: every complaint ends with the cause of its facts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.context import ContextEvent
from schemas.ids import make_id
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import CODED
from tests.golden import example
from tests.kafka_cluster import KafkaCluster
from tests.streams.running import drain, settings_for
from tests.streams.workers import supervised, voc_workers

_PATIENCE_S = 240.0

CAUSES = {
    ("loan_decision", "refused"): "finance.loan.refused",
    ("follow_up", "competitor"): "sales.deposit.switch_obstructed",
    ("delivery_exception", "defect"): "delivery.handover.defect",
    None: "unknown",
}


def feed(customers: int, seed: int) -> tuple[list[Event], dict[str, str]]:
    """Complaints in the same words and the facts behind most of them, shuffled; and each conversation's true cause."""
    luck, now, events, truth = random.Random(seed), datetime.now(UTC), list[Event](), dict[str, str]()
    for number in range(customers):
        customer, known = f"C{number}", luck.choice(list(CAUSES))
        new = {"customer_id": customer, "conversation_id": customer, "utterance_id": uuid4(), "coded_at": now}
        said = example(CodedUtterance, "voc.coded.v1/deposit", **new, opinion={"opinion_id": str(uuid4()), "causes": []})
        events.append(said)
        truth[customer] = CAUSES[known]
        if known is not None:
            kind, status = known
            event_id = make_id("test", customer)
            values = {"context_id": event_id, "customer_id": customer, "kind": kind, "status": status, "ingested_at": now}
            events.append(example(ContextEvent, "voc.context.v1/loan_refused", **values))
    luck.shuffle(events)
    return events, truth


async def found(settings: Settings) -> list[CodedUtterance]:
    """Every revision that is there."""
    return [CodedUtterance.model_validate_json(record.value) for record in await drain(settings, CODED, 1, 10)]


def causes(events: Sequence[CodedUtterance]) -> dict[str, str]:
    """The cause that each conversation's highest revision names; of those of one revision the later."""
    ordered = sorted(events, key=lambda one: one.revision)
    return {one.conversation_id: one.opinions[0].causes[0].cause for one in ordered if one.opinions[0].causes}


async def until_right(settings: Settings, truth: dict[str, str]) -> list[CodedUtterance]:
    """Wait until every complaint has its true cause; fails with those that do not."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while causes(events := await found(settings)) != truth:
                pass
            return events
    except TimeoutError:
        now = causes(await found(settings))
        raise AssertionError({name: (now.get(name), cause) for name, cause in truth.items() if now.get(name) != cause}) from None


async def run(kafka: str, folder: Path, *, customers: int, kills: int, seed: int = 1) -> None:
    settings = settings_for(kafka, f"a{uuid4().hex[:8]}.", folder)
    await create_topics(settings)
    events, truth = feed(customers, seed)
    luck = random.Random(seed)
    workers = voc_workers(settings, folder, "attribute")
    async with Outbox(settings) as outbox, supervised(workers):
        size = -(-len(events) // (kills + 1))
        for at in range(0, len(events), size):
            await outbox.publish(events[at : at + size])
            while len(await found(settings)) < size // 4:
                pass  # the worker's first corrections are there
            if at + size < len(events):
                luck.choice(workers).kill()
        revised = await until_right(settings, truth)
    assert all(causes([one]).get(one.conversation_id, "unknown") in {"unknown", truth[one.conversation_id]} for one in revised), (
        "no revision ever named a cause that was not there"
    )


async def test_a_kill_while_evidence_comes(broker: EmbeddedBroker, tmp_path: Path) -> None:
    await run(broker.bootstrap, tmp_path, customers=60, kills=1)


@pytest.mark.slow
async def test_kills_while_evidence_comes(broker: EmbeddedBroker, tmp_path: Path) -> None:
    await run(broker.bootstrap, tmp_path, customers=1_000, kills=5, seed=2)


@pytest.mark.kafka
async def test_kills_while_evidence_comes_on_apache_kafka(kafka: KafkaCluster, tmp_path: Path) -> None:
    await run(kafka.bootstrap, tmp_path, customers=1_000, kills=5, seed=3)
