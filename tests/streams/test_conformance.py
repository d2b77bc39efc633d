"""The guarantees of transport, runner and outbox, on the embedded broker and on Apache Kafka."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from schemas.dead_letter import DeadLetter, Reason
from schemas.utterance import Utterance
from streams.admin import create_topics, group_lag
from streams.app import EXIT_STEP_FAILED
from streams.codec import decode, encode
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.topics import DEAD_LETTERS, RAW_TEXT, UTTERANCES
from streams.watchdog import EXIT_STALLED
from tests.kafka_cluster import KafkaCluster
from tests.streams.copying import BROKEN, copy
from tests.streams.running import drain, raw_text, running, settings_for
from tests.streams.workers import Workers, worker

ABORTED = 3
_HUGE = 5_000_000
_BAD = [
    b"{",
    b"",
    b"\xff\xfe",
    b'{"schema_version":2}',
    b"[]",
    b"null",
    b'{"text":1}',
    encode(raw_text(0)).replace(b"store", b"\xe5\xe5"),
    encode(raw_text(0)).replace(b'"text":"', b'"text":"' + b"x" * _HUGE),
]


@pytest.fixture(params=["embedded", pytest.param("apache", marks=pytest.mark.kafka)])
def bootstrap(request: pytest.FixtureRequest) -> str:
    name = "broker" if request.param == "embedded" else "kafka"
    server: str = request.getfixturevalue(name).bootstrap
    return server


@pytest.fixture
def workers_at_once(request: pytest.FixtureRequest, bootstrap: str) -> int:
    """One on the embedded broker, which may never finish a join during which the leader of the group leaves."""
    return 1 if request.node.callspec.params["bootstrap"] == "embedded" else 2


async def publish(settings: Settings, numbers: range) -> None:
    async with Outbox(settings) as outbox:
        await outbox.publish([raw_text(number) for number in numbers])


async def feed(settings: Settings, count: int, seconds: float) -> None:
    """Publish `count` texts evenly over some seconds."""
    parts = max(1, int(seconds / 0.1))
    async with Outbox(settings) as outbox:
        for part in range(parts):
            await outbox.publish([raw_text(number) for number in range(part * count // parts, (part + 1) * count // parts)])
            await asyncio.sleep(0.1)


async def copied(settings: Settings, expected: int, seconds: float = 60.0) -> set[str]:
    """Ids of the events whose copies are in the topic, waited for until `expected` are there or time is up."""
    found: set[str] = set()
    deadline = asyncio.get_running_loop().time() + seconds
    while len(found) < expected and asyncio.get_running_loop().time() < deadline:
        records = await drain(settings, UTTERANCES, expected, 10.0)
        found = {str(event.event_id) for record in records if isinstance(event := decode(Utterance, record.value), Utterance)}
    return found


async def lag(settings: Settings) -> int:
    return await group_lag(settings, f"{settings.topic_prefix}tingjian.copy", [RAW_TEXT.in_pipeline(settings.topic_prefix)])


async def compacted(kafka: str, topic: str, partitions: int) -> None:
    """Create a topic that compacts what it can as soon as it can."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    config = {"cleanup.policy": "compact,delete", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}
    await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
    await admin.close()


async def delete_all(kafka: str, topic: str, partitions: int) -> None:
    """Delete every record of a topic that is there now, leaving its offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, number): RecordsToDelete(-1) for number in range(partitions)})
    await admin.close()


async def test_every_record_comes_out_in_order_and_bad_ones_are_kept(bootstrap: str, tmp_path: Path) -> None:
    settings = settings_for(bootstrap, "once.", tmp_path)
    async with running([copy], settings):
        await publish(settings, range(3_000))
        async with Outbox(settings) as outbox:
            topic = RAW_TEXT.in_pipeline("once.")
            await outbox.send([Outgoing(topic, f"k{number}".encode(), value) for number, value in enumerate(_BAD)])
            await outbox.send([Outgoing(topic, None, encode(raw_text(3_000)))])
            await outbox.publish([raw_text(9_001, "refuse"), raw_text(9_002, "drop"), raw_text(9_003, "grow")])
        records = await drain(settings, UTTERANCES, 3_001)
        letters = [decode(DeadLetter, record.value) for record in await drain(settings, DEAD_LETTERS, len(_BAD) + 2)]
    written = [event for record in records if isinstance(event := decode(Utterance, record.value), Utterance)]
    assert len(written) == len({event.utterance_id for event in written}) == 3_001
    order = {raw_text(number).event_id: number for number in range(3_000)}
    for key in {event.conversation_id for event in written}:
        numbers = [order[event.event_id] for event in written if event.conversation_id == key and event.event_id in order]
        assert numbers == sorted(numbers)
    kept = [letter for letter in letters if isinstance(letter, DeadLetter)]
    assert Counter(letter.value for letter in kept if letter.step == "copy" and letter.value in _BAD) == Counter(_BAD)
    reasons = Counter(letter.reason for letter in kept)
    assert reasons == {Reason.DECODE: 4, Reason.VERSION: 1, Reason.INVALID: 4, Reason.STEP: 1, Reason.TOO_LARGE: 1}
    assert all(letter.detail and "xxxx" not in letter.detail for letter in kept)
    assert await lag(settings) == 0


async def test_what_is_committed_is_not_delivered_again(bootstrap: str, tmp_path: Path) -> None:
    settings = settings_for(bootstrap, "again.", tmp_path)
    for part in range(2):
        async with running([copy], settings):
            await publish(settings, range(part * 500, part * 500 + 500))
            await copied(settings, (part + 1) * 500)
    assert len(await drain(settings, UTTERANCES, 1_000)) == 1_000


async def test_an_error_ends_the_worker_and_acknowledges_nothing(bootstrap: str, tmp_path: Path) -> None:
    settings = settings_for(bootstrap, "broken.", tmp_path)
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        await outbox.publish([raw_text(1), raw_text(101, "break")])
    process = worker(settings, tmp_path)
    process.start()
    await asyncio.to_thread(process.wait, 60.0)
    log = process.log.read_text()
    assert process.exit_code == EXIT_STEP_FAILED
    assert "ValueError" in log
    assert BROKEN not in log, "a foreign message may quote a customer"
    assert await lag(settings) == 2


async def test_a_worker_that_stands_still_ends_itself(bootstrap: str, tmp_path: Path) -> None:
    settings = settings_for(bootstrap, "stall.", tmp_path, stall_timeout=3.0)
    await create_topics(settings)
    process = worker(settings, tmp_path)
    process.start()
    async with Outbox(settings) as outbox:
        await outbox.publish([raw_text(1, "hang")])
    await asyncio.to_thread(process.wait, 60.0)
    assert process.exit_code == EXIT_STALLED
    assert await lag(settings) == 1


async def test_sigterm_finishes_and_commits_and_sigkill_loses_nothing(bootstrap: str, tmp_path: Path, workers_at_once: int) -> None:
    settings = settings_for(bootstrap, "kill.", tmp_path)
    await create_topics(settings)
    chance, count = random.Random(4), 20_000
    async with Workers(settings, tmp_path, workers_at_once) as workers:
        feeding = asyncio.create_task(feed(settings, count, 18.0))
        for number in range(6):
            await asyncio.sleep(chance.uniform(1.5, 3.5))
            chance.choice(workers.running).signal(signal.SIGTERM if number % 3 == 2 else signal.SIGKILL)
        await feeding
        assert len(await copied(settings, count)) == count
    assert set(workers.ends) <= {0, -signal.SIGKILL, -signal.SIGTERM}  # the last: told to end while it was still starting
    assert await lag(settings) == 0


@pytest.mark.kafka
async def test_workers_come_and_go(kafka: KafkaCluster, tmp_path: Path) -> None:
    settings = settings_for(kafka.bootstrap, "balance.", tmp_path)
    await create_topics(settings)
    count = 15_000
    async with Workers(settings, tmp_path, 1) as workers:
        feeding = asyncio.create_task(feed(settings, count, 20.0))
        for _ in range(3):
            await asyncio.sleep(2.0)
            workers.add()
            await asyncio.sleep(4.0)
            assert await workers.remove() in {0, -signal.SIGTERM}  # the latter: told to end while it was still starting
        await feeding
        assert len(await copied(settings, count)) == count
    assert workers.ends == []
    assert await lag(settings) == 0


@pytest.mark.kafka
async def test_offsets_that_hold_no_record_stop_nothing(kafka: KafkaCluster, tmp_path: Path) -> None:
    """Markers of transactions, and records of aborted ones. The embedded broker knows no transactions."""
    settings = settings_for(kafka.bootstrap, "gaps.", tmp_path, stall_timeout=4.0)
    await create_topics(settings)
    topic = RAW_TEXT.in_pipeline("gaps.")
    process = worker(settings, tmp_path)
    process.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id="gaps")
    await producer.start()
    for number in range(20):
        raw = raw_text(number)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, encode(raw), key=RAW_TEXT.key(raw))
        await (producer.abort_transaction() if number % 4 == ABORTED else producer.commit_transaction())
    await producer.stop()
    assert len(await copied(settings, 15)) == 15
    await asyncio.sleep(8.0)  # twice what the watchdog bears with: a marker at the end of a partition is no lag
    assert process.running, process.log_tail()
    process.stop()
    assert process.exit_code == 0
    assert await lag(settings) == 0


@pytest.mark.kafka
async def test_a_compacted_topic_is_read_and_committed_right_through(kafka: KafkaCluster, tmp_path: Path) -> None:
    """Offsets that compaction and DeleteRecords have emptied: at the beginning, in between, and at the end."""
    settings = settings_for(kafka.bootstrap, "compact.", tmp_path, stall_timeout=4.0)
    topic = RAW_TEXT.in_pipeline("compact.")
    await compacted(kafka.bootstrap, topic, settings.partitions)
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        for part in range(4):
            await outbox.send([Outgoing(topic, f"k{number}".encode(), encode(raw_text(part * 1_000 + number))) for number in range(200)])
            await asyncio.sleep(1.0)  # the next is a segment of its own: the last one is never compacted
        await outbox.send([Outgoing(topic, f"last{number}".encode(), encode(raw_text(9_000 + number))) for number in range(40)])
    async with asyncio.timeout(90.0):
        while len(await drain(settings, RAW_TEXT, 240, 10.0)) != 240:  # noqa: ASYNC110 - compaction has no event
            await asyncio.sleep(1.0)
    for part in range(2):
        process = worker(settings, tmp_path, f"worker-{part}")
        process.start()
        assert len(await copied(settings, 240 + part * 100)) == 240 + part * 100
        await delete_all(kafka.bootstrap, topic, settings.partitions)
        await publish(settings, range(10_000 + part * 100, 10_050 + part * 100))
        assert len(await copied(settings, 290 + part * 100)) == 290 + part * 100
        await asyncio.sleep(6.0)  # longer than the watchdog bears with
        assert process.running, process.log_tail()
        process.stop()
        assert process.exit_code == 0
        assert await lag(settings) == 0
        await delete_all(kafka.bootstrap, topic, settings.partitions)  # what is committed lies before the beginning now
        await publish(settings, range(10_050 + part * 100, 10_100 + part * 100))
