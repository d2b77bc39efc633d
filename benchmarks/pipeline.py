"""The real text pipeline on Apache Kafka and ClickHouse: cost and speed, one and two workers, memory, latency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psutil

from agents.store import store
from codeframe.coder import Coder, coded
from codeframe.frame import Frame
from codeframe.text.cleaner import Cleaner
from schemas.coded import CodedUtterance
from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from schemas.utterance import Utterance
from streams.codec import decode, encode
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.sinks.tables import by_table
from tests.torture.rig import Rig

STEPS = "clean,code,store"
RATES = (100, 500, 2_000)
_CHUNK = 2_000
_WARM_UP = 4_000
_LONGEST_S = 900.0
_LOOK_S = 0.25
_TEXTS = (
    "订金说好七个工作日退，一个月了还没到账",
    "变速箱顿挫很明显，低速给油的时候特别难受",
    "销售态度很好，讲解很耐心",
    "提车等了三个月还没消息",
    "车机老是死机，屏幕黑了",
    "服务顾问一直没回我电话",
    "空间大，后排坐着舒服",
    "油耗比宣传的高不少",
)
_SECONDS = (
    "SELECT quantiles(0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, stored_at) / 1e3) FROM current_utterances WHERE source = {source:String}"
)
_ROWS = "SELECT count() FROM current_utterances WHERE source = {source:String}"


def raw_text(source: str, number: int) -> RawText:
    """A short text, ingested now."""
    now = datetime.now(UTC)
    return RawText(
        event_id=raw_event_id(source, str(number)),
        source=source,
        source_id=str(number),
        channel=Channel.SURVEY,
        text=_TEXTS[number % len(_TEXTS)],
        conversation_id=f"{source}-{number}",
        occurred_at=now,
        ingested_at=now,
    )


def stages(count: int = 2_000) -> dict[str, float]:
    """CPU microseconds an utterance of each stage, without broker and ClickHouse: the best of three."""
    now = datetime.now(UTC)
    cleaner, coder = Cleaner.load(Frame.load("auto").entity_names), Coder.load("auto")
    raw = [encode(raw_text("stages", number)) for number in range(count)]
    texts = [decode(RawText, value) for value in raw]
    utterances = [one for text in texts for one in cleaner.clean(text, now)]  # type: ignore[arg-type]
    cleaned = [encode(one) for one in utterances]
    coded_events = [coded(one, coding, now) for one, coding in zip(utterances, coder.code(utterances), strict=True)]
    values = [encode(one) for one in coded_events]
    work: dict[str, Callable[[], object]] = {
        "decode raw text": lambda: [decode(RawText, value) for value in raw],
        "clean": lambda: [cleaner.clean(text, now) for text in texts],  # type: ignore[arg-type]
        "encode utterance": lambda: [encode(one) for one in utterances],
        "decode utterance": lambda: [decode(Utterance, value) for value in cleaned],
        "code": lambda: [coded(one, coding, now) for one, coding in zip(utterances, coder.code(utterances), strict=True)],
        "encode coded": lambda: [encode(one) for one in coded_events],
        "decode coded": lambda: [decode(CodedUtterance, value) for value in values],
        "rows": lambda: by_table(coded_events),
    }
    return {name: round(min(_cpu(function) for _ in range(3)) / count * 1e6, 1) for name, function in work.items()}


def _cpu(function: Callable[[], object]) -> float:
    started = time.thread_time()
    function()
    return time.thread_time() - started


async def _publish(settings: Settings, source: str, count: int, rate: int | None = None) -> None:
    """Send texts as fast as the broker takes them, or at a rate a second."""
    numbers, period = iter(range(count)), 0.05
    part = _CHUNK if rate is None else max(1, int(rate * period))
    async with Outbox(settings) as outbox:
        due = time.monotonic()
        while chunk := list(islice(numbers, part)):
            await outbox.publish([raw_text(source, number) for number in chunk])
            due += period
            if rate is not None:
                await asyncio.sleep(max(0.0, due - time.monotonic()))


def _query(settings: Settings, sql: str, source: str) -> Any:
    client = connect(settings.clickhouse)
    try:
        return client.query(sql, parameters={"source": source}).result_rows[0][0]
    finally:
        client.close()


def _through(rig: Rig, source: str, count: int) -> float:
    """Send `count` texts and wait until each is a row; the seconds it took."""
    started = time.monotonic()
    asyncio.run(_publish(rig.settings, source, count))
    while _query(rig.settings, _ROWS, source) < count:
        if time.monotonic() - started > _LONGEST_S:
            raise TimeoutError(f"{source}: not every text became a row")
        rig.run(_LOOK_S)
    return time.monotonic() - started


def _workers_cpu(rig: Rig) -> float:
    return sum(sum(psutil.Process(worker.pid).cpu_times()[:2]) for worker in rig.workers)


def _run(rig: Rig, count: int) -> dict[str, Any]:
    """The figures of `count` texts through the workers that run."""
    before = _workers_cpu(rig)
    seconds = _through(rig, f"bench-{len(rig.workers)}-{count}", count)
    cpu = _workers_cpu(rig) - before
    memory = max(psutil.Process(worker.pid).memory_info().rss for worker in rig.workers) / 2**20
    each = {"cpu_us": round(cpu / count * 1e6, 1), "per_core": round(count / cpu), "rate": round(count / seconds)}
    return {"workers": len(rig.workers), "events": count, **each, "memory_mib": round(memory)}


def measure(rig: Rig, counts: Sequence[int], seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything: `runs` of one worker over `counts` events and of two workers over the last but one, and latencies."""
    assert store.name in STEPS  # noqa: S101 - what is measured ends in rows
    rig.set_workers(1)
    _through(rig, "warm-1", _WARM_UP)
    latencies = []
    for rate in RATES:
        source = f"rate-{rate}"
        asyncio.run(_publish(rig.settings, source, int(rate * seconds), rate))
        while _query(rig.settings, _ROWS, source) < int(rate * seconds):
            rig.run(_LOOK_S)
        p50, p95, p99 = (round(value, 3) for value in _query(rig.settings, _SECONDS, source))
        latencies.append({"rate": rate, "p50_s": p50, "p95_s": p95, "p99_s": p99})
        say(f"latency {latencies[-1]}")
    runs = []
    for count in counts:
        runs.append(_run(rig, count))
        say(f"{runs[-1]}")
    rig.set_workers(2)
    _through(rig, "warm-2", _WARM_UP)
    runs.append(_run(rig, counts[len(counts) // 2]))
    say(f"{runs[-1]}")
    one = [run for run in runs if run["workers"] == 1]
    return {
        "pipeline_per_core": one[-1]["per_core"],
        "pipeline": runs,
        "latencies": latencies,
        "memory": [{"events": run["events"], "mib": run["memory_mib"]} for run in one],
    }
