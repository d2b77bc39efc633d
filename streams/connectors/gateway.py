"""The HTTP gateway: sources post feedback, and get 202 only after the broker acknowledged it.

Nothing of a request is accepted unless all of it is. Event ids come from the source's name and its own id for the
record, so a request may be sent again after any failure: readers keep one event an id. A record sent again with other
content has the same id; which of the two stays is not defined, so a correction needs a source id of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from schemas.base import Event
from schemas.common import Channel
from streams import metrics
from streams.connectors import openapi
from streams.connectors.auth import Gatekeeper, Source, parse_sources
from streams.connectors.body import parse_records, read_body
from streams.connectors.channels import FeedbackRecord
from streams.connectors.context import ContextRoute
from streams.connectors.delivery import Delivery
from streams.connectors.envelope import raw_texts, read_record
from streams.connectors.limits import Recent, TokenBucket
from streams.connectors.problems import MAX_ERRORS, Problem
from streams.errors import ConfigurationError, UnavailableError
from streams.oa.callbacks import Callbacks
from streams.oa.recorder import Recorder
from streams.settings import Settings

_REMEMBERED_IDS = 200_000
_RETRY_AFTER_S = 5

logger = logging.getLogger("tingjian.gateway")

Answer = Callable[[Request], Awaitable[Response]]


class Gateway:
    """The routes, and what they share: who may send, how much, and the way to Kafka."""

    def __init__(self, settings: Settings) -> None:
        sources = parse_sources(settings.gateway_keys.get_secret_value())
        self._gatekeeper = Gatekeeper(sources)
        self._buckets = {source.name: TokenBucket(settings.gateway_rate, time.monotonic()) for source in sources}
        self._max_bytes = settings.gateway_max_bytes
        self._settings = settings
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._delivery = Delivery(settings)
        self._recorder = Recorder(settings, self._delivery)
        self._callbacks = Callbacks(settings, self._recorder)
        self._accepted = Recent[UUID, None](_REMEMBERED_IDS)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/feedback/{channel}", _answering("feedback", self.feedback), methods=["POST"]),
            *self._voice_routes(),
            Route("/v1/context", _answering("context", ContextRoute(self._authentic, self._admit, self._publish).take), methods=["POST"]),
            Route("/v1/tasks/{task_id}/events", _answering("callback", self._callbacks.take), methods=["POST"]),
            *self._approval_routes(),
            Route("/livez", _answering("livez", self.livez)),
            Route("/readyz", _answering("readyz", self.readyz)),
            Route("/metrics", self.metrics),
            Route("/openapi.json", self.openapi),
            Route("/docs", self.docs),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={HTTPException: _refused, Exception: _failed})

    def _voice_routes(self) -> list[BaseRoute]:
        """The routes for recordings, where the extra `voice` is installed."""
        try:
            from streams.connectors.live import Live  # noqa: PLC0415
            from streams.connectors.upload import Upload  # noqa: PLC0415
        except ImportError:
            return []
        upload = Upload(self._settings, self._gatekeeper, self._admit, self._publish)
        live = Live(self._settings, self._gatekeeper, self._admit, self._publish)
        self._closing.append(live.close)
        return [
            Route("/v1/audio/{channel}", _answering("audio", upload.take), methods=["POST"]),
            WebSocketRoute("/v1/live/{channel}", live.serve),
        ]

    def _approval_routes(self) -> list[BaseRoute]:
        """The route for the approval events of an office suite, where one is the OA."""
        if self._settings.oa_kind == "webhook":
            return []
        if not self._settings.oa_token.get_secret_value():
            logger.warning("approvals of %s do not come back: VOC_OA_TOKEN is not set", self._settings.oa_kind)
            return []
        try:
            from streams.oa.approvals import Approvals  # noqa: PLC0415
        except ImportError as error:
            raise ConfigurationError(f"VOC_OA_KIND {self._settings.oa_kind} needs {error.name}: pip install 'tingjian[oa]'") from error

        events = _answering("callback", Approvals(self._settings, self._recorder).take)
        return [Route("/v1/oa/events", events, methods=["GET", "POST"])]

    async def feedback(self, request: Request) -> Response:
        """Take one record or many of a channel; all of them or none."""
        channel = _channel(request.path_params["channel"])
        source, body = await self._authentic(request)
        records = parse_records(request, body)
        self._admit(source, len(records))
        now = datetime.now(UTC)
        events = [event for record in _read_all(channel, records) for event in raw_texts(channel, source.name, record, now)]
        duplicates = [event.event_id for event in events if event.event_id in self._accepted]
        await self._publish(events)
        for event in events:
            self._accepted[event.event_id] = None
        metrics.GATEWAY_EVENTS.labels(source.name, channel.value).inc(len(events))
        metrics.GATEWAY_DUPLICATES.labels(source.name).inc(len(duplicates))
        return _json(
            HTTPStatus.ACCEPTED, {"accepted": len(events), "event_ids": [event.event_id for event in events], "duplicates": duplicates}
        )

    async def livez(self, _: Request) -> Response:
        """The process answers."""
        return _json(HTTPStatus.OK, {"status": "live"})

    async def readyz(self, _: Request) -> Response:
        """Kafka answers too."""
        try:
            await self._delivery.check()
        except UnavailableError as error:
            raise _kafka_away() from error
        return _json(HTTPStatus.OK, {"status": "ready"})

    async def metrics(self, _: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def openapi(self, _: Request) -> Response:
        return _json(HTTPStatus.OK, openapi.document())

    async def docs(self, _: Request) -> Response:
        return HTMLResponse(openapi.page(), headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})

    async def _authentic(self, request: Request) -> tuple[Source, bytes]:
        source = self._gatekeeper.identify(request.headers)
        body = await read_body(request, self._max_bytes)
        self._gatekeeper.check_signature(source, request.headers, body, time.time())
        return source, body

    def _admit(self, source: Source, count: int) -> None:
        wait = self._buckets[source.name].take(count, time.monotonic())
        if wait:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, f"source {source.name} sends too fast; wait {wait} s", headers={"Retry-After": str(wait)}
            )

    async def _publish(self, events: Sequence[Event]) -> None:
        try:
            await self._delivery.publish(events)
        except UnavailableError as error:
            raise _kafka_away() from error

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._recorder.start()
        yield
        for close in self._closing:
            await close()
        await self._recorder.close()
        await self._delivery.close()


def _channel(name: str) -> Channel:
    try:
        return Channel(name)
    except ValueError:
        raise Problem(HTTPStatus.NOT_FOUND, f"channel: expected one of {', '.join(Channel)}") from None


def _read_all(channel: Channel, records: list[Any]) -> list[FeedbackRecord]:
    read, errors = [], []
    for index, record in enumerate(records):
        result = read_record(channel, record)
        if isinstance(result, FeedbackRecord):
            read.append(result)
        else:
            errors += [{"index": index, "field": fault.field, "detail": fault.reason} for fault in result]
    if errors:
        first = errors[0]
        detail = f"event {first['index']}: {first['field']}: {first['detail']}"
        more = f" (and {len(errors) - 1} more, of which {MAX_ERRORS} at most are listed)" if len(errors) > 1 else ""
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{detail}{more}; nothing was accepted", errors)
    return read


def _answering(route: str, handle: Answer) -> Answer:
    async def answer(request: Request) -> Response:
        started = time.perf_counter()
        try:
            response = await handle(request)
        except Problem as problem:
            response = problem.response()
        metrics.GATEWAY_REQUESTS.labels(route, str(response.status_code)).inc()
        metrics.GATEWAY_SECONDS.labels(route).observe(time.perf_counter() - started)
        return response

    return answer


def _kafka_away() -> Problem:
    detail = f"Kafka is away and nothing was accepted; send the same again in {_RETRY_AFTER_S} s"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(_RETRY_AFTER_S)})


async def _refused(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    return Problem(
        status, f"{request.method} {request.url.path}: {status.phrase.lower()}; see /docs", headers=getattr(error, "headers", None)
    ).response()


async def _failed(_: Request, __: Exception) -> Response:
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the gateway failed; nothing was accepted, and its log says why").response()


def _json(status: HTTPStatus, content: Any) -> Response:
    return Response(orjson.dumps(content), status.value, media_type="application/json")
