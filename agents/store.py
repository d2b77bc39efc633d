"""Store every coded utterance, task, task event and dead letter as rows that analysts query.

Reads: voc.coded.v1, voc.tasks.v1, voc.task-events.v1, voc.context.v1, voc.dead-letters.v1.  Writes: ClickHouse.
Delivery: at least once; rows are idempotent, so each counts once.  Order: any; the highest revision wins.
Batching: all that waits is one insert a table.  Bad input: dead letter `decode`, `invalid` or `version`; a row
that ClickHouse will never take is found inside its batch: dead letter `refused_by_sink`, the rest is stored.
ClickHouse away: the step waits, its partitions are not read on, nothing is dropped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from codeframe.frame import Frame
from streams.settings import Settings
from streams.sinks.store import open_store
from streams.step import BatchHandler, batch_step
from streams.topics import CODED, CONTEXT, DEAD_LETTERS, TASK_EVENTS, TASKS


@batch_step(reads=(CODED, TASKS, TASK_EVENTS, CONTEXT, DEAD_LETTERS), outside="ClickHouse")
@asynccontextmanager
async def store(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Store events as rows in ClickHouse."""
    async with open_store(settings) as sink:
        await sink.describe(list(tag_rows(Frame.load(settings.codeframe))))
        yield sink.write


def tag_rows(frame: Frame) -> Iterator[dict[str, object]]:
    """The frame's tags as rows of table `tags`."""
    for tag in frame.tags:
        yield {
            "tag": tag.id,
            "branch": tag.id.split(".", 1)[0],
            "zh": tag.names.zh,
            "en": tag.names.en,
            "stage": tag.stage,
            "touchpoint": tag.touchpoint,
            "need_layer": tag.need_layer.value,
            "severity": tag.severity.value,
            "brand_promise": tag.brand_promise,
            "dealer_role": tag.owner.dealer or "",
            "office_role": tag.owner.office or "",
            "frame": frame.id,
            "frame_version": frame.version,
        }
