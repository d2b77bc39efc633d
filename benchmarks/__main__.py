"""`python -m benchmarks`: every speed figure, in one table and in build/bench.json. Needs Java 17, Maven and the extra `bench`."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import framework, pipeline
from tests.kafka_cluster import KafkaCluster
from tests.torture.rig import Rig


@click.command()
@click.option("--short", is_flag=True, help="At most ten minutes.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/bench.json"), show_default=True)
def main(short: bool, output: Path) -> None:
    """Measure the framework against its peers, and the whole pipeline."""
    console = Console(stderr=True)
    figures: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "machine": machine()}
    figures["stages_us"] = pipeline.stages()
    with KafkaCluster(folder()) as cluster:
        clients = framework.measure(cluster.bootstrap, 100_000 if short else 400_000, 3 if short else 5, console.print)
    figures["framework"] = [one for one in clients if one["client"] != framework.SCHEMAS]
    figures["framework_with_schemas"] = [one for one in clients if one["client"] == framework.SCHEMAS]
    write(figures, output)
    with Rig(folder(), steps=pipeline.STEPS) as rig:
        counts = (5_000, 20_000) if short else (10_000, 100_000, 1_000_000)
        figures |= pipeline.measure(rig, counts, 8.0 if short else 30.0, console.print)
    figures["load"] = os.getloadavg()
    write(figures, output)
    show(figures, Console())


def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="bench-"))


def machine() -> str:
    """Processor, cores, Python."""
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def write(figures: dict[str, Any], output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def show(figures: dict[str, Any], console: Console) -> None:
    """The figures for people."""
    table = Table("what", "figure", title=f"{figures['date']}, {figures['machine']}", title_justify="left")
    for one in figures["framework"] + figures["framework_with_schemas"]:
        table.add_row(one["client"], f"{one['cpu_us']:.1f} µs CPU an event, {one['rate']:,} events/s")
    for name, cost in figures["stages_us"].items():
        table.add_row(f"stage: {name}", f"{cost:.1f} µs CPU")
    for run in figures["pipeline"]:
        cost = f"{run['cpu_us']:.0f} µs CPU, {run['per_core']:,}/s a core, {run['rate']:,}/s, {run['memory_mib']} MiB"
        table.add_row(f"pipeline, {run['workers']} worker(s), {run['events']:,} texts", cost)
    for one in figures["latencies"]:
        table.add_row(f"latency at {one['rate']:,}/s", f"p50 {one['p50_s']} s, p95 {one['p95_s']} s, p99 {one['p99_s']} s")
    console.print(table)


if __name__ == "__main__":
    main()
