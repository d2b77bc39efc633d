"""Apache Kafka from Maven artefacts: what tests of durability rest on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.kafka_cluster import KafkaCluster

pytestmark = pytest.mark.kafka
_RECORDS = 50


async def _create(bootstrap: str, replicas: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("numbers", 2, replicas)])
    await admin.close()


async def _send(bootstrap: str, first: int) -> None:
    """Send numbers from `first` on, each until it is acknowledged: a frozen leader answers nobody until another is elected."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=5000) as producer:
        async with asyncio.timeout(120):
            for number in range(first, first + _RECORDS):
                while True:
                    try:
                        await producer.send_and_wait("numbers", str(number).encode())
                        break
                    except KafkaError as error:
                        if not error.retriable:
                            raise


async def _read(bootstrap: str, expected: int) -> set[int]:
    """The distinct numbers of the topic; a record that was sent again may stand there twice."""
    seen: set[int] = set()
    async with AIOKafkaConsumer("numbers", bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(60):
            while len(seen) < expected:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    seen.update(int(record.value or b"-1") for record in records)
    return seen


def test_records_survive_the_end_of_a_node(tmp_path: Path) -> None:
    with KafkaCluster(tmp_path) as cluster:
        asyncio.run(_create(cluster.bootstrap, 1))
        asyncio.run(_send(cluster.bootstrap, 0))
        cluster.nodes[0].kill()
        cluster.nodes[0].restart()
        assert asyncio.run(_read(cluster.bootstrap, _RECORDS)) == set(range(_RECORDS))


@pytest.mark.slow
def test_three_nodes_serve_while_one_is_dead_or_frozen(tmp_path: Path) -> None:
    with KafkaCluster(tmp_path, nodes=3) as cluster:
        asyncio.run(_create(cluster.bootstrap, 3))
        cluster.wait_in_sync()
        cluster.nodes[0].kill()
        asyncio.run(_send(cluster.bootstrap, 0))
        cluster.nodes[0].restart()
        cluster.wait_in_sync()
        cluster.nodes[1].freeze()
        asyncio.run(_send(cluster.bootstrap, _RECORDS))
        cluster.nodes[1].thaw()
        assert asyncio.run(_read(cluster.bootstrap, 2 * _RECORDS)) == set(range(2 * _RECORDS))
