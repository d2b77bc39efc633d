"""Keeps trying a call to an outside system, with back-off and jitter, while it fails in a way that may pass.

While a step waits here its partitions are not read on: back-pressure, never a drop. The watchdog leaves it alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from streams import metrics
from streams.errors import RetryableSinkError

T = TypeVar("T")

_FIRST_SECONDS = 0.2
_LONGEST_SECONDS = 15.0

logger = logging.getLogger("tingjian.retry")

waiting: set[str] = set()
"""Names of the steps that wait for an outside system now."""

succeeded: dict[str, float] = {}
"""When each step last got on within a batch, on the monotonic clock."""


def progressed(step: str) -> None:
    """Say that a step got on within a batch, so that the watchdog does not take a long one for a stall."""
    succeeded[step] = time.monotonic()


async def keep_trying(step: str, call: Callable[[], Awaitable[T]], *, attempts: int | None = None) -> T:
    """The result of `call`, tried again after each RetryableSinkError.

    Waits double from 0.2 s to 15 s, each multiplied by a random factor in [0.5, 1]. With `attempts`, the last
    RetryableSinkError is raised; every other error is raised at once.
    """
    wait, attempt = _FIRST_SECONDS, 1
    try:
        while True:
            try:
                result = await call()
                progressed(step)
                return result
            except RetryableSinkError as error:
                if attempt == attempts:
                    raise
                if step not in waiting:
                    logger.warning("step %s waits: %s", step, error)
                waiting.add(step)
                metrics.WAITING.labels(step).set(1)
                await asyncio.sleep(wait * random.uniform(0.5, 1))
                wait, attempt = min(wait * 2, _LONGEST_SECONDS), attempt + 1
    finally:
        if step in waiting:
            waiting.discard(step)
            metrics.WAITING.labels(step).set(0)
            logger.info("step %s goes on", step)
