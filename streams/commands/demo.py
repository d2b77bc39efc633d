"""`voc demo`: the whole pipeline on a bundled sample, and what came out."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import click
from rich.console import Console

from streams.demo.outcome import Outcome, read_outcome
from streams.demo.report import show
from streams.demo.sample import Sent, send_sample
from streams.local.stack import Embedded, Stack, on_free_ports
from streams.settings import Settings

_WAIT_S = 60.0
EXIT_LOST = 1


@click.command()
@click.option("--kafka", metavar="HOST:PORT", help="Use this Kafka instead of the embedded broker; topics get a prefix of their own.")
@click.option("--clickhouse", metavar="URL", help="Use this ClickHouse instead of the embedded one; the database gets a name of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--keep", is_flag=True, help="Leave the stack running until Ctrl-C, to look around.")
def demo(kafka: str | None, clickhouse: str | None, as_json: bool, keep: bool) -> None:
    """Send a bundled sample over all five channels through gateway, files and Kafka, and show what came out.

    Exit code 1 if anything was lost.
    """
    console = Console(stderr=as_json)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tingjian-demo-") as folder:
        settings = _settings(Path(folder), kafka, clickhouse)
        with Stack(settings, Embedded(broker=not kafka, clickhouse=not clickhouse), say=console.print) as stack:
            sent, outcome = _run(stack, console)
            seconds = round(time.monotonic() - started, 1)
            if as_json:
                heard = [asdict(one) for one in outcome.heard(sent)]
                click.echo(json.dumps({**asdict(outcome.counts(sent)), "heard": heard, "seconds": seconds}, ensure_ascii=False))
            else:
                show(console, sent, outcome, seconds, stack)
            if keep:
                _wait_for_interrupt(console)
    if outcome.counts(sent).lost:
        raise click.exceptions.Exit(EXIT_LOST)


def _run(stack: Stack, console: Console) -> tuple[Sent, Outcome]:
    console.print("sending the sample: gateway, files, Kafka")
    sent = send_sample(stack.settings)
    left = stack.wait_idle(_WAIT_S)
    if left:
        console.print(f"[red]{left} records are still in flight after {_WAIT_S:.0f} s")
    return sent, read_outcome(stack.settings)


def _settings(folder: Path, kafka: str | None, clickhouse: str | None) -> Settings:
    """Settings apart from everything else on this machine and on the servers that are given."""
    run = uuid4().hex[:8]
    settings = on_free_ports(Settings()).model_copy(update={"data": folder, "session_timeout": 6.0, "commit_interval": 0.2})
    given = {"kafka": kafka, "topic_prefix": f"demo-{run}." if kafka else ""}
    if clickhouse:
        given["clickhouse"] = urlsplit(clickhouse)._replace(path=f"/voc_demo_{run}").geturl()
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


def _wait_for_interrupt(console: Console) -> None:
    console.print("the stack is running; Ctrl-C ends it")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping")
