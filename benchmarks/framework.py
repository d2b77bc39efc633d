"""The same job on the same broker by every client, runs interleaved, medians."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.peers import CLIENTS, ELSEWHERE, OUT
from schemas.common import Attributes, Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from streams.outbox import Outbox, Outgoing, outgoing
from streams.settings import Settings
from streams.topics import RAW_TEXT
from tests.kafka_cluster import KafkaCluster

IN = "bench-in"
SCHEMAS = "tingjian-schemas"
_PREFIX = "bench."
_PARTITIONS = 4
_CHUNK = 5_000
_TEXT = "车子顿挫很明显，低速给油的时候特别难受" * 2
_SLOWER = {"faust": 10}  # how many times fewer events, so that a run takes about as long
_LONGEST_S = 90
_SHORT_S, _LONG_S = 190.0, 3_000.0


def payload(number: int) -> bytes:
    """About 300 bytes of JSON with Chinese text."""
    event = {"id": f"{number:032d}", "customer": f"c{number % 9_999:07d}", "channel": "hotline", "score": number % 5 + 0.5}
    return orjson.dumps({**event, "ts": "2026-11-21T10:00:00.123Z", "text": _TEXT, "dealer": f"D{number % 313:04d}"})


def raw_text(number: int) -> RawText:
    """The same as an event of ours."""
    return RawText(
        event_id=raw_event_id("bench", str(number)),
        source="bench",
        source_id=str(number),
        channel=Channel.HOTLINE,
        text=_TEXT,
        conversation_id=f"c{number % 100}",
        attributes=Attributes(dealer=f"D{number % 313:04d}"),
        occurred_at=datetime.now(UTC),
        ingested_at=datetime.now(UTC),
    )


async def fill(kafka: str, count: int) -> None:
    """Create the topics and send `count` records to each of the two that are read."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    names = (IN, OUT, *(f"{prefix}{RAW_TEXT.name}" for prefix in (_PREFIX, ELSEWHERE)))
    await admin.create_topics([NewTopic(name, _PARTITIONS, 1) for name in names])
    await admin.close()
    async with Outbox(Settings(kafka=kafka)) as outbox:
        for start in range(0, count, _CHUNK):
            numbers = range(start, min(count, start + _CHUNK))
            await outbox.send([Outgoing(IN, str(number % 100).encode(), payload(number)) for number in numbers])
            await outbox.send([outgoing(raw_text(number), _PREFIX) for number in numbers])


def measure(short: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """`framework`: client, cpu_us, rate of each client; the same of our runner with a real schema."""
    with TemporaryDirectory() as folder, KafkaCluster(Path(folder)) as cluster:
        clients = compare(cluster.bootstrap, 100_000 if short else 400_000, 3 if short else 5, _SHORT_S if short else _LONG_S, say)
    return {
        "framework": [one for one in clients if one["client"] != SCHEMAS],
        "framework_with_schemas": [one for one in clients if one["client"] == SCHEMAS],
    }


def rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines of the table, with the CPU as a multiple of the bare loop's."""
    clients = figures["framework"] + figures["framework_with_schemas"]
    bare = next((one["cpu_us"] for one in clients if one["client"] == "aiokafka-batch"), 0.0)
    for one in clients:
        times = f" ({one['cpu_us'] / bare:.2f} of the bare batch loop's)" if bare else ""
        yield one["client"], f"{one['cpu_us']:.1f} µs CPU an event{times}, {one['rate']:,} events/s"


def compare(kafka: str, count: int, rounds: int, seconds: float, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Medians of up to `rounds` runs of each client over `count` events. No round begins that would not end within `seconds`."""
    started = time.monotonic()
    asyncio.run(fill(kafka, count))
    figures: dict[str, list[dict[str, float]]] = defaultdict(list)
    took = 0.0
    for number in range(rounds):
        began = time.monotonic()
        if began - started + took > seconds:
            break
        for client in CLIENTS:
            found = run(client, kafka, count // _SLOWER.get(client, 1))
            if found:
                figures[client].append(found)
                say(f"round {number + 1}, {client}: {found}")
        took = max(took, time.monotonic() - began)
    return [
        {"client": client, "cpu_us": median(run["cpu_us"] for run in runs), "rate": round(median(run["rate"] for run in runs))}
        for client, runs in figures.items()
    ]


def run(client: str, kafka: str, count: int) -> dict[str, float] | None:
    """The figures of one run; None, with a word about it, if the client did not finish."""
    topic = f"{_PREFIX}{RAW_TEXT.name}" if client == SCHEMAS else IN
    argv: Sequence[str] = (sys.executable, "-m", "benchmarks.peers", client, kafka, topic, str(count))
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_LONGEST_S, check=True)  # noqa: S603
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        print(f"{client} did not finish: {error}\n{(error.stderr or b'')[-2_000:]!r}", file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
