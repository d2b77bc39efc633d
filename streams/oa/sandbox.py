"""The OA sandbox: a small web application that plays the company's OA, so that the whole loop can be walked.

It takes tasks by the contract of streams/oa/webhook.py, shows them to people (streams/oa/pages.py), and calls back.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas.task import TaskTrigger
from streams.codec import decode
from streams.connectors.body import read_body
from streams.connectors.problems import Problem
from streams.oa.caller import Caller
from streams.oa.inbox import Inbox, Received
from streams.oa.pages import Pages
from streams.oa.signing import oa_secret, signature_fault
from streams.settings import Settings
from streams.step import Refusal

if TYPE_CHECKING:
    from streams.oa.recordings import Recordings

_MAX_BYTES = 1_048_576
_FILE = "oa-sandbox.sqlite"


class Sandbox:
    """The routes for machines, and what all routes share."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._secret = settings, oa_secret(settings)
        self._inbox = Inbox(settings.data / _FILE)
        self._caller = Caller(settings)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/oa/tasks", self.take, methods=["POST"]),
            Route("/oa/tasks", self.tasks),
            Route("/livez", self.livez),
            *Pages(self._inbox, self._caller, _recordings(self._settings)).routes(),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={Problem: _refused})

    async def take(self, request: Request) -> Response:
        """Take a delivered task: 201, or 200 if it came before."""
        body = await read_body(request, _MAX_BYTES)
        fault = signature_fault(self._secret, request.headers, body, time.time()) if self._secret else None
        if fault:
            raise Problem(HTTPStatus.UNAUTHORIZED, fault.detail)
        task = decode(TaskTrigger, body)
        if isinstance(task, Refusal):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, task.detail)
        number, new = self._inbox.take(task)
        return _json({"external_id": number}, HTTPStatus.CREATED if new else HTTPStatus.OK)

    async def tasks(self, _: Request) -> Response:
        """Every task, the newest first."""
        return _json({"tasks": [_shown(received) for received in self._inbox.tasks()]})

    async def livez(self, _: Request) -> Response:
        return _json({"status": "live"})

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await self._caller.close()
        self._inbox.close()


def _recordings(settings: Settings) -> Recordings | None:
    """What plays recordings, where the extra `voice` is installed."""
    try:
        from streams.oa.recordings import Recordings  # noqa: PLC0415
    except ImportError:
        return None
    return Recordings(settings)


def _shown(received: Received) -> dict[str, object]:
    return {
        "external_id": received.external_id,
        "state": received.state,
        "received_at": received.received_at,
        "calls": received.calls,
        "task": received.task.model_dump(mode="json", exclude_none=True),
    }


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what the handler is registered for
    return error.response()


def _json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(content), status.value, media_type="application/json")
