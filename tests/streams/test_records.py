"""Records as aiokafka parsed them, from real record batches."""

from __future__ import annotations

from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.records import Fetched

VALUES = [(b"k1", "顿挫".encode(), [("source", b"app")]), (None, b"{}", []), (b"k2", b"", [])]


def batch() -> bytes:
    """A record batch as the broker sends it."""
    builder = DefaultRecordBatchBuilder(2, 0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0, batch_size=10_000)
    for number, (key, value, headers) in enumerate(VALUES):
        builder.append(number, 1_000 + number, key, value, headers)
    return bytes(builder.build())


def fetched(topic: str, wanted: str) -> list[Any]:
    """The records of a fetch of `topic` by a fetcher that hands out those of `wanted` as they were parsed."""
    tp, results = TopicPartition(topic, 0), Fetched(lambda name: name == wanted)
    records = PartitionRecords(tp, MemoryRecords(batch()), [], 0, None, None, True, 1)
    results[tp] = FetchResult(tp, assignment=None, partition_records=records, backoff=0.0)
    found = list(results[tp]._partition_records)
    assert records.next_fetch_offset == len(VALUES)
    return found


def test_records_of_a_wanted_topic_are_handed_out_as_they_were_parsed() -> None:
    found = fetched("ours", "ours")
    assert [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in found] == [
        (number, 1_000 + number, *value) for number, value in enumerate(VALUES)
    ]
    assert not any(isinstance(one, ConsumerRecord) for one in found)


def test_records_of_other_topics_are_the_librarys_own() -> None:
    found = fetched("changelog", "ours")
    assert [(type(one), one.topic, one.value) for one in found] == [(ConsumerRecord, "changelog", value) for _, value, _ in VALUES]
