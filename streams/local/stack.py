"""A whole pipeline on this machine: broker, ClickHouse, worker, gateway and OA sandbox as child processes.

    with Stack(settings) as stack:
        ...                             # stack.settings says where everything is

The services listen where the settings say, and what is not embedded is used where the settings say. ClickHouse's data
survive a restart. The embedded broker keeps topics in memory only, so what is in flight would not: leaving the context
stops the gateway first, then waits (at most `DRAIN_S` seconds) until every step has finished all that was sent, and only
then stops the rest. What did not finish in time is named, never dropped in silence.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import httpx

from streams.admin import group_lag
from streams.app import group_of, load_steps
from streams.errors import ConfigurationError, TingjianError
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.keys import with_keys
from streams.local.processes import ChildProcess, free_port, require_free_port
from streams.migrate import migrate
from streams.settings import Settings

DRAIN_S = 60.0
"""Longest wait for what is in flight when the stack ends, seconds."""

_RESTART_AFTER_S = 2.0
_READY_S = 60.0
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Embedded:
    """Which outside systems run inside the stack; the others are used where the settings say."""

    broker: bool = True
    clickhouse: bool = True
    oa: bool = True


@dataclass
class Service:
    """A process of the stack. `where` is its address; `kept` means that it may be started again without loss."""

    name: str
    where: str
    process: ChildProcess
    kept: bool = True
    restarts: int = 0
    ended_at: float | None = field(default=None, repr=False)


class Stack:
    """The pipeline's processes. `say` receives a line of text for each thing worth telling."""

    def __init__(
        self,
        settings: Settings,
        embedded: Embedded | None = None,
        *,
        steps: Sequence[str] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = with_keys(settings)
        self.embedded = embedded or Embedded()
        self.services: list[Service] = []
        self._steps = tuple(steps)
        self._say = say

    def start(self) -> None:
        """Start everything, in order, each when what it needs is ready.

        Raises ConfigurationError for a taken port, UnavailableError with the end of its log for a service that fails.
        """
        self._check_ports()
        self._start_stores()
        for name in migrate(self.settings):
            self._say(f"migration {name} applied")
        metrics = f"http://{_LOOPBACK}:{self.settings.metrics_port}"
        gateway = f"http://{self.settings.gateway_host}:{self.settings.gateway_port}"
        if self.embedded.oa:
            self._start_voc("OA sandbox", self.settings.oa_url, "oa-sandbox", ready=self.settings.oa_url)
        self._start_voc("worker", metrics, "worker", *_steps_option(self._steps), ready=f"{metrics}/metrics")
        self._start_voc("gateway", gateway, "gateway", ready=f"{gateway}/readyz")

    def supervise(self) -> None:
        """Start again what has ended. UnavailableError if that is the broker, whose records are gone. Call it often."""
        for service in self.services:
            if service.process.running:
                service.ended_at = None
                continue
            if not service.kept:
                service.process.check()
            now = time.monotonic()
            service.ended_at = service.ended_at or now
            if now - service.ended_at >= _RESTART_AFTER_S:
                self._say(f"{service.name} ended with exit code {service.process.exit_code}: starting it again")
                service.process.start()
                service.restarts += 1

    def lag(self) -> dict[str, int]:
        """Records that each step has yet to finish, as committed with the broker."""
        # In a thread of its own: asyncio makes of Ctrl-C in the main thread a cancellation, which a client that is stopping may swallow.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, _lag(self.settings, self._steps)).result()

    def wait_idle(self, timeout: float) -> int:
        """Wait until no step has anything left to do; the number of records that remain after `timeout` seconds."""
        deadline, quiet = time.monotonic() + timeout, 0
        while True:
            left = sum(self.lag().values())
            quiet = quiet + 1 if left == 0 else 0  # twice, since a late step may feed one that was counted before it
            if quiet > 1 or time.monotonic() > deadline:
                return left
            self.supervise()

    def stop(self) -> None:
        """Stop the gateway, finish what is in flight where it would be lost otherwise, stop the rest."""
        try:
            self._stop("gateway")
            if self.embedded.broker and any(service.name == "worker" for service in self.services):
                self._drain()
        except KeyboardInterrupt:
            self._say("not waiting any longer")
        finally:
            for service in reversed(self.services):
                service.process.stop(self.settings.drain_timeout + 5)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _check_ports(self) -> None:
        settings, embedded = self.settings, self.embedded
        wanted = [
            (settings.gateway_port, "the gateway", "--port-gateway", True),
            (settings.metrics_port, "the worker's metrics", "--port-metrics", True),
            (_port(settings.kafka), "the embedded broker", "--port-kafka", embedded.broker),
            (_port(settings.clickhouse), "the embedded ClickHouse", "--port-clickhouse", embedded.clickhouse),
            (_port(settings.oa_url), "the OA sandbox", "--port-oa", embedded.oa),
        ]
        for port, user, option, ours in wanted:
            if ours:
                require_free_port(port, user, option)

    def _start_stores(self) -> None:
        settings, logs = self.settings, self.settings.data
        if self.embedded.broker:
            broker = EmbeddedBroker(_port(settings.kafka), logs)
            self._add(Service("broker", broker.bootstrap, broker.process, kept=False))
            broker.start()
            broker.wait_ready()
        if self.embedded.clickhouse:
            url = urlsplit(settings.clickhouse)
            user, password, database = unquote(url.username or "default"), unquote(url.password or ""), url.path.strip("/") or "default"
            clickhouse = EmbeddedClickHouse(_port(settings.clickhouse), settings.data, user, password, database)
            self._add(Service("ClickHouse", f"http://{_host_port(settings.clickhouse)}", clickhouse.process))
            clickhouse.start()
            clickhouse.wait_ready()

    def _start_voc(self, name: str, where: str, *arguments: str, ready: str) -> None:
        log = self.settings.data / f"{arguments[0]}.log"
        process = ChildProcess(f"the {name}", (sys.executable, "-m", "streams.cli", *arguments), log, env=self.settings.environment())
        self._add(Service(name, where, process))
        process.start()
        process.wait_ready(lambda: _answers(ready), _READY_S)

    def _add(self, service: Service) -> None:
        self._say(f"starting {service.name}: {service.where}")
        self.services.append(service)

    def _stop(self, name: str) -> None:
        for service in self.services:
            if service.name == name:
                service.process.stop()
                self.services.remove(service)
                return

    def _drain(self) -> None:
        self._say("finishing what is in flight")
        try:
            left = self.wait_idle(DRAIN_S)
        except TingjianError as error:
            self._say(f"what is in flight could not be finished: {error}")
            return
        if left:
            self._say(f"{left} records were not finished in {DRAIN_S:g} s and end with the embedded broker: send their sources again")

    def _kill(self) -> None:
        for service in reversed(self.services):
            service.process.stop(timeout=5.0)


def on_free_ports(settings: Settings) -> Settings:
    """The settings with every service of a stack on loopback, on a port that nothing uses now."""
    return settings.model_copy(
        update={
            "kafka": f"{_LOOPBACK}:{free_port()}",
            "clickhouse": f"http://voc:voc@{_LOOPBACK}:{free_port()}/voc",
            "gateway_host": _LOOPBACK,
            "gateway_port": free_port(),
            "metrics_port": free_port(),
            "oa_url": f"http://{_LOOPBACK}:{free_port()}/oa/tasks",
        }
    )


async def _lag(settings: Settings, names: tuple[str, ...]) -> dict[str, int]:
    steps = load_steps(names)
    topics = [[topic.in_pipeline(settings.topic_prefix) for topic in step.reads] for step in steps]
    lags = await asyncio.gather(*(group_lag(settings, group_of(step, settings), reads) for step, reads in zip(steps, topics, strict=True)))
    return {step.name: lag for step, lag in zip(steps, lags, strict=True)}


def _steps_option(steps: tuple[str, ...]) -> tuple[str, ...]:
    return ("--steps", ",".join(steps)) if steps else ()


def _answers(url: str) -> bool:
    try:
        return not httpx.get(url, timeout=2.0).is_server_error
    except httpx.HTTPError:
        return False


def _host_port(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"


def _port(address: str) -> int:
    port = urlsplit(address if "://" in address else f"//{address}").port
    if port is None:
        raise ConfigurationError(f"{address!r} names no port")
    return port
