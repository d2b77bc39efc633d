"""Writes rows to ClickHouse over its HTTP protocol. The one place that says which of its errors may pass."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from urllib3.exceptions import HTTPError

from streams.errors import ConfigurationError, PermanentSinkError, RetryableSinkError, SinkError
from streams.settings import Settings

Rows = Mapping[str, Sequence[Any]]
"""Columns of a table: name to values, all of one length."""

# ErrorCodes.cpp of ClickHouse: what says "not now" and not "never".
_RETRYABLE_CODES = frozenset({
    3, 159, 160, 164, 198, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 286, 290, 298, 319, 373, 394, 415, 416, 425,
    439, 499, 574, 660, 692, 722, 734, 745, 999,
})  # fmt: skip
_CODE = re.compile(r"(?:error code |Code: )(\d+)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SETTINGS = {"throw_on_max_partitions_per_insert_block": 0, "async_insert": 0}


def classify(error: Exception) -> SinkError:
    """The same failure as an error of ours: retryable unless ClickHouse says that these rows are wrong."""
    code = error_code(error)
    if isinstance(error, DatabaseError) and code and code not in _RETRYABLE_CODES:
        return PermanentSinkError(f"ClickHouse refused with code {code}")
    return RetryableSinkError(f"ClickHouse: {type(error).__name__}{f', code {code}' if code else ''}")


def error_code(error: Exception) -> int:
    """ClickHouse's error code in an exception of its client, or 0."""
    found = _CODE.search(str(error))
    return int(found.group(1)) if found else 0


def connect(url: str, *, database: bool = True) -> Client:
    """A client for http(s)://user:password@host:port/database.

    Raises ConfigurationError for a URL that is none, RetryableSinkError where the server is away.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("VOC_CLICKHOUSE: expected http(s)://user:password@host:port/database")
    try:
        return clickhouse_connect.get_client(
            host=parts.hostname,
            port=parts.port or (8443 if parts.scheme == "https" else 8123),
            secure=parts.scheme == "https",
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=database_of(url) if database else "default",
            autogenerate_session_id=False,
            compress=parts.hostname not in _LOOPBACK,  # there it costs more than it saves
        )
    except (ClickHouseError, HTTPError, OSError) as error:
        raise classify(error) from error


def database_of(url: str) -> str:
    """The database that a ClickHouse URL names; `voc` if it names none."""
    return urlsplit(url).path.strip("/") or "voc"


class ClickHouse:
    """An open connection that inserts columns and runs statements, off the event loop."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._types: dict[str, Sequence[ClickHouseType]] = {}

    async def insert(self, table: str, rows: Rows) -> None:
        """Insert columns into a table. Raises RetryableSinkError or PermanentSinkError."""
        await self._call(self._insert, table, rows)

    def _insert(self, table: str, rows: Rows) -> None:
        """With the types that the table's columns had last time: asking for them takes as long as a small insert."""
        context = self._client.create_insert_context(
            table,
            list(rows),
            column_types=self._types.pop(table, None),  # asked anew after a failure
            column_oriented=True,
            settings=_SETTINGS,
            data=list(rows.values()),
        )
        self._client.data_insert(context)
        self._types[table] = context.column_types

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that returns no rows. Raises as `insert` does."""
        await self._call(self._client.command, sql, parameters=dict(parameters or {}), settings=_SETTINGS)

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises as `insert` does."""
        result = await self._call(self._client.query, sql, parameters=dict(parameters or {}))
        return list(result.result_rows)

    async def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise classify(error) from error


@asynccontextmanager
async def open_clickhouse(settings: Settings) -> AsyncIterator[ClickHouse]:
    """A connection to the ClickHouse of the settings. Raises RetryableSinkError where it is away."""
    client = await asyncio.to_thread(connect, settings.clickhouse)
    try:
        yield ClickHouse(client)
    finally:
        client.close()
