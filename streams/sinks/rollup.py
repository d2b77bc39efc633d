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
_FACTS = """
INSERT INTO facts_hourly
SELECT toStartOfHour(occurred_at) AS hour, tag, cause, channel, brand, model, dealer, city, region, segment, point, need_layer, sentiment,
       count(), {generation:DateTime64(6, 'UTC')}
FROM opinions FINAL
WHERE retracted = 0 AND empty(marks) AND toStartOfHour(occurred_at) IN {hours:Array(DateTime('UTC'))}
GROUP BY ALL
"""
_ANSWERS = """
INSERT INTO answers_hourly
SELECT toStartOfHour(min(u.occurred_at)), u.event_id, any(u.channel), any(u.source), any(u.brand), any(u.model), any(u.dealer), any(u.city),
       any(u.region), any(u.segment), assumeNotNull(any(u.score)), notEmpty(negatives) OR notEmpty(positives) OR lengthUTF8(comment) >= 8,
       arrayStringConcat(arrayMap(one -> one.2, arraySort(groupArray((u.utterance_id, u.text)))), ' ') AS comment,
       arraySort(groupUniqArrayArray(o.negative)) AS negatives, arraySort(groupUniqArrayArray(o.positive)) AS positives,
       min(u.occurred_at), {generation:DateTime64(6, 'UTC')}
FROM (SELECT * FROM utterances FINAL WHERE isNotNull(score) AND toStartOfHour(occurred_at) IN {hours:Array(DateTime('UTC'))}) AS u
LEFT JOIN
(
    SELECT utterance_id,
           groupUniqArrayIf(toString(tag), sentiment < 0) AS negative, groupUniqArrayIf(toString(tag), sentiment > 0) AS positive
    FROM opinions FINAL
    WHERE retracted = 0 AND isNotNull(score) AND toStartOfHour(occurred_at) IN {hours:Array(DateTime('UTC'))}
    GROUP BY utterance_id
) AS o ON o.utterance_id = u.utterance_id
GROUP BY u.event_id
"""
_SWITCH = """
INSERT INTO hourly_generations
SELECT arrayJoin({hours:Array(DateTime('UTC'))}), {generation:DateTime64(6, 'UTC')}
"""
# A row becomes visible a moment after its `stored_at`; a minute of overlap covers that.
_STALE = """
SELECT hour FROM
(
    SELECT hour, max(at) AS stored FROM
    (
        SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS at FROM opinions GROUP BY hour
        UNION ALL
        SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS at FROM utterances WHERE isNotNull(score) GROUP BY hour
    )
    GROUP BY hour
) AS stored
LEFT JOIN (SELECT hour, generation FROM hourly_generations FINAL) AS done USING hour
WHERE stored > done.generation - INTERVAL 1 MINUTE
"""

# Only what a reader can no longer be using.
_CLEAN = """
DELETE FROM {table}
WHERE generation < now64() - INTERVAL 1 MINUTE AND (hour, generation) NOT IN (SELECT hour, generation FROM hourly_generations FINAL)
"""
_TABLES = ("opinions_hourly", "facts_hourly", "answers_hourly")
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
                    for table in _TABLES:
                        await self._clickhouse.command(_CLEAN.replace("{table}", table))
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
                for statement in (_ROWS, _FACTS, _ANSWERS, _SWITCH):
                    await self._clickhouse.command(statement, parameters)
            except SinkError:
                self._touched.update(hours)
                raise
