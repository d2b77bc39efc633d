"""Real servers for the tests, one of each a session: their names are the fixtures' names."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.processes import free_port
from tests.kafka_cluster import KafkaCluster

# A shell that starts the suite in the background has it ignore Ctrl-C, and what it starts would too: the tests of Ctrl-C send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """The embedded broker. Topics are shared by the session: name yours apart, or use a topic prefix."""
    server = EmbeddedBroker(free_port(), tmp_path_factory.mktemp("broker"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """The embedded ClickHouse. `url` names a database that the session shares: create one of your own."""
    server = EmbeddedClickHouse(free_port(), tmp_path_factory.mktemp("clickhouse"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One node of Apache Kafka. A test that uses it is marked `kafka`; one that hurts it starts a cluster of its own."""
    with KafkaCluster(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster
