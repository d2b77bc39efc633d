"""The torture suite: `python -m tests.torture --seed 1 --short`. Prints a table and writes build/torture.json.

Events flow at a steady rate through clean, code, store, trigger and bridge while things die. `recovery_s` is the time
from the end of the last fault until every event sent is coded or quarantined and every task is with the OA.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.torture.events import Source
from tests.torture.feeder import Feeder
from tests.torture.rig import Rig
from tests.torture.scenarios import SCENARIOS, Scenario, place_dead_letters
from tests.torture.tally import Tally, missing, tally

_LONGEST_RECOVERY_S = 180.0
_LOOK_S = 1.0


@click.command()
@click.option("--seed", default=1, show_default=True, help="What happens when, and what is sent.")
@click.option("--short", is_flag=True, help="At most ten minutes, every scenario.")
@click.option("--rate", type=int, default=None, help="Events a second; 100, or 50 in the short form.")
@click.option("--only", default="", help="Comma-separated scenarios.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/torture.json"), show_default=True)
def main(seed: int, short: bool, rate: int | None, only: str, output: Path) -> None:
    """Run the torture suite; the exit code is 1 if anything was lost or doubled."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says a lot about brokers that die
    chosen = [scenario for scenario in SCENARIOS if not only or scenario.name in only.split(",")]
    rows: list[Tally] = []
    console = Console(stderr=True)
    for nodes, group in groupby(chosen, key=lambda scenario: scenario.nodes):
        folder = Path(tempfile.mkdtemp(prefix="torture-"))
        console.print(f"{nodes} broker(s), logs in {folder}")
        with Rig(folder, seed, nodes) as rig:
            if nodes > 1:
                place_dead_letters(rig)
            for scenario in group:
                row = run(rig, scenario, seed, rate or (50 if short else 100), short)
                rows.append(row)
                console.print(f"{row}  restarts so far: {rig.restarts}")
                write(rows, output)
    Console().print(table(rows))
    sys.exit(0 if all(row.passed for row in rows) else 1)


def run(rig: Rig, scenario: Scenario, seed: int, rate: int, short: bool) -> Tally:
    """One scenario, until everything sent has arrived or it has taken too long."""
    source = Source(scenario.name, seed, bad=scenario.bad, poison=scenario.poison)
    rig.set_workers(scenario.workers)
    with Feeder(rig.settings, source, rate):
        scenario.fault(rig, short)
        ended = time.monotonic()
    while missing(rig.settings, source) and time.monotonic() - ended < _LONGEST_RECOVERY_S:
        rig.run(_LOOK_S)
    return tally(rig.settings, source, time.monotonic() - ended)


def write(rows: Iterable[Tally], output: Path) -> None:
    """Write the figures as JSON."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def table(rows: Iterable[Tally]) -> Table:
    """The figures for people; red where something is wrong."""
    made = Table(*("scenario", "sent", "coded", "quarantined", "lost", "duplicate rows", "duplicate tasks", "recovery s"))
    for row in rows:
        made.add_row(*(str(value) for value in asdict(row).values()), style="" if row.passed else "bold red")
    return made


if __name__ == "__main__":
    main()
