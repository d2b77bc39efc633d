"""One client doing one job, in a process of its own: `python -m benchmarks.peers CLIENT KAFKA TOPIC COUNT FOLDER`.

The job: consume JSON, parse it, change two fields, write JSON, produce it with acks=all, commit. Every client is set up
the way its documentation recommends for throughput. Prints one JSON object: CPU microseconds an event (all threads) and
events a second, both from the first record to the last acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

OUT = "bench-out"
ELSEWHERE = "bench-changed."
BATCH = 2_000
_LINGER_MS = 5
_BATCH_BYTES = 3 << 18


def job(value: bytes) -> bytes:
    """What every client does with a record."""
    event = orjson.loads(value)
    event["negative"] = event["score"] < 2.5  # noqa: PLR2004
    event["length"] = len(event["text"])
    return orjson.dumps(event)


class Meter:
    """Counts events from the first to the last, then prints the figures and ends the process."""

    def __init__(self, count: int) -> None:
        self._count, self.done = count, 0
        self._wall = self._cpu = 0.0

    def begin(self) -> None:
        """Call before the first event is processed, and as often as you like after."""
        if not self._wall:
            self._wall, self._cpu = time.perf_counter(), time.process_time()

    def add(self, events: int) -> None:
        """Call when events are acknowledged."""
        self.done += events
        if self.done >= self._count:
            self.finish()

    def finish(self) -> None:
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        print(json.dumps({"cpu_us": round(cpu / self._count * 1e6, 2), "rate": round(self._count / wall)}), flush=True)
        os._exit(0)


def tingjian(kafka: str, topic: str, meter: Meter, folder: Path) -> None:
    """An agent on our transport and outbox, which reads ahead as every step of ours does."""
    from streams.commands.worker import collect_seldom  # noqa: PLC0415
    from streams.outbox import Outbox, Outgoing  # noqa: PLC0415
    from streams.rounds import Rounds  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415
    from streams.transport import NAME, Batch, BatchSchema  # noqa: PLC0415

    def made(batch: Batch) -> tuple[Batch, list[Outgoing]]:
        return batch, [Outgoing(OUT, record.key, job(record.value)) for record in batch.records]

    async def run(stream: Any) -> None:
        async with Outbox(Settings(kafka=kafka, data=folder)) as outbox, Rounds(_metered(stream, meter), made, BATCH) as rounds:
            collect_seldom()
            while taken := await rounds.take():
                await outbox.send([record for _, records in taken for record in records])
                for batch, _ in taken:
                    batch.ack()

    app = _faust_app(f"{NAME}://{kafka}", folder)
    app.agent(app.topic(topic, schema=BatchSchema()), concurrency=1)(run)
    asyncio.run(_serve(app))


def tingjian_schemas(kafka: str, topic: str, meter: Meter, folder: Path) -> None:
    """The real runner with a real schema: validated, changed, serialised, delivery checked, counted."""
    from benchmarks.steps import change  # noqa: PLC0415
    from streams.commands.worker import collect_seldom  # noqa: PLC0415
    from streams.outbox import Outbox  # noqa: PLC0415
    from streams.runner import Runner  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415
    from streams.transport import NAME, BatchSchema  # noqa: PLC0415

    settings = Settings(kafka=kafka, data=folder, topic_prefix=topic.removesuffix("voc.raw-text.v1"))

    async def run(stream: Any) -> None:
        elsewhere = settings.model_copy(update={"topic_prefix": ELSEWHERE})
        async with Outbox(elsewhere) as outbox, change.open(settings) as handle:
            collect_seldom()
            await Runner(change, handle, outbox, settings).run(_metered(stream, meter))

    app = _faust_app(f"{NAME}://{kafka}", folder)
    app.agent(app.topic(topic, schema=BatchSchema()), concurrency=1)(run)
    asyncio.run(_serve(app))


async def _metered(stream: Any, meter: Meter) -> AsyncIterator[Any]:
    """The batches of a stream, counted when they are acknowledged."""
    from streams.transport import Batch, batches  # noqa: PLC0415

    class Counted(Batch):
        def ack(self) -> None:
            super().ack()
            meter.add(len(self.records))

    async for batch in batches(stream):
        meter.begin()
        yield Counted(batch.records, batch.event)


def faust(kafka: str, topic: str, meter: Meter, folder: Path) -> None:
    """Stock Faust: an event at a time, `topic.send`."""
    app = _faust_app(f"kafka://{kafka}", folder)
    out = app.topic(OUT, value_serializer="raw", key_serializer="raw")

    async def run(stream: Any) -> None:
        async for event in stream.events():
            meter.begin()
            await out.send(key=event.key, value=job(event.value))
            meter.add(1)

    app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"), concurrency=1)(run)
    asyncio.run(_serve(app))


def _faust_app(broker: str, folder: Path) -> Any:
    import faust as framework  # noqa: PLC0415

    return framework.App(
        f"bench-{uuid4().hex[:8]}",
        broker=broker,
        store="memory://",
        datadir=str(folder),
        topic_disable_leader=True,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=BATCH,
        broker_commit_interval=0.5,
        stream_buffer_maxsize=4,
        producer_linger=_LINGER_MS / 1000,
        producer_max_batch_size=_BATCH_BYTES,
    )


async def _serve(app: Any) -> None:
    await app.start()
    await app.wait_until_stopped()


def aiokafka(kafka: str, topic: str, meter: Meter, _folder: Path) -> None:
    """A loop over getmany, a send a record."""
    asyncio.run(_aiokafka(kafka, topic, meter, _send_each))


def aiokafka_batch(kafka: str, topic: str, meter: Meter, _folder: Path) -> None:
    """A loop over getmany, whole batches sent: the least that a Python client can do."""
    asyncio.run(_aiokafka(kafka, topic, meter, _send_batches))


async def _aiokafka(kafka: str, topic: str, meter: Meter, send: Callable[..., Any]) -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # noqa: PLC0415

    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=f"bench-{uuid4().hex[:8]}", auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=_LINGER_MS, max_batch_size=_BATCH_BYTES, acks="all")
    await consumer.start()
    await producer.start()
    await producer.partitions_for(OUT)
    while True:
        polled = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        if not polled:
            continue
        meter.begin()
        sent: list[Any] = []
        for partition, records in polled.items():
            await send(producer, partition.partition, records, sent)
        await asyncio.gather(*sent)
        await consumer.commit()
        meter.add(sum(map(len, polled.values())))


async def _send_each(producer: Any, _partition: int, records: Any, sent: list[Any]) -> None:
    for record in records:
        sent.append(await producer.send(OUT, job(record.value), key=record.key))


async def _send_batches(producer: Any, partition: int, records: Any, sent: list[Any]) -> None:
    batch = producer.create_batch()
    for record in records:
        value = job(record.value)
        if batch.append(key=record.key, value=value, timestamp=None) is None:
            sent.append(await producer.send_batch(batch, OUT, partition=partition))
            batch = producer.create_batch()
            batch.append(key=record.key, value=value, timestamp=None)
    sent.append(await producer.send_batch(batch, OUT, partition=partition))


def confluent_kafka(kafka: str, topic: str, meter: Meter, _folder: Path) -> None:
    """librdkafka: consume in batches, produce, flush, commit."""
    from confluent_kafka import Consumer, Producer  # noqa: PLC0415

    group = {"group.id": f"bench-{uuid4().hex[:8]}", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": kafka, **group})
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": _LINGER_MS, "acks": "all", "queue.buffering.max.messages": 500_000})
    consumer.subscribe([topic])
    failed: list[Any] = []
    while True:
        records = [record for record in consumer.consume(BATCH, 0.5) if not record.error()]
        if not records:
            continue
        meter.begin()
        for record in records:
            producer.produce(
                OUT, job(record.value()), key=record.key(), on_delivery=lambda error, _: failed.append(error) if error else None
            )
        if producer.flush(30) or failed:
            raise SystemExit("not delivered")
        consumer.commit(asynchronous=False)
        meter.add(len(records))


def quixstreams(kafka: str, topic: str, meter: Meter, folder: Path) -> None:
    """Quix Streams: a streaming data frame."""
    from quixstreams import Application  # noqa: PLC0415

    os.chdir(folder)
    app = Application(
        broker_address=kafka,
        consumer_group=f"bench-{uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="ERROR",
        commit_interval=0.5,
        producer_extra_config={"linger.ms": _LINGER_MS, "acks": "all"},
        use_changelog_topics=False,
    )
    source = app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")

    def work(value: bytes) -> bytes:
        meter.begin()
        return job(value)

    frame = app.dataframe(source).apply(work).to_topic(app.topic(OUT, value_serializer="bytes", key_serializer="bytes"))
    frame.update(lambda _: meter.add(1))
    app.run()


def bytewax(kafka: str, topic: str, meter: Meter, _folder: Path) -> None:
    """Bytewax: a dataflow from a Kafka source to a Kafka sink. It ends by itself at the end of the topic."""
    import bytewax.operators as op  # noqa: PLC0415
    from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource  # noqa: PLC0415
    from bytewax.dataflow import Dataflow  # noqa: PLC0415
    from bytewax.testing import run_main  # noqa: PLC0415

    def work(message: Any) -> Any:
        meter.begin()
        return KafkaSinkMessage(message.key, job(message.value))

    flow = Dataflow("bench")
    source = op.input("in", flow, KafkaSource([kafka], [topic], batch_size=BATCH, tail=False))
    op.output("out", op.map("job", source, work), KafkaSink([kafka], OUT, add_config={"linger.ms": str(_LINGER_MS), "acks": "all"}))
    run_main(flow)
    meter.finish()


CLIENTS: dict[str, Callable[[str, str, Meter, Path], None]] = {
    "tingjian": tingjian,
    "faust": faust,
    "aiokafka": aiokafka,
    "aiokafka-batch": aiokafka_batch,
    "confluent-kafka": confluent_kafka,
    "quixstreams": quixstreams,
    "bytewax": bytewax,
    "tingjian-schemas": tingjian_schemas,
}

if __name__ == "__main__":
    client, servers, name, events = sys.argv[1:5]
    CLIENTS[client](servers, name, Meter(int(events)), Path(tempfile.mkdtemp()))
