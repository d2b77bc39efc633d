"""Two workers against one where neither broker nor ClickHouse is the limit: each on a core of its own, long texts, cleaned and coded.

A short text costs Kafka and ClickHouse as much as it costs a worker, so on a small machine a second worker has no core left.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiokafka import AIOKafkaConsumer

from benchmarks.pipeline import raw_text, started
from benchmarks.texts import long_texts
from streams.admin import partitions_of
from streams.outbox import Outbox
from streams.topics import CODED
from tests.torture.rig import Rig

STEPS = "clean,code"
_CHARACTERS = 200  # a longer one is cut into several utterances
_LONGEST_S = 300.0
_LOOK_S = 0.05


def measure(short: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """`scaling`: texts a second of one and of two workers; `two_workers`: how many times as fast two are."""
    texts = long_texts(6_000 if short else 30_000, _CHARACTERS)
    with TemporaryDirectory() as folder, Rig(Path(folder), steps=STEPS) as rig:
        runs = [_run(rig, workers, texts, say) for workers in (1, 2)]
    return {"scaling": runs, "two_workers": round(runs[1]["rate"] / runs[0]["rate"], 2)}


def rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines of the table."""
    for run in figures["scaling"]:
        yield f"texts of 180 characters cleaned and coded, {run['workers']} worker(s)", f"{run['rate']:,}/s"
    yield "two workers", f"{figures['two_workers']} times as fast as one"


def _run(rig: Rig, workers: int, texts: Sequence[str], say: Callable[[str], None]) -> dict[str, int]:
    started(rig, workers)
    _pin(rig)
    asyncio.run(_through(rig, f"warm-{workers}", texts[:2_000]))
    seconds = asyncio.run(_through(rig, f"scaling-{workers}", texts))
    figures = {"workers": workers, "rate": round(len(texts) / seconds)}
    say(f"{figures}")
    return figures


def _pin(rig: Rig) -> None:
    """Give each worker one core, all threads of it."""
    for core, worker in zip(sorted(os.sched_getaffinity(0)), rig.workers, strict=False):
        for task in Path(f"/proc/{worker.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


async def _through(rig: Rig, source: str, texts: Sequence[str]) -> float:
    """Seconds from sending texts until all are coded."""
    consumer = AIOKafkaConsumer(bootstrap_servers=rig.settings.kafka)
    await consumer.start()
    try:
        partitions = await partitions_of(consumer, CODED.in_pipeline(rig.settings.topic_prefix))

        async def coded() -> int:
            return sum((await consumer.end_offsets(partitions)).values())

        before, began = await coded(), time.monotonic()
        async with Outbox(rig.settings) as outbox:
            await outbox.publish([raw_text(source, number).model_copy(update={"text": text}) for number, text in enumerate(texts)])
        while await coded() - before < len(texts):
            if time.monotonic() - began > _LONGEST_S:
                raise TimeoutError(f"not coded after {_LONGEST_S:g} s")
            await asyncio.sleep(_LOOK_S)
        return time.monotonic() - began
    finally:
        await consumer.stop()
