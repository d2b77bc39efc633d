"""What one HTTP request asks ClickHouse for: parameters, headers, credentials, body."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import anyio.from_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request

from streams.local import compression

# Parameters of the interface, and settings that only it acts on: none reaches the engine.
_RESERVED = frozenset(
    [
        "query",
        "database",
        "default_format",
        "session_id",
        "session_timeout",
        "session_check",
        "close_session",
        "query_id",
        "user",
        "password",
        "quota_key",
        "role",
        "buffer_size",
        "wait_end_of_query",
        "compress",
        "decompress",
        "client_protocol_version",
        "stacktrace",
        "enable_http_compression",
        "http_zlib_compression_level",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "cancel_http_readonly_queries_on_client_close",
        "add_http_cors_header",
    ]
)
_PARAMETER = "param_"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class External:
    """A table sent along with a query: its columns in SQL, and its data in `format`."""

    name: str
    structure: str
    format: str
    data: bytes


class Call:
    """A request, read."""

    def __init__(self, request: Request, values: Mapping[str, str], externals: tuple[External, ...]) -> None:
        headers = request.headers
        of_tables = {f"{table.name}_{part}" for table in externals for part in ("format", "structure", "types")}
        plain = {name: value for name, value in values.items() if not name.startswith(_PARAMETER)}
        self.query = plain.get("query", "")
        self.parameters = {name: value for name, value in values.items() if name.startswith(_PARAMETER)}
        self.settings = {name: value for name, value in plain.items() if name not in _RESERVED and name not in of_tables}
        self.database = plain.get("database") or headers.get("X-ClickHouse-Database", "")
        self.default_format = plain.get("default_format") or headers.get("X-ClickHouse-Format") or "TabSeparated"
        self.session = plain.get("session_id", "")
        self.session_timeout = float(plain.get("session_timeout", "60"))
        self.query_id = plain.get("query_id") or str(uuid.uuid4())
        self.whole = plain.get("wait_end_of_query") == "1"
        self.read_only = request.method in {"GET", "HEAD"}
        self.coding = compression.negotiate(headers.get("Accept-Encoding", "")) if plain.get("enable_http_compression") == "1" else None
        self.body_coding = headers.get("Content-Encoding", "")
        self.own_compression = "1" in (plain.get("compress"), plain.get("decompress"))
        self.externals = externals


class Body:
    """A request's body in pieces of about 1 MiB, read from a worker thread. Empty when it was a form."""

    def __init__(self, request: Request) -> None:
        self._chunks = request.stream()
        self._form = _is_form(request)
        self._peeked = b""

    async def peek(self) -> bytes:
        """The first piece, which stays the first."""
        self._peeked = self._peeked or await self._read()
        return self._peeked

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._peeked or anyio.from_thread.run(self._read):
            self._peeked = b""
            yield piece

    async def _read(self) -> bytes:
        pieces, size = [], 0
        while not self._form and size < _BLOCK and (chunk := await anext(self._chunks, None)) is not None:
            pieces.append(chunk)
            size += len(chunk)
        return b"".join(pieces)


async def read_call(request: Request) -> Call:
    """Read all of a request but its body; a form's fields are parameters, and its files external tables."""
    values = dict(request.query_params)
    if not _is_form(request):
        return Call(request, values, ())
    async with request.form() as form:
        values.update({name: value for name, value in form.items() if isinstance(value, str)})
        files = [(name, await value.read()) for name, value in form.items() if isinstance(value, UploadFile)]
    return Call(request, values, tuple(_external(name, data, values) for name, data in files))


def credentials(request: Request) -> tuple[str, str]:
    """User and password: from X-ClickHouse headers, Basic authorization, or the URL; else `default` without one."""
    headers, values = request.headers, request.query_params
    if "X-ClickHouse-User" in headers:
        return headers["X-ClickHouse-User"], headers.get("X-ClickHouse-Key", "")
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user, password
    return values.get("user", "default"), values.get("password", "")


def _is_form(request: Request) -> bool:
    return request.headers.get("Content-Type", "").startswith("multipart/form-data")


def _external(name: str, data: bytes, values: Mapping[str, str]) -> External:
    types = enumerate(values.get(f"{name}_types", "").split(","), start=1)
    structure = values.get(f"{name}_structure") or ", ".join(f"_{number} {kind}" for number, kind in types)
    return External(name, structure, values.get(f"{name}_format", "TabSeparated"), data)
