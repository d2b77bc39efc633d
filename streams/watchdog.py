"""Ends a worker whose consumer makes no progress while lag grows. Consumers have been seen to stop silently."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from streams import metrics
from streams.retry import succeeded, waiting

EXIT_STALLED = 75
_CHECKS = 4

logger = logging.getLogger("tingjian.watchdog")


def lag_of(app: Any) -> dict[tuple[str, int], tuple[int, int]]:
    """(position, lag) of each assigned partition of an app, by topic and partition."""
    consumer = app.consumer
    lags = {}
    for tp, position in list(consumer.progress.next.items()):
        end = consumer.highwater(tp)
        lags[tp.topic, tp.partition] = (position, max(0, (end or position) - position))
    return lags


class Watchdog(threading.Thread):
    """Watches apps from a thread of its own, since a stuck event loop cannot watch itself."""

    def __init__(self, apps: list[Any], stall_timeout: float, *, end: Callable[[int], None] = os._exit) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._apps, self._timeout, self._end = apps, stall_timeout, end
        self._last: dict[tuple[str, str, int], tuple[int, float]] = {}

    def run(self) -> None:
        while True:
            time.sleep(min(2.0, self._timeout / _CHECKS))
            for app in self._apps:
                self.check(app, time.monotonic())

    def check(self, app: Any, now: float) -> None:
        """Publish the app's lag, and end the process if a partition with lag stood still for too long."""
        step = app.conf.id.rsplit(".", 1)[-1]
        for (topic, partition), (position, lag) in lag_of(app).items():
            metrics.LAG.labels(step, topic, partition).set(lag)
            key = (step, topic, partition)
            before, since = self._last.get(key, (-1, now))
            if position != before or lag == 0 or step in waiting:
                self._last[key] = (position, now)
            elif now - max(since, succeeded.get(step, since)) > self._timeout:
                logger.critical("step %s made no progress on %s[%d] for %.0f s at lag %d: ending", step, topic, partition, now - since, lag)
                logging.shutdown()
                self._end(EXIT_STALLED)
