"""The survey answers of a cut, read from ClickHouse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any, NamedTuple, ParamSpec

import click

from codeframe.analytics.answers import DETRACTOR, PROMOTER, Answers
from codeframe.errors import FrameError
from schemas.base import Event
from streams.errors import TingjianError
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import open_clickhouse

P = ParamSpec("P")

DIMENSIONS = ("brand", "model", "dealer", "city", "region", "channel", "segment")


class Row(NamedTuple):
    """A survey answer."""

    score: int
    month: date
    brand: str
    model: str
    dealer: str
    city: str
    region: str
    channel: str
    segment: str
    concrete: bool
    comment: str
    minute: int
    negative: list[str]
    positive: list[str]

    @property
    def contribution(self) -> float:
        """100, 0 or -100."""
        return 100.0 if self.score >= PROMOTER else -100.0 if self.score <= DETRACTOR else 0.0


def query(sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query on the settings' ClickHouse."""

    async def run() -> list[tuple[Any, ...]]:
        async with open_clickhouse(Settings()) as clickhouse:
            return await clickhouse.query(sql, parameters)

    return asyncio.run(run())


def insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into a table of the settings' ClickHouse."""

    async def run() -> None:
        async with open_clickhouse(Settings()) as clickhouse:
            await clickhouse.insert(table, dict(zip(columns, zip(*rows, strict=True), strict=True)))

    if rows:
        asyncio.run(run())


def publish(events: Sequence[Event]) -> None:
    """Send events to their topics."""

    async def run() -> None:
        async with Outbox(Settings()) as outbox:
            await outbox.publish(events)

    if events:
        asyncio.run(run())


def read(filters: Mapping[str, str | None], since: date | None = None, until: date | None = None) -> list[Row]:
    """The answers whose dimensions have these values, from `since` until before `until`. Raises ClickException if there are none."""
    given = {name: value for name, value in filters.items() if value}
    where = [f"{name} = {{{name}:String}}" for name in given]
    where += ["hour >= {since:DateTime('UTC')}"] if since else []
    where += ["hour < {until:DateTime('UTC')}"] if until else []
    parameters: dict[str, Any] = {
        **given,
        **({"since": f"{since} 00:00:00"} if since else {}),
        **({"until": f"{until} 00:00:00"} if until else {}),
    }
    rows = query(
        f"SELECT score, toStartOfMonth(hour) AS month, {', '.join(DIMENSIONS)}, concrete, comment, "  # noqa: S608 - names of ours
        f"intDiv(toUnixTimestamp(occurred_at), 60) AS minute, negative, positive FROM current_answers "
        f"{'WHERE ' + ' AND '.join(where) if where else ''} ORDER BY occurred_at, answer_id",
        parameters,
    )
    if not rows:
        raise click.ClickException("no survey answer is in this cut")
    return [Row(*row) for row in rows]


def answers(rows: list[Row]) -> tuple[Answers, list[date]]:
    """The rows as arrays, and the months that the periods number."""
    months = sorted({row.month for row in rows})
    number = {month: at for at, month in enumerate(months)}
    return Answers.of((row.score, number[row.month], row.negative, row.positive) for row in rows), months


def clear_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Show an error of ours as one line."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (TingjianError, FrameError, ValueError) as error:
            raise click.ClickException(str(error)) from None

    return run
