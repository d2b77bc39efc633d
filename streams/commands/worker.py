"""`voc worker`: runs steps until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

import click
import faust
from prometheus_client import start_http_server

from streams.admin import create_topics
from streams.app import build_app, load_steps
from streams.settings import Settings
from streams.watchdog import Watchdog

EXIT_DRAIN_TIMED_OUT = 74

logger = logging.getLogger("tingjian.worker")


@click.command()
@click.option("--steps", default="", help="Comma-separated steps to run; all if not given.")
def worker(steps: str) -> None:
    """Run the pipeline's steps. SIGTERM drains batches in flight, commits, and ends."""
    settings = Settings()
    asyncio.run(create_topics(settings))
    apps = [build_app(step, settings) for step in load_steps(tuple(filter(None, steps.split(","))))]
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="0.0.0.0")  # noqa: S104 - Prometheus scrapes from elsewhere
    Watchdog(apps, settings.stall_timeout).start()
    Worker(apps, settings).execute_from_commandline()


class Worker(faust.Worker):
    """A Faust worker for several apps in one process, with a drain bounded in time."""

    def __init__(self, apps: list[faust.App], settings: Settings) -> None:
        super().__init__(apps[0], *apps[1:], loglevel=settings.log_level, redirect_stdouts=False, loop=asyncio.new_event_loop())
        self._apps, self._drain_timeout = apps, settings.drain_timeout

    def _on_sigterm(self) -> None:
        self._drain()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._drain()
        super()._on_sigint()

    def _drain(self) -> None:
        for app in self._apps:
            app.conf.stream_wait_empty = True  # only now: a rebalance must not wait for a slow sink
        timer = threading.Timer(self._drain_timeout, self._give_up)
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        logger.critical("batches in flight did not finish in %.0f s: ending; they will be delivered again", self._drain_timeout)
        logging.shutdown()
        os._exit(EXIT_DRAIN_TIMED_OUT)

    def _setproctitle(self, info: str, **_: Any) -> None:
        super()._setproctitle(info, ident="tingjian")


