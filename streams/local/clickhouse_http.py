"""ClickHouse's HTTP interface over the engine in this process, as an ASGI application.

A request runs in a worker thread. Writes have threads of their own, so that no number of long reads makes them wait.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from itertools import chain

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from streams.local import compression
from streams.local.clickhouse_call import Body, Call, External, credentials, read_call
from streams.local.clickhouse_engine import Connection, Engine, Summary, streamable
from streams.local.clickhouse_errors import ClickHouseError
from streams.local.clickhouse_sql import Insert, identifier, is_read, is_set, result_format, split_insert

_READERS, _WRITERS = 16, 8
_IDLE_CHECK = 5.0
_HEAD = 1000
_GONE = 499


class CutShortError(ConnectionError):
    """A result failed after its first part had been sent, so the connection is closed."""


def application(engine: Engine, user: str, password: str) -> Starlette:
    """The application, for one user. It closes `engine` when it ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_end_idle_sessions, engine)
            yield
            tasks.cancel_scope.cancel()
        engine.close()

    interface = _Interface(engine, user, password)
    routes = [Route("/ping", _alive), Route("/replicas_status", _alive), Route("/", interface.handle, methods=["GET", "POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("Ok.\n")


async def _end_idle_sessions(engine: Engine) -> None:
    while True:
        await anyio.sleep(_IDLE_CHECK)
        engine.end_idle_sessions()


class _Interface:
    def __init__(self, engine: Engine, user: str, password: str) -> None:
        self._engine = engine
        self._login = f"{user}:{password}".encode()
        self._readers = anyio.CapacityLimiter(_READERS)
        self._writers = anyio.CapacityLimiter(_WRITERS)

    async def handle(self, request: Request) -> Response:
        query_id = ""
        try:
            self._authenticate(request)
            call = await read_call(request)
            query_id = call.query_id
            body = Body(request)
            reads = is_read(call.query or (await body.peek())[:_HEAD].decode(errors="replace"))
            threads = self._readers if reads else self._writers
            return await anyio.to_thread.run_sync(self._run, call, body, limiter=threads)
        except ClickHouseError as error:
            headers = {"X-ClickHouse-Exception-Code": str(error.code), **self._headers(query_id)}
            return PlainTextResponse(error.text + "\n", error.status, headers)
        except ClientDisconnect:  # nobody is there to be answered; an insert has ended without its last block
            return Response(status_code=_GONE)

    def _authenticate(self, request: Request) -> None:
        user, password = credentials(request)
        if not hmac.compare_digest(f"{user}:{password}".encode(), self._login):
            message = f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
            raise self._engine.error(516, "AUTHENTICATION_FAILED", message)

    def _run(self, call: Call, body: Body) -> Response:
        if call.own_compression:
            raise self._engine.error(48, "NOT_IMPLEMENTED", "compress=1 and decompress=1; use Accept-Encoding and Content-Encoding")
        if call.body_coding and not compression.readable(call.body_coding):
            raise self._engine.error(89, "UNKNOWN_COMPRESSION_METHOD", f"Unknown compression method: {call.body_coding}")
        try:
            return self._answer(call, compression.decompressed(body, call.body_coding) if call.body_coding else iter(body))
        except UnicodeDecodeError:
            raise self._engine.error(62, "SYNTAX_ERROR", "Syntax error: the statement is not UTF-8") from None
        except compression.DAMAGED as error:
            raise self._engine.error(354, "CANNOT_DECOMPRESS", f"Cannot decompress the request's body: {error}") from None

    def _answer(self, call: Call, body: Iterator[bytes]) -> Response:
        text = call.query.encode() or next(body, b"")
        if not call.read_only and (insert := split_insert(text)):
            return self._insert(call, insert, body)
        sql = b"\n".join(part for part in (text, b"".join(body)) if part).decode()
        return self._query(call, sql) if sql.strip() else PlainTextResponse("Ok.\n")

    def _insert(self, call: Call, insert: Insert, body: Iterator[bytes]) -> Response:
        with self._connection(call, call.settings) as connection:
            summary = connection.insert(insert.statement, insert.format, chain((insert.data,) if insert.data else (), body))
        return Response(headers=self._headers(call.query_id, summary))

    def _query(self, call: Call, sql: str) -> Response:
        form = result_format(sql) or call.default_format
        headers = {"X-ClickHouse-Format": form, **({"Content-Encoding": call.coding} if call.coding else {})}
        with ExitStack() as held:
            connection = held.enter_context(self._connection(call, {} if is_set(sql) else call.settings))
            reads = self._check(connection, call, sql)
            if reads and not call.whole and streamable(form):
                blocks = connection.stream(sql, form)
                blocks = chain((next(blocks, b""),), blocks)  # most errors come before the first block, and have a status
                tag = secrets.token_hex(8)
                content = _streamed(_with_errors(blocks, tag), held.pop_all(), call.coding)
                return StreamingResponse(content, headers={**headers, "X-ClickHouse-Exception-Tag": tag, **self._headers(call.query_id)})
            data, summary = connection.query(sql, form)
        whole = b"".join(compression.compressed((data,), call.coding)) if call.coding else data
        return Response(whole, headers=headers | self._headers(call.query_id, summary))

    def _check(self, connection: Connection, call: Call, sql: str) -> bool:
        """Whether `sql` only reads. Several statements, and writing by GET, are refused."""
        count, reads = connection.statements(sql)
        if count > 1:
            raise self._engine.error(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
        if call.read_only and count and not reads:
            message = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. Use method POST"
            raise self._engine.error(164, "READONLY", f"{message} for modifying queries.")
        return reads

    @contextmanager
    def _connection(self, call: Call, settings: Mapping[str, str]) -> Iterator[Connection]:
        with self._engine.connection(settings, call.parameters, call.database, call.session, call.session_timeout) as connection:
            for table in call.externals:
                _create(connection, table)
            try:
                yield connection
            finally:
                for table in call.externals:
                    connection.query(f"DROP TEMPORARY TABLE {identifier(table.name)}")

    def _headers(self, query_id: str, summary: Summary | None = None) -> dict[str, str]:
        headers = {"X-ClickHouse-Server-Display-Name": self._engine.hostname, "X-ClickHouse-Timezone": self._engine.timezone}
        if query_id:
            headers["X-ClickHouse-Query-Id"] = query_id
        if summary:
            headers["X-ClickHouse-Summary"] = json.dumps(summary.as_header(), separators=(",", ":"))
        return headers


def _create(connection: Connection, table: External) -> None:
    connection.query(f"CREATE TEMPORARY TABLE {identifier(table.name)} ({table.structure})")
    if table.data:
        connection.insert(f"INSERT INTO {identifier(table.name)}", table.format, (table.data,))


def _streamed(blocks: Iterator[bytes], held: ExitStack, coding: str | None) -> Iterator[bytes]:
    with held:
        yield from compression.compressed(blocks, coding) if coding else blocks


def _with_errors(blocks: Iterator[bytes], tag: str) -> Iterator[bytes]:
    """A late error, framed as ClickHouse 25.11 and later do; then the body breaks off, so that nobody takes it for whole."""
    try:
        yield from blocks
    except ClickHouseError as error:
        text = error.text.encode()
        yield b"\r\n__exception__\r\n%b\r\n%b\n%d %b\r\n__exception__\r\n" % (tag.encode(), text, len(text), tag.encode())
        raise CutShortError from None
