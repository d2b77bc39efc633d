"""`voc up`: a whole pipeline on this machine."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType

import click
from rich.console import Console
from rich.live import Live

from streams.local.stack import Embedded, Stack
from streams.local.status import Status
from streams.settings import Settings

_REFRESH_S = 1.0


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for data, keys and logs; VOC_DATA if not given.")
@click.option("--kafka", metavar="HOST:PORT", help="Use this Kafka instead of the embedded broker.")
@click.option("--clickhouse", metavar="URL", help="Use this ClickHouse instead of the embedded one.")
@click.option("--oa", metavar="URL", help="Deliver tasks to this webhook instead of the OA sandbox.")
@click.option("--port-kafka", type=int, default=9092, show_default=True)
@click.option("--port-clickhouse", type=int, default=8123, show_default=True)
@click.option("--port-gateway", type=int, default=8080, show_default=True)
@click.option("--port-oa", type=int, default=8090, show_default=True)
@click.option("--port-metrics", type=int, default=9464, show_default=True)
def up(
    data: Path | None,
    kafka: str | None,
    clickhouse: str | None,
    oa: str | None,
    port_kafka: int,
    port_clickhouse: int,
    port_gateway: int,
    port_oa: int,
    port_metrics: int,
) -> None:
    """Start broker, ClickHouse, worker, gateway and OA sandbox here, and show how they are.

    ClickHouse's data survive a restart. The embedded broker is memory only: Ctrl-C stops the gateway, waits up to a
    minute until everything sent is stored, then stops the rest; Ctrl-C again does not wait.
    """
    base = Settings()
    settings = base.model_copy(
        update={
            "data": (data or base.data).absolute(),
            "kafka": kafka or f"127.0.0.1:{port_kafka}",
            "clickhouse": clickhouse or f"http://voc:voc@127.0.0.1:{port_clickhouse}/voc",
            "gateway_port": port_gateway,
            "metrics_port": port_metrics,
            "oa_url": oa or f"http://127.0.0.1:{port_oa}/oa/tasks",
        }
    )
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console()
    with Stack(settings, Embedded(broker=not kafka, clickhouse=not clickhouse, oa=not oa), say=console.print) as stack:
        _show(stack, console)


def _show(stack: Stack, console: Console) -> None:
    """Show the stack and keep it running, until Ctrl-C or SIGTERM."""
    status = Status(stack)
    try:
        with Live(status.draw(), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_REFRESH_S)
                stack.supervise()
                live.update(status.draw(), refresh=True)
    except KeyboardInterrupt:
        console.print("stopping")


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
