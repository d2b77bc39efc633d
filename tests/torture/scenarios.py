"""Every scenario: what is done to the pipeline while events flow. Each returns when the last fault has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.topics import DEAD_LETTERS, RAW_TEXT
from tests.kafka_cluster import KafkaNode
from tests.torture.events import POISON
from tests.torture.proxy import Mode
from tests.torture.rig import Rig

FROZEN_S, DOWN_S = 30.0, 60.0
SHORT_FROZEN_S, SHORT_DOWN_S = 12.0, 15.0
HOUR = 3_600
_KILL_AFTER_S = (1.0, 8.0)


@dataclass(frozen=True)
class Scenario:
    """A fault. `nodes` is the size of the Kafka cluster; `bad` sends 1% malformed records, `poison` 1% that ClickHouse refuses."""

    name: str
    fault: Callable[[Rig, bool], None]
    workers: int = 1
    nodes: int = 1
    bad: bool = False
    poison: bool = False


def kills(rig: Rig, short: bool) -> None:
    """SIGKILL for a random worker at random moments: during work, start and rebalance."""
    for _ in range(4 if short else 60):
        rig.run(rig.random.uniform(*_KILL_AFTER_S))
        rig.kill()


def come_and_go(rig: Rig, short: bool) -> None:
    """Workers are added and removed."""
    for _ in range(1 if short else 5):
        rig.set_workers(2)
        rig.run(10.0)
        rig.set_workers(3)
        rig.run(5.0)
        rig.set_workers(1)
        rig.run(5.0)


def broker_killed(rig: Rig, short: bool) -> None:
    """SIGKILL for the only broker; it comes back on its data."""
    for _ in range(1 if short else 3):
        rig.run(5.0)
        rig.cluster.nodes[0].kill()
        rig.run(5.0)
        rig.cluster.nodes[0].restart()


def broker_frozen(rig: Rig, short: bool) -> None:
    """SIGSTOP: connections stay, nothing answers."""
    rig.run(5.0)
    rig.cluster.nodes[0].freeze()
    rig.run(SHORT_FROZEN_S if short else FROZEN_S)
    rig.cluster.nodes[0].thaw()


def leader_killed(rig: Rig, short: bool) -> None:
    """The node that leads a partition of the raw texts dies, and later comes back."""
    for _ in range(1 if short else 3):
        rig.run(5.0)
        node = _leader(rig)
        node.kill()
        rig.run(12.0)
        node.restart()
        rig.cluster.wait_in_sync()


def dead_letters_down(rig: Rig, short: bool) -> None:
    """The one node that holds the dead letters is down."""
    rig.run(5.0)
    node = rig.cluster.nodes[-1]
    node.kill()
    rig.run(10.0 if short else 20.0)
    node.restart()


def clickhouse_down(rig: Rig, short: bool) -> None:
    """SIGKILL for ClickHouse; it comes back on its data after a while."""
    rig.run(5.0)
    rig.clickhouse.process.kill()
    rig.run(SHORT_DOWN_S if short else DOWN_S)
    rig.clickhouse.start()
    rig.clickhouse.wait_ready(60.0)


def clickhouse_slow(rig: Rig, short: bool) -> None:
    """Every packet to ClickHouse takes a second."""
    _through(rig, Mode.SLOW, 8.0 if short else 60.0)


def clickhouse_fails(rig: Rig, short: bool) -> None:
    """ClickHouse answers 500."""
    _through(rig, Mode.FAIL, 8.0 if short else 60.0)


def clickhouse_refuses(rig: Rig, short: bool) -> None:
    """A constraint makes ClickHouse refuse every batch that holds a certain character."""
    _command(rig.settings, f"ALTER TABLE utterances ADD CONSTRAINT torture CHECK position(text, '{POISON}') = 0")
    rig.run(8.0 if short else 30.0)


def clock_jumps(rig: Rig, short: bool) -> None:
    """The clock of the worker jumps an hour ahead, and two hours back."""
    env, shift = rig.shifted_clock()
    rig.set_workers(0)
    rig.set_workers(1, env)
    rig.run(8.0)
    for seconds in (HOUR, -HOUR, 0) * (1 if short else 5):
        shift.write_bytes(seconds.to_bytes(8, "little", signed=True))
        rig.run(4.0)


def only_malformed(rig: Rig, short: bool) -> None:
    """Nothing happens but the malformed records."""
    rig.run(20.0 if short else 60.0)  # long enough for each kind


def _through(rig: Rig, mode: Mode, seconds: float) -> None:
    rig.run(3.0)
    rig.proxy.mode = mode
    rig.run(seconds)
    rig.proxy.mode = Mode.PASS


def _command(settings: Settings, sql: str) -> None:
    client = connect(settings.clickhouse)
    try:
        client.command(sql)
    finally:
        client.close()


def _leader(rig: Rig) -> KafkaNode:
    async def find() -> int:
        admin = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka)
        await admin.start()
        try:
            [topic] = await admin.describe_topics([RAW_TEXT.in_pipeline(rig.settings.topic_prefix)])
            return int(topic["partitions"][0]["leader"])
        finally:
            await admin.close()

    number = asyncio.run(find())
    return next(node for node in rig.cluster.nodes if node.node_id == number)


def place_dead_letters(rig: Rig) -> None:
    """Keep the dead letters on the last node alone, so that they can be down while the rest runs."""

    async def place() -> None:
        name = DEAD_LETTERS.in_pipeline(rig.settings.topic_prefix)
        admin = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka)
        await admin.start()
        try:
            await admin.delete_topics([name])
            await asyncio.sleep(2.0)
            config = {**DEAD_LETTERS.broker_config(), "min.insync.replicas": "1"}
            last = rig.cluster.nodes[-1].node_id
            await admin.create_topics([NewTopic(name, -1, -1, replica_assignments={0: [last]}, topic_configs=config)])
        finally:
            await admin.close()

    asyncio.run(place())


SCENARIOS = (
    Scenario("worker_killed", kills),
    Scenario("one_of_two_workers_killed", kills, workers=2),
    Scenario("workers_added_and_removed", come_and_go),
    Scenario("broker_killed", broker_killed),
    Scenario("broker_frozen", broker_frozen),
    Scenario("clickhouse_down", clickhouse_down),
    Scenario("clickhouse_slow", clickhouse_slow),
    Scenario("clickhouse_500", clickhouse_fails),
    Scenario("clickhouse_refuses_batch", clickhouse_refuses, poison=True),
    Scenario("clock_jump", clock_jumps),
    Scenario("malformed", only_malformed, bad=True),
    Scenario("leader_change", leader_killed, nodes=3),
    Scenario("dead_letters_down", dead_letters_down, nodes=3, bad=True),
)
