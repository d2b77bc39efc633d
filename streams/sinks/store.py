"""Stores events in ClickHouse: batches, retries, one poison row found and refused, roll-ups kept current."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.dead_letter import Reason
from streams.errors import PermanentSinkError, SinkError
from streams.retry import keep_trying
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse, open_clickhouse
from streams.sinks.rollup import Rollup
from streams.sinks.tables import COLUMNS, Row, by_table
from streams.step import Refusal, Result

STEP = "store"

_TAKE_BACK = tuple(
    f"DELETE FROM {table} WHERE utterance_id = {{id:UUID}} AND revision = {{revision:UInt32}}"  # noqa: S608 - no value in it
    for table in ("utterances", "opinions")
)

logger = logging.getLogger("tingjian.store")


class Store:
    """Writes batches of events. A replay writes rows that the tables' engine takes as the same."""

    def __init__(self, clickhouse: ClickHouse, rollup: Rollup) -> None:
        self._clickhouse, self._rollup = clickhouse, rollup

    async def write(self, events: Sequence[Event]) -> list[Result]:
        """Store events: None for each that is stored, a Refusal for each of which ClickHouse will never take a row.

        Of an event that is refused no row is left, in no table.
        """
        try:
            await self._insert(events)
        except PermanentSinkError as error:
            if len(events) == 1:
                await self._take_back(events[0])
                return [Refusal(Reason.REFUSED_BY_SINK, str(error))]
            half = len(events) // 2
            return await self.write(events[:half]) + await self.write(events[half:])
        self._rollup.touch(event.occurred_at for event in events if isinstance(event, CodedUtterance))
        return [None] * len(events)

    async def describe(self, tags: Sequence[Mapping[str, object]]) -> None:
        """Write the code frame's tags, a mapping of the columns of table `tags` each. Waits for ClickHouse."""
        columns = {name: [tag[name] for tag in tags] for name in tags[0]}
        await keep_trying(STEP, lambda: self._clickhouse.insert("tags", columns))

    async def _insert(self, events: Sequence[Event]) -> None:
        """An insert a table, all at once. Raises PermanentSinkError after the last of them has ended."""
        inserts = [self._insert_rows(table, rows) for table, rows in by_table(events).items()]
        errors = [error for error in await asyncio.gather(*inserts, return_exceptions=True) if error is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, PermanentSinkError)), errors[0])

    async def _insert_rows(self, table: str, rows: Sequence[Row]) -> None:
        columns = dict(zip(COLUMNS[table], zip(*rows, strict=True), strict=True))
        await keep_trying(STEP, lambda: self._clickhouse.insert(table, columns))

    async def _take_back(self, event: Event) -> None:
        """Delete what one table took of an event before another refused it."""
        if isinstance(event, CodedUtterance):
            parameters = {"id": event.utterance_id, "revision": event.revision}
            for statement in _TAKE_BACK:
                await keep_trying(STEP, lambda statement=statement: self._clickhouse.command(statement, parameters))  # type: ignore[misc]


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """A store whose roll-ups are refreshed in the background until it is closed. Waits for ClickHouse."""
    await keep_trying(STEP, lambda: _probe(settings))
    async with open_clickhouse(settings) as clickhouse:
        rollup = Rollup(clickhouse)
        await keep_trying(STEP, rollup.catch_up)
        refreshing = asyncio.create_task(rollup.keep_fresh())
        try:
            yield Store(clickhouse, rollup)
        finally:
            refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refreshing
            try:
                await rollup.refresh()
            except SinkError as error:
                logger.warning("the last roll-up did not run, the next start catches up: %s", error)


async def _probe(settings: Settings) -> None:
    async with open_clickhouse(settings):
        pass
