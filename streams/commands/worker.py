"""`voc worker`: runs steps until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Sequence

import click
from prometheus_client import start_http_server

from streams.admin import create_topics
from streams.app import EXIT_STEP_FAILED, build_app, load_steps
from streams.settings import Settings
from streams.step import Step
from streams.watchdog import Watchdog

EXIT_DRAIN_TIMED_OUT = 74

_NEW_OBJECTS = 100_000
_CHATTY = ("aiokafka", "faust", "mode", "streams", "httpx")  # they log every start and stop of a part at INFO

logger = logging.getLogger("tingjian.worker")


@click.command()
@click.option("--steps", default="", help="Comma-separated steps to run; all if not given.")
def worker(steps: str) -> None:
    """Run the pipeline's steps. SIGTERM drains batches in flight, commits, and ends."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    chosen = load_steps(tuple(filter(None, steps.split(","))))
    asyncio.run(run_steps(chosen, settings))


async def run_steps(steps: Sequence[Step], settings: Settings) -> None:
    """Run steps, each a Faust app with a consumer group of its own, until SIGTERM or SIGINT."""
    await create_topics(settings)
    apps = [build_app(step, settings) for step in steps]
    stopping = asyncio.Event()

    def told_to_stop() -> None:
        if not stopping.is_set():
            stopping.set()
            _give_up_after(settings.drain_timeout)  # from now on: a start without a broker never ends by itself

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop)
    await asyncio.gather(*(app.start() for app in apps))
    collect_seldom()
    Watchdog(apps, settings.stall_timeout).start()
    if settings.metrics_port:  # only now: who asks is told that every step has its partitions
        start_http_server(settings.metrics_port, addr="0.0.0.0")  # noqa: S104 - Prometheus scrapes from elsewhere
    logger.info("running %s", ", ".join(step.name for step in steps))
    crashes = [asyncio.create_task(app.wait_until_stopped(), name=step.name) for app, step in zip(apps, steps, strict=True)]
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait([told, *crashes], return_when=asyncio.FIRST_COMPLETED)
    if not told.done():
        logger.critical("step %s stopped by itself: ending", next(task.get_name() for task in crashes if task.done()))
        logging.shutdown()
        os._exit(EXIT_STEP_FAILED)
    await asyncio.gather(*(app.stop() for app in apps))


def collect_seldom() -> None:
    """Leave what is loaded out of garbage collection, and collect after many new objects: a batch makes a hundred thousand, no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def _give_up_after(seconds: float) -> None:
    """End the process if draining takes longer; what is in flight is delivered again."""

    def give_up() -> None:
        logger.critical("batches in flight did not finish in %.0f s: ending; they will be delivered again", seconds)
        logging.shutdown()
        os._exit(EXIT_DRAIN_TIMED_OUT)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
