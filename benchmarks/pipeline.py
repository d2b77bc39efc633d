"""The real text pipeline on Apache Kafka and ClickHouse: cost and speed, one and two workers, memory, latency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.texts import texts
from codeframe.coder import Coder, coded
from codeframe.frame import Frame
from codeframe.text.cleaner import Cleaner
from schemas.coded import CodedUtterance
from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from schemas.utterance import Utterance
from streams.codec import decode, encode
from streams.commands.worker import collect_seldom
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.sinks.tables import by_table
from tests.torture.rig import Rig

STEPS = "clean,code,store"
RATES = (100, 500, 2_000)
_CHUNK = 2_000
_WARM_UP = 4_000
_LOOK_S = 0.25
_SETTLED_S = 6.0
_TEXTS = 50_000
_SECONDS = (
    "SELECT quantiles(0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, stored_at) / 1e3) FROM current_utterances WHERE source = {source:String}"
)
_ROWS = "SELECT count() FROM current_utterances WHERE source = {source:String}"


@cache
def _texts() -> list[str]:
    return texts(_TEXTS)


def raw_text(source: str, number: int) -> RawText:
    """A short text, ingested now."""
    now = datetime.now(UTC)
    return RawText(
        event_id=raw_event_id(source, str(number)),
        source=source,
        source_id=str(number),
        channel=Channel.SURVEY,
        text=_texts()[number % _TEXTS],
        conversation_id=f"{source}-{number}",
        occurred_at=now,
        ingested_at=now,
    )


def stages(count: int = 2_000, passes: int = 3) -> dict[str, float]:
    """CPU microseconds an utterance of each stage, without broker and ClickHouse: the best pass, each over texts of its own. Garbage is
    collected as seldom as in a worker."""
    cleaner, coder = Cleaner.load(Frame.load("auto").entity_names), Coder.load("auto")
    collect_seldom()
    spent = [_stages(range(part * count, (part + 1) * count), cleaner, coder) for part in range(passes)]
    return {name: round(min(one[name] for one in spent) / count * 1e6, 1) for name in spent[0]}


def _stages(numbers: range, cleaner: Cleaner, coder: Coder) -> dict[str, float]:
    """CPU seconds of each stage, one after the other."""
    now, spent = datetime.now(UTC), dict[str, float]()

    def timed(name: str, work: Callable[[], list[Any]]) -> list[Any]:
        started = time.thread_time()
        made = work()
        spent[name] = time.thread_time() - started
        return made

    raw = [encode(raw_text("stages", number)) for number in numbers]
    texts_ = timed("decode raw text", lambda: [decode(RawText, value) for value in raw])
    cleaned = timed("clean", lambda: [one for some in cleaner.clean(texts_, now) for one in some])
    values = timed("encode utterance", lambda: [encode(one) for one in cleaned])
    utterances = timed("decode utterance", lambda: [decode(Utterance, value) for value in values])
    events = timed("code", lambda: [coded(*each, now) for each in zip(utterances, coder.code(utterances), strict=True)])
    coded_values = timed("encode coded", lambda: [encode(one) for one in events])
    stored = timed("decode coded", lambda: [decode(CodedUtterance, value) for value in coded_values])
    timed("rows", lambda: list(by_table(stored).items()))
    return spent


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


def started(rig: Rig, workers: int) -> None:
    """Have so many workers, all of them past their start, so that none of it is measured."""
    rig.set_workers(workers)
    while not all("tingjian.worker running" in worker.log.read_text() for worker in rig.workers):
        rig.run(_LOOK_S)
    rig.run(_SETTLED_S)


def _start(rig: Rig, workers: int) -> None:
    """The same, and warm."""
    started(rig, workers)
    _through(rig, f"warm-{workers}", _WARM_UP)


def _through(rig: Rig, source: str, count: int) -> float:
    """Send `count` texts and wait until each is a row; the seconds it took."""
    started = time.monotonic()
    asyncio.run(_publish(rig.settings, source, count))
    _wait(rig, source, count)
    return time.monotonic() - started


def _wait(rig: Rig, source: str, count: int) -> None:
    while _query(rig.settings, _ROWS, source) < count:
        rig.run(_LOOK_S)


def _workers_cpu(rig: Rig) -> float:
    return sum(sum(psutil.Process(worker.pid).cpu_times()[:2]) for worker in rig.workers)


def _run(rig: Rig, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """CPU, speed and memory of `count` texts through the workers that run."""
    before = _workers_cpu(rig)
    seconds = _through(rig, f"bench-{len(rig.workers)}-{count}", count)
    cpu = _workers_cpu(rig) - before
    memory = max(psutil.Process(worker.pid).memory_info().rss for worker in rig.workers) / 2**20
    each = {"cpu_us": round(cpu / count * 1e6, 1), "per_core": round(count / cpu), "rate": round(count / seconds)}
    figures = {"workers": len(rig.workers), "events": count, **each, "memory_mib": round(memory)}
    say(f"{figures}")
    return figures


def measure(short: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Stages; latencies; cost, speed and memory of one worker over growing numbers of texts; two workers."""
    figures: dict[str, Any] = {"stages_us": stages()}
    with TemporaryDirectory() as folder, Rig(Path(folder), steps=STEPS) as rig:
        _start(rig, 1)
        figures["latencies"] = [_latency(rig, rate, 8.0 if short else 30.0, say) for rate in RATES]
        counts = (5_000, 20_000) if short else (10_000, 100_000, 1_000_000)
        runs = [_run(rig, count, say) for count in counts]
        figures["memory"] = [{"events": run["events"], "mib": run["memory_mib"]} for run in runs]
        figures["pipeline_per_core"] = runs[-1]["per_core"]
        _start(rig, 2)
        runs.append(_run(rig, counts[len(counts) // 2], say))
        figures["pipeline"] = runs
    return figures


def rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines of the table."""
    for name, cost in figures["stages_us"].items():
        yield f"stage: {name}", f"{cost:.1f} µs CPU"
    yield "stages in all", f"{sum(figures['stages_us'].values()):.0f} µs CPU"
    for run in figures["pipeline"]:
        cost = f"{run['cpu_us']:.0f} µs CPU, {run['per_core']:,}/s a core, {run['rate']:,}/s, {run['memory_mib']} MiB a worker"
        yield f"pipeline, {run['workers']} worker(s), {run['events']:,} texts", cost
    yield "memory of a worker", ", ".join(f"{one['mib']} MiB after {one['events']:,} texts" for one in figures["memory"])
    for one in figures["latencies"]:
        yield f"latency at {one['rate']:,}/s", f"p50 {one['p50_s']} s, p95 {one['p95_s']} s, p99 {one['p99_s']} s"


def _latency(rig: Rig, rate: int, seconds: float, say: Callable[[str], None]) -> dict[str, float]:
    """Seconds from a text's ingestion to the insert of its row, at `rate` texts a second."""
    source, count = f"rate-{rate}", int(rate * seconds)
    asyncio.run(_publish(rig.settings, source, count, rate))
    _wait(rig, source, count)
    p50, p95, p99 = (round(value, 3) for value in _query(rig.settings, _SECONDS, source))
    say(f"latency at {rate}/s: p50 {p50} s, p95 {p95} s, p99 {p99} s")
    return {"rate": rate, "p50_s": p50, "p95_s": p95, "p99_s": p99}
