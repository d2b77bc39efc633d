"""`python -m benchmarks.views [--rows 10000000]`: how long the views take over a year with this many opinions.

Fills an embedded ClickHouse in a folder of its own, lets the store step's own code roll up, and asks each documented view
what an analyst asks it, again and again. Writes build/views.json; the exit code is 1 where a view misses its target.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from benchmarks.views.queries import QUERIES
from benchmarks.views.rows import inserts
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.processes import free_port
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse, open_clickhouse
from streams.sinks.rollup import Rollup

TARGET_SECONDS = 1.0
_MERGING = "SELECT count() FROM system.merges"
_LONGEST_MERGES_S = 60.0


@click.command()
@click.option("--rows", default=10_000_000, show_default=True, help="Opinions.")
@click.option("--times", default=20, show_default=True, help="How often each view is asked.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Load here, keep it, and only measure the next time.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/views.json"), show_default=True)
def main(rows: int, times: int, folder: Path | None, output: Path) -> None:
    """Time the views."""
    with TemporaryDirectory(prefix="views-") as temporary:
        where = folder or Path(temporary)
        server = EmbeddedClickHouse(free_port(), where)
        server.start()
        try:
            server.wait_ready()
            settings, loaded = Settings(clickhouse=server.url), where / "loaded.json"
            if not loaded.exists():
                loaded.write_text(json.dumps(asyncio.run(load(settings, rows))), "utf-8")
            made = json.loads(loaded.read_text("utf-8"))
            figures = {
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "cores": os.cpu_count(),
                "load": os.getloadavg(),
                **made,
                "times": times,
                "views": asyncio.run(measure(settings, times)),
            }
        finally:
            server.stop()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    slow = [name for name, one in figures["views"].items() if one["p95_s"] > TARGET_SECONDS]
    print(json.dumps({"slower than the target": slow, "written to": str(output)}))
    sys.exit(1 if slow else 0)


async def measure(settings: Settings, times: int) -> dict[str, Any]:
    """Seconds of each query."""
    figures: dict[str, Any] = {}
    async with open_clickhouse(settings) as clickhouse:
        for name, sql in QUERIES.items():
            figures[name] = one = await _timed(clickhouse, sql, times)
            print(f"{name:44} p50 {one['p50_s']:.3f}  p95 {one['p95_s']:.3f} s   {one['rows']} rows", flush=True)
    return figures


async def load(settings: Settings, rows: int) -> dict[str, Any]:
    """Make the rows and roll them up; how long that took."""
    await asyncio.to_thread(migrate, settings)
    async with open_clickhouse(settings) as clickhouse:
        started = time.monotonic()
        for statement in inserts(rows):
            await clickhouse.command(statement)
        filled = time.monotonic()
        rollup = Rollup(clickhouse)
        await rollup.catch_up()
        await rollup.refresh()
        rolled = time.monotonic()
        await _merged(clickhouse)
    return {"opinions": rows, "load_s": round(filled - started, 1), "roll_up_s": round(rolled - filled, 1)}


async def _merged(clickhouse: ClickHouse) -> None:
    """Wait for merges that run now, as a loaded server would have done long ago."""
    give_up = time.monotonic() + _LONGEST_MERGES_S
    while time.monotonic() < give_up and (await clickhouse.query(_MERGING))[0][0]:  # noqa: ASYNC110 - another process merges
        await asyncio.sleep(0.5)


async def _timed(clickhouse: ClickHouse, sql: str, times: int) -> dict[str, Any]:
    seconds = []
    for _ in range(times):
        started = time.monotonic()
        rows = await clickhouse.query(sql)
        seconds.append(time.monotonic() - started)
    return {"rows": len(rows), "p50_s": round(float(np.median(seconds)), 4), "p95_s": round(float(np.quantile(seconds, 0.95)), 4)}


if __name__ == "__main__":
    main()
