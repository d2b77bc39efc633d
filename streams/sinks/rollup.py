"""Keeps the roll-ups equal to the rows: computes every touched hour and day anew, so replays change nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from streams.errors import SinkError
from streams.sinks import rollup_sql as sql
from streams.sinks.clickhouse import ClickHouse

T = TypeVar("T", bound=date)

_INTERVAL_SECONDS = 1.0
_DAYS_INTERVAL_SECONDS = 15.0
_TASKS_INTERVAL_SECONDS = 60.0
_SHARE_OF_TIME = 0.2
_HOURS_A_QUERY = 1_000  # they travel in the URL
_DAYS_A_QUERY = 60
_TASKS_A_QUERY = 300

_HOURLY = ("hour", "hourly_generations", ("opinions_hourly", "facts_hourly", "answers_hourly", "lags_hourly"))
_DAILY = ("day", "daily_generations", ("tags_daily", "facts_daily", "dealers_daily", "parts_daily", "duplicates_daily"))
_BY_HOUR = (sql.ROWS, sql.FACTS, sql.ANSWERS, sql.LAGS, sql.SWITCH_HOURS)
_BY_DAY = (sql.TAGS_DAILY, sql.FACTS_DAILY, sql.DEALERS_DAILY, sql.PARTS_DAILY, sql.DUPLICATES_DAILY, sql.SWITCH_DAYS)

logger = logging.getLogger("tingjian.store")


class Rollup:
    """The hours and days that were touched, and their refresh."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse
        self._touched: set[datetime] = set()
        self._days: set[date] = set()

    def touch(self, moments: Iterable[datetime]) -> None:
        """Say that utterances of these moments were written."""
        self._touched.update(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)

    async def catch_up(self) -> None:
        """Touch what was stored and not rolled up, such as by a worker that was killed."""
        self._touched.update(hour for (hour,) in await self._clickhouse.query(sql.STALE_HOURS))
        self._days.update(day for (day,) in await self._clickhouse.query(sql.STALE_DAYS))

    async def keep_fresh(self) -> None:
        """Refresh hours about once a second, days four times a minute and tasks once, never for more than a fifth of the time."""
        counted = dated = time.monotonic()
        while True:
            started = time.monotonic()
            try:
                await self._refresh_hours()
                if started - dated > _DAYS_INTERVAL_SECONDS:
                    await self._refresh_days()
                    dated = started
                if started - counted > _TASKS_INTERVAL_SECONDS:
                    await self._refresh_tasks()
                    await self._clean()
                    counted = started
            except SinkError as error:
                logger.warning("roll-up waits: %s", error)
            spent = time.monotonic() - started
            await asyncio.sleep(max(_INTERVAL_SECONDS, spent / _SHARE_OF_TIME - spent))

    async def refresh(self) -> None:
        """Compute the touched hours and days, and the tasks around them, anew. Raises SinkError, and keeps what is left to do."""
        await self._refresh_hours()
        await self._refresh_days()
        await self._refresh_tasks()

    async def _refresh_hours(self) -> None:
        while self._touched:
            hours = _some(self._touched, _HOURS_A_QUERY)
            span = {"hours": hours, "first": hours[0], "end": hours[-1] + timedelta(hours=1)}
            try:
                await self._compute(_BY_HOUR, sql.OF_HOURS, span)
            except SinkError:
                self._touched.update(hours)
                raise
            self._days.update(hour.date() for hour in hours)

    async def _refresh_days(self) -> None:
        while self._days:
            days = _some(self._days, _DAYS_A_QUERY)
            span = {"days": days, "first": f"{days[0]} 00:00:00", "end": f"{days[-1] + timedelta(days=1)} 00:00:00"}
            try:
                await self._compute(_BY_DAY, sql.OF_DAYS, span)
            except SinkError:
                self._days.update(days)
                raise

    async def _refresh_tasks(self) -> None:
        """What is left to do is in the tables: a task says which opinions it was counted with."""
        stale = await self._clickhouse.query(sql.STALE_TASKS)
        for some in (stale[n : n + _TASKS_A_QUERY] for n in range(0, len(stale), _TASKS_A_QUERY)):
            tasks, begins, ends = zip(*some, strict=True)
            await self._compute((sql.TASK_COUNTS,), "", {"tasks": list(tasks), "first": min(begins), "end": max(ends)})

    async def _compute(self, statements: Sequence[str], touched: str, span: Mapping[str, object]) -> None:
        """Run the statements in order; the last makes the computation count."""
        [(generation,)] = await self._clickhouse.query("SELECT now64(6, 'UTC')")
        for statement in statements:
            await self._clickhouse.command(statement.replace("{touched}", touched), {**span, "generation": generation})

    async def _clean(self) -> None:
        for key, generations, tables in (_HOURLY, _DAILY):
            for table in tables:
                await self._clickhouse.command(sql.CLEAN.format(table=table, key=key, generations=generations))


def _some(left: set[T], most: int) -> list[T]:
    """Take the first of what is left to do."""
    taken = sorted(left)[:most]
    left.difference_update(taken)
    return taken
