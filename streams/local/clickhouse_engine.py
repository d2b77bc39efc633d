"""The ClickHouse engine in this process (chdb), one connection a request or session.

Connections are cheap (0.15 ms) and run in parallel; each has settings, a current database and temporary tables of its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from streams.local.clickhouse_errors import ClickHouseError
from streams.local.clickhouse_sql import identifier, insert_target, literal, unquoted

# As a server is configured, not as `clickhouse local` is.
_SERVER_LIKE = "implicit_select=0&allow_introspection_functions=0"
_STREAMABLE = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow"})
_READ_ONLY_SETTING = "readonly"


@dataclass
class Summary:
    """What a statement read and wrote."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def as_header(self) -> dict[str, str]:
        """The fields of `X-ClickHouse-Summary`."""
        names = ("read_rows", "read_bytes", "written_rows", "written_bytes", "result_rows", "result_bytes")
        elapsed = int((time.monotonic() - self.started) * 1e9)
        return {**{name: str(getattr(self, name)) for name in names}, "total_rows_to_read": "0", "elapsed_ns": str(elapsed)}


_NOT_IMPLEMENTED = 48


@contextmanager
def memory_file(data: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    """A file in memory with this content: a path that the engine can read, and its size in bytes."""
    with os.fdopen(os.memfd_create("insert"), "wb") as file:
        size = sum(file.write(chunk) for chunk in data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}", size


class Connection:
    """One connection to the engine. Every method raises ClickHouseError."""

    def __init__(self, raw: Any, version: str) -> None:
        self._raw = raw
        self._version = version

    def query(self, sql: str, form: str = "TabSeparated") -> tuple[bytes, Summary]:
        """Run a statement; its whole result in `form`, unless `sql` names another format."""
        with self._engine_errors():
            summary = Summary()
            result = self._raw.query(sql, form)
            data = bytes(result.bytes())
        summary.read_rows, summary.read_bytes = result.storage_rows_read(), result.storage_bytes_read()
        summary.written_rows, summary.written_bytes = result.rows_written(), result.bytes_written()
        summary.result_rows, summary.result_bytes = result.rows_read(), len(data)
        return data, summary

    def stream(self, sql: str, form: str) -> Iterator[bytes]:
        """Run a query; its result block by block. Ending the iterator early ends the query."""
        with self._engine_errors():
            stream = self._raw.send_query(sql, form)
            try:
                while (block := self._raw.streaming_fetch_result(stream)) is not None and block.rows_read():
                    yield bytes(block.bytes())
                stream = None
            finally:
                if stream is not None:
                    self._raw.streaming_cancel_query(stream)

    def insert(self, statement: str, form: str, data: Iterable[bytes]) -> Summary:
        """Run an INSERT on `data` in `form`; an exception from `data` ends the insert before it began.

        The engine's own streaming insert loses errors of the table, such as a constraint or a view that throws, so
        the data are put into a file in memory and selected from it, with the table's columns and defaults.
        """
        target = insert_target(statement)
        if target is None:
            raise ClickHouseError.of(_NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "INSERT into a target of this kind", self._version)
        columns = self._columns(target.table)
        names = ", ".join(target.columns or [identifier(name) for name, _ in columns])
        wanted = {unquoted(name) for name in target.columns} or {name for name, _ in columns}
        structure = ", ".join(f"{identifier(name)} {declared}" for name, declared in columns if name in wanted)
        with memory_file(data) as (path, size):
            source = f"file({literal(path)}, {literal(form)}, {literal(structure)})"
            statement = f"INSERT INTO {target.table} ({names}) {target.settings} SELECT {names} FROM {source}"  # noqa: S608 - the caller's own
            result, summary = self.query(statement)
        summary.read_bytes = size
        summary.result_rows, summary.result_bytes = summary.written_rows, len(result) or summary.written_bytes
        return summary

    def _columns(self, table: str) -> list[tuple[str, str]]:
        """Name and declaration (type and default) of the columns that a table takes."""
        described, _ = self.query(f"DESCRIBE TABLE {table}", "JSONCompactEachRow")
        rows = (orjson.loads(line) for line in described.splitlines())
        return [
            (name, f"{kind} DEFAULT {default}" if default_kind == "DEFAULT" else kind)
            for name, kind, default_kind, default, *_ in rows
            if default_kind in {"", "DEFAULT", "EPHEMERAL"}
        ]

    def assign(self, values: Mapping[str, str]) -> None:
        """SET settings, and query parameters as `param_name`."""
        if values:
            self.query("SET " + ", ".join(f"{identifier(name)} = {literal(value)}" for name, value in values.items()))

    def use(self, database: str) -> None:
        """Make `database` the current one."""
        self.query(f"USE {identifier(database)}")

    def changed(self, names: Iterable[str]) -> dict[str, str]:
        """Which of these settings differ from their defaults, and their values."""
        listed = ", ".join(literal(name) for name in names)
        rows, _ = self.query(f"SELECT name, value FROM system.settings WHERE changed AND name IN ({listed})", "TSVRaw")  # noqa: S608
        return dict(row.split("\t", 1) for row in rows.decode().splitlines())

    def statements(self, sql: str) -> tuple[int, bool]:
        """How many statements `sql` holds (0 when it does not parse), and whether they only read."""
        found = self._raw.classify_query(sql)
        return found["statement_count"], found["query_class"].name == "READ_ONLY"

    def close(self) -> None:
        self._raw.close()

    @contextmanager
    def _engine_errors(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise ClickHouseError.from_engine(error, self._version) from None


class _Session:
    """A connection that lasts. Settings of a request stay in force until a request brings others, which saves two
    statements a request; a `SET` of the user's is run without any, so that it is never mistaken for one of them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.expires = 0.0
        self.lock = threading.Lock()
        self._applied: dict[str, str] = {}
        self._before: dict[str, str] = {}

    def apply(self, settings: Mapping[str, str]) -> None:
        """Put these settings, and no other request's, in force."""
        if settings == self._applied:
            return
        back = [name for name in self._applied if name != _READ_ONLY_SETTING]  # which cannot be taken back
        if back:
            values = (f"{identifier(name)} = {literal(self._before[name]) if name in self._before else 'DEFAULT'}" for name in back)
            self.connection.query("SET " + ", ".join(values))
        self._applied = {}
        self._before = self.connection.changed(settings) if settings else {}
        self.connection.assign(settings)
        self._applied = dict(settings)


class Engine:
    """The engine over `folder`, with `user`'s sessions. One process a folder; the engine itself refuses a second."""

    def __init__(self, folder: Path) -> None:
        from chdb import _chdb, engine_version  # noqa: PLC0415  # takes half a second

        folder.mkdir(parents=True, exist_ok=True)
        self.version: str = engine_version
        self._connect: Any = _chdb.connect  # type: ignore[attr-defined]
        self._target = f"{folder.resolve()}?{_SERVER_LIKE}"
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()
        self._root = self._open()  # the engine lives as long as a connection does
        names, _ = self._root.query("SELECT serverTimezone(), hostName()")
        self.timezone, self.hostname = names.decode().strip().split("\t")

    @contextmanager
    def connection(
        self, settings: Mapping[str, str], parameters: Mapping[str, str], database: str, session: str = "", timeout: float = 60.0
    ) -> Iterator[Connection]:
        """A connection with these settings, parameters (`param_name`) and database.

        Without `session` it is new, and gone afterwards. With one, temporary tables and `SET` last until it has been
        idle for `timeout` seconds; `settings` and `parameters` still hold for this use only.
        """
        if session:
            with self._session(session, timeout) as held:
                if database:
                    held.connection.use(database)
                held.apply(settings)
                held.connection.assign(parameters)
                yield held.connection
            return
        connection = self._open()
        try:
            if database:
                connection.use(database)
            connection.assign({**parameters, **settings})
            yield connection
        finally:
            connection.close()

    def end_idle_sessions(self) -> None:
        """Close sessions whose time is over."""
        now = time.monotonic()
        with self._lock:
            over = [name for name, session in self._sessions.items() if session.expires < now and not session.lock.locked()]
            ended = [self._sessions.pop(name) for name in over]
        for session in ended:
            session.connection.close()

    def close(self) -> None:
        """Close every connection, and with the last the engine."""
        for session in self._sessions.values():
            session.connection.close()
        self._root.close()

    def create_database(self, name: str) -> None:
        """Create a database, if it does not exist."""
        self._root.query(f"CREATE DATABASE IF NOT EXISTS {identifier(name)}")

    def error(self, code: int, name: str, message: str) -> ClickHouseError:
        """An error in the engine's words."""
        return ClickHouseError.of(code, name, message, self.version)

    def _open(self) -> Connection:
        return Connection(self._connect(self._target), self.version)

    @contextmanager
    def _session(self, name: str, timeout: float) -> Iterator[_Session]:
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                session = self._sessions[name] = _Session(self._open())
            if not session.lock.acquire(blocking=False):
                raise self.error(373, "SESSION_IS_LOCKED", f"Session {name} is locked by a concurrent client")
        try:
            yield session
        finally:
            session.expires = time.monotonic() + timeout
            session.lock.release()


def streamable(form: str) -> bool:
    """Whether the blocks of a result in this format, put one after another, are a result in this format."""
    return form in _STREAMABLE
