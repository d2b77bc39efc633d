"""The body of a request: read within its limit, and taken apart into records."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request

from streams.connectors.problems import Problem

JSON = "application/json"
JSON_LINES = ("application/x-ndjson", "application/jsonl")


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises Problem 413 as soon as it is known to be over `limit` bytes."""
    too_large = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: is larger than {limit} bytes; send smaller batches")
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def parse_records(request: Request, body: bytes) -> list[Any]:
    """The records of a body: one object, `{"events": [...]}`, or JSON Lines. Raises Problem 400, 415 or 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (JSON, *JSON_LINES) or request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type: expected {JSON} or {JSON_LINES[0]}, not compressed")
    records = _one_or_events(_parse(body)) if media_type == JSON else _lines(body)
    if not records:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "events: is empty")
    return records


def _one_or_events(content: Any) -> list[Any]:
    if isinstance(content, dict) and "events" not in content:
        return [content]
    if isinstance(content, dict) and len(content) == 1 and isinstance(content["events"], list):
        return content["events"]
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, 'events: expected one record, or {"events": [record, ...]} and nothing beside it')


def _lines(body: bytes) -> list[Any]:
    return [_parse(line, f"line {number}: ") for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]


def _parse(text: bytes, where: str = "") -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"body: {where}is not JSON: {error}") from None
