"""Records as the client library parsed them.

aiokafka makes a Python object of eleven fields of each record that it hands out, which costs more than parsing it. A batch
knows its topic and partition, and the parsed record has the rest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords


class Record(Protocol):
    """What a record of a known partition holds. `timestamp` is in Unix milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Parsed(PartitionRecords):
    """What was fetched of a partition, handed out as it was parsed."""

    def __iter__(self) -> Iterator[Record]:
        records: Iterator[Record] = self._records_iterator
        return records

    def _consumer_record(self, _: TopicPartition, record: Record) -> Record:
        return record


class Fetched(OrderedDict[TopicPartition, Any]):
    """What a fetcher has and nobody has read yet; of topics that are `wanted` so, it hands out parsed records."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        super().__init__()
        self._wanted = wanted

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:
        records = getattr(result, "_partition_records", None)  # an error has none
        if records is not None and self._wanted(tp.topic):
            records.__class__ = Parsed
        super().__setitem__(tp, result)
