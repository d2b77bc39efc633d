"""Keeps the hourly roll-up equal to the opinions: computes every touched hour anew, so replays change nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import datetime

from streams.errors import SinkError
from streams.sinks.clickhouse import ClickHouse

_INTERVAL_SECONDS = 1.0
_SHARE_OF_TIME = 0.2
_HOURS_A_QUERY = 5_000

_ROWS = """
INSERT INTO opinions_hourly
SELECT toStartOfHour(occurred_at) AS hour, tag, channel, brand, model, dealer, point, sentiment, count(), {generation:DateTime64(6, 'UTC')}
FROM opinions FINAL
WHERE retracted = 0 AND toStartOfHour(occurred_at) IN {hours:Array(DateTime('UTC'))}
GROUP BY ALL
"""
_SWITCH = """
INSERT INTO hourly_generations
SELECT arrayJoin({hours:Array(DateTime('UTC'))}), {generation:DateTime64(6, 'UTC')}
"""
# A row becomes visible a moment after its `stored_at`; a minute of overlap covers that.
_STALE = """
SELECT hour FROM (SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS stored FROM opinions GROUP BY hour) AS stored
LEFT JOIN (SELECT hour, generation FROM hourly_generations FINAL) AS done USING hour
WHERE stored > done.generation - INTERVAL 1 MINUTE
"""

# Only what a reader can no longer be using.
_CLEAN = """
DELETE FROM opinions_hourly
WHERE generation < now64() - INTERVAL 1 MINUTE AND (hour, generation) NOT IN (SELECT hour, generation FROM hourly_generations FINAL)
"""
_CLEAN_SECONDS = 60.0

logger = logging.getLogger("tingjian.store")


class Rollup:
    """The hours that were touched, and their refresh."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse
        self._touched: set[datetime] = set()

    def touch(self, moments: Iterable[datetime]) -> None:
        """Say that opinions of these moments were written."""
        self._touched.update(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)

    async def catch_up(self) -> None:
        """Touch the hours that were stored and not rolled up, such as by a worker that was killed."""
        self._touched.update(hour for (hour,) in await self._clickhouse.query(_STALE))

    async def keep_fresh(self) -> None:
        """Refresh about once a second, and never for more than a fifth of the time."""
        cleaned = time.monotonic()
        while True:
            started = time.monotonic()
            try:
                await self.refresh()
                if started - cleaned > _CLEAN_SECONDS:
                    await self._clickhouse.command(_CLEAN)
                    cleaned = started
            except SinkError as error:
                logger.warning("roll-up waits: %s", error)
            spent = time.monotonic() - started
            await asyncio.sleep(max(_INTERVAL_SECONDS, spent / _SHARE_OF_TIME - spent))

    async def refresh(self) -> None:
        """Compute the touched hours anew. Raises SinkError, and keeps what is left to do."""
        while self._touched:
            hours = sorted(self._touched)[:_HOURS_A_QUERY]
            self._touched.difference_update(hours)
            try:
                [(generation,)] = await self._clickhouse.query("SELECT now64(6, 'UTC')")
                parameters = {"hours": hours, "generation": generation}
                await self._clickhouse.command(_ROWS, parameters)
                await self._clickhouse.command(_SWITCH, parameters)
            except SinkError:
                self._touched.update(hours)
                raise
