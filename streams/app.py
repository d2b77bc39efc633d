"""Builds a Faust app for a step. A step is its own consumer group: it scales, lags and stops by itself."""

from __future__ import annotations

import logging
import os
import traceback
from importlib import import_module
from typing import Any

import faust

from streams.errors import ConfigurationError, TingjianError
from streams.outbox import Outbox
from streams.runner import Runner
from streams.settings import Settings
from streams.step import Step
from streams.transport import NAME, BatchSchema, batches

# Named as strings, so that streams never imports agents.
AGENTS = {
    "transcribe": "agents.transcribe:transcribe",
    "clean": "agents.clean:clean",
    "code": "agents.code:code",
    "recode": "agents.recode:recode",
    "attribute": "agents.attribute:attribute",
    "store": "agents.store:store",
    "trigger": "agents.trigger:trigger",
    "bridge": "agents.bridge:bridge",
}

_EXTRAS = {"transcribe": "voice", "recode": "deep"}
"""Steps that run only where their extra is installed."""

EXIT_STEP_FAILED = 70
_QUEUED_BATCHES = 4
_LONGEST_POLL_S = 86_400.0  # heartbeats and the watchdog tell a dead worker; hearing a batch of recordings may take hours

logger = logging.getLogger("tingjian.worker")


def load_steps(names: tuple[str, ...] = ()) -> list[Step]:
    """The steps of these names, or all that are installed. Raises ConfigurationError for a name that is none or not installed."""
    for name in names:
        if name not in AGENTS:
            raise ConfigurationError(f"no step is called {name!r}: choose from {', '.join(AGENTS)}")
    steps = []
    for name in names or AGENTS:
        module, attribute = AGENTS[name].split(":")
        try:
            step: Step = getattr(import_module(module), attribute)
        except ImportError as error:
            if name not in _EXTRAS:
                raise
            if names:
                raise ConfigurationError(f"step {name} needs {error.name}: pip install 'tingjian[{_EXTRAS[name]}]'") from error
            continue
        steps.append(step)
    return steps


def group_of(step: Step, settings: Settings) -> str:
    """The consumer group of a step."""
    return f"{settings.topic_prefix}tingjian.{step.name}"


class PipelineApp(faust.App):
    """A Faust app that waits for batches in flight when it stops, but not when partitions move.

    A rebalance must not wait for a slow sink: what is in flight is delivered again, and ids make that harmless.
    """

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:
        if self.should_stop:
            await consumer.wait_empty()


def build_app(step: Step, settings: Settings) -> faust.App:
    """A Faust app whose one agent runs the step over every batch of its topics."""
    folder = settings.data / "faust" / step.name
    folder.mkdir(parents=True, exist_ok=True)
    app = PipelineApp(
        group_of(step, settings),
        broker=f"{NAME}://{settings.kafka.replace(',', ';')}",
        store="memory://",
        datadir=str(folder),
        topic_partitions=settings.partitions,
        topic_disable_leader=True,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=step.batch_records or settings.batch_records,
        broker_max_poll_interval=_LONGEST_POLL_S,
        broker_commit_interval=settings.commit_interval,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 5,
        broker_rebalance_timeout=settings.rebalance_timeout,
        stream_wait_empty=False,
        stream_buffer_maxsize=_QUEUED_BATCHES,
    )
    source = app.topic(*(topic.in_pipeline(settings.topic_prefix) for topic in step.reads), schema=BatchSchema())

    async def run(stream: Any) -> None:
        try:
            async with Outbox(settings) as outbox, step.open(settings) as handle:
                await Runner(step, handle, outbox, settings).run(batches(stream))
        except Exception as error:
            end_process(step.name, error)

    app.agent(source, name=step.name, concurrency=1)(run)
    return app


def end_process(step: str, error: Exception) -> None:
    """Log where a step failed and end the process, acknowledging nothing; the supervisor starts it again.

    An exception that left a Faust agent would acknowledge its event. Messages of foreign exceptions are not
    logged, because they may quote a customer.
    """
    words = f": {error}" if isinstance(error, TingjianError) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.critical("step %s failed, nothing is acknowledged: %s%s\n%s", step, type(error).__name__, words, where)
    logging.shutdown()
    os._exit(EXIT_STEP_FAILED)
