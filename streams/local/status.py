"""What a running local stack looks like, as a table for the terminal."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Group
from rich.table import Table
from rich.text import Text

from streams.local.keys import keys_file
from streams.local.stack import Service, Stack


@dataclass
class Flow:
    """What the worker counts: by step, records taken, sent and refused, and lag."""

    taken: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    refused: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lag: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    at: float = field(default_factory=time.monotonic)


def read_flow(port: int) -> Flow | None:
    """The worker's metrics at a port of this machine; None while it does not answer."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=2.0).text
    except httpx.HTTPError:
        return None
    flow = Flow()
    columns = {
        "voc_events_in_total": flow.taken,
        "voc_events_out_total": flow.sent,
        "voc_events_failed_total": flow.refused,
        "voc_lag_records": flow.lag,
    }
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in columns:
                columns[sample.name][sample.labels["step"]] += sample.value
    return flow


class Status:
    """Draws a stack; keeps the last counts, for rates."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._before: Flow | None = None

    def draw(self) -> Group:
        """The stack as it is now."""
        flow = read_flow(self._stack.settings.metrics_port)
        steps = self._steps(flow) if flow else Text("the worker does not answer", style="red")
        self._before = flow
        return Group(self._services(), steps, self._hints())

    def _services(self) -> Table:
        table = Table("service", "state", "address", "log", title="Tingjian 听见", title_justify="left")
        for service in self._stack.services:
            table.add_row(service.name, _state(service), service.where, service.process.log.name)
        return table

    def _steps(self, flow: Flow) -> Table:
        table = Table("step", "taken", "per second", "sent", "refused", "waiting")
        seconds = flow.at - self._before.at if self._before else 0.0
        for step in sorted(flow.taken.keys() | flow.lag.keys()):
            taken = flow.taken[step]
            rate = (taken - self._before.taken[step]) / seconds if self._before and seconds > 0 else 0.0
            table.add_row(step, *(f"{value:,.0f}" for value in (taken, rate, flow.sent[step], flow.refused[step], flow.lag[step])))
        return table

    def _hints(self) -> Text:
        settings = self._stack.settings
        gateway = f"http://{settings.gateway_host}:{settings.gateway_port}"
        lines = (
            f"send      {gateway}/docs, with the key in {keys_file(settings)}; or: voc ingest FILE",
            f"consume   topic {settings.topic_prefix}voc.coded.v1 at {settings.kafka}",
            f"query     {settings.clickhouse}",
            f"data      {settings.data}, with the logs",
            "end       Ctrl-C: what is in flight is finished first",
        )
        return Text("\n".join(lines))


def _state(service: Service) -> Text:
    restarts = f", restarted {service.restarts}x" if service.restarts else ""
    if service.process.running:
        return Text(f"running{restarts}", style="green" if not service.restarts else "yellow")
    return Text(f"ended ({service.process.exit_code}){restarts}", style="red")
