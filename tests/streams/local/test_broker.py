"""The embedded broker speaks Kafka, and its errors help."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.errors import ConfigurationError
from streams.local.broker import EmbeddedBroker, answers_kafka
from streams.local.processes import free_port


async def test_records_go_through_in_order(broker: EmbeddedBroker) -> None:
    sent = [f"第{number}条".encode() for number in range(20)]
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        for value in sent:
            await producer.send_and_wait("local-broker-test", value, key=b"one")
    async with AIOKafkaConsumer("local-broker-test", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        received = [(await consumer.getone()).value for _ in sent]
    assert received == sent


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port}.*--port-kafka"):
            EmbeddedBroker(port, tmp_path).start()
        assert not answers_kafka("127.0.0.1", port, timeout=0.2)


def test_it_ends_when_told(tmp_path: Path) -> None:
    broker = EmbeddedBroker(free_port(), tmp_path)
    broker.start()
    broker.wait_ready()
    broker.stop()
    assert not broker.process.running
    assert not answers_kafka("127.0.0.1", broker.port)
