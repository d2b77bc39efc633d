"""What comes back from the OA: signed callbacks on the gateway become `voc.task-events.v1`.

`POST /v1/tasks/<task id>/events`, signed by VOC_OA_SECRET as Standard Webhooks says, with a JSON body

    {"action": "planned", "actor": "li.wei", "role": "execution", "note": "...", "confirmed_cause": "...",
     "refused_causes": ["..."], "external_id": "OA-17", "occurred_at": "2026-11-21T10:30:00+08:00"}

of which `action`, `actor` and `role` are required. 201: kept. 200: this `webhook-id` was kept before. 409: the state of
the task or the role forbids the step; 404: no such task; both are kept too, as refused. 401: forged, expired or
replayed; 413, 415, 422: not readable; these are only counted. 503: Kafka is away, send it again.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal
from uuid import UUID

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from schemas.base import Instant, Name, Text, Value
from schemas.ids import make_id
from schemas.task_event import ActorRole, TaskAction, TaskEvent
from streams import metrics
from streams.codec import describe
from streams.connectors.body import JSON, read_body
from streams.connectors.delivery import Delivery
from streams.connectors.limits import Recent
from streams.connectors.problems import Problem
from streams.errors import UnavailableError
from streams.oa.ledger import Ledger
from streams.oa.life import State, after, fault
from streams.oa.signing import oa_secret, signature_fault
from streams.settings import Settings

MAX_BYTES = 65_536
_CATCH_UP_S = 5.0
_REMEMBERED_SIGNATURES = 100_000
_RETRY_AFTER = {"Retry-After": "5"}


class Callback(Value):
    """A step that a person took in the OA."""

    action: TaskAction
    actor: Name
    role: Literal["execution", "management"]
    note: Text | None = None
    confirmed_cause: Name | None = None
    refused_causes: tuple[Name, ...] = ()
    external_id: Name | None = None
    occurred_at: Instant | None = None


class Callbacks:
    """The route. One callback is decided at a time, on the log as it is then."""

    def __init__(self, settings: Settings, delivery: Delivery) -> None:
        self._secret = oa_secret(settings)
        self._delivery, self._ledger = delivery, Ledger(settings)
        self._used = Recent(_REMEMBERED_SIGNATURES)
        self._one = asyncio.Lock()

    async def close(self) -> None:
        await self._ledger.close()

    async def take(self, request: Request) -> Response:
        """Take one callback. Raises Problem."""
        task_id, body = _task_id(request), await self._body(request)
        self._check_signature(request, body)
        callback = _read(request, body)
        event_id = make_id("task-event", task_id, "callback", request.headers["webhook-id"])
        async with self._one:
            await self._catch_up()
            state = self._ledger.state(task_id)
            if self._ledger.has(event_id):
                metrics.CALLBACKS.labels("repeated").inc()
                return _answer(HTTPStatus.OK, event_id, state)
            wrong = "no task has this id" if state is None else fault(state, callback.action, ActorRole(callback.role))
            event = _event(task_id, event_id, callback, wrong)
            await self._publish(event)
        if state is None:
            raise _problem("unknown_task", HTTPStatus.NOT_FOUND, f"task {task_id}: {wrong}; the callback is kept")
        if wrong:
            raise _problem("illegal", HTTPStatus.CONFLICT, f"{wrong}; the callback is kept as refused")
        metrics.CALLBACKS.labels("accepted").inc()
        return _answer(HTTPStatus.CREATED, event_id, after(state, event))

    async def _body(self, request: Request) -> bytes:
        try:
            return await read_body(request, MAX_BYTES)
        except Problem:
            metrics.CALLBACKS.labels("oversized").inc()
            raise

    def _check_signature(self, request: Request, body: bytes) -> None:
        if not self._secret:
            raise _problem("forged", HTTPStatus.UNAUTHORIZED, "callbacks are off: VOC_OA_SECRET is not set")
        wrong = signature_fault(self._secret, request.headers, body, time.time())
        if wrong:
            raise _problem(wrong.kind, HTTPStatus.UNAUTHORIZED, wrong.detail)
        signature = request.headers["webhook-signature"]
        if signature in self._used:
            raise _problem("replayed", HTTPStatus.UNAUTHORIZED, "webhook-signature: was used before; sign each attempt anew")
        self._used.add(signature)

    async def _catch_up(self) -> None:
        try:
            await asyncio.wait_for(self._ledger.catch_up(), _CATCH_UP_S)
        except (UnavailableError, TimeoutError) as error:
            raise _away() from error

    async def _publish(self, event: TaskEvent) -> None:
        try:
            await self._delivery.publish([event])
        except UnavailableError as error:
            raise _away() from error


def _task_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["task_id"])
    except ValueError:
        raise _problem("invalid", HTTPStatus.NOT_FOUND, "task id: expected a UUID") from None


def _read(request: Request, body: bytes) -> Callback:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise _problem("invalid", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type: expected {JSON}")
    try:
        return Callback.model_validate_json(body)
    except ValidationError as error:
        raise _problem("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, describe(error)) from None


def _event(task_id: UUID, event_id: UUID, callback: Callback, wrong: str | None) -> TaskEvent:
    now = datetime.now(UTC)
    return TaskEvent(
        task_event_id=event_id,
        task_id=task_id,
        action=callback.action,
        actor=callback.actor,
        actor_role=ActorRole(callback.role),
        legal=wrong is None,
        reason=wrong,
        note=callback.note,
        confirmed_cause=callback.confirmed_cause,
        refused_causes=callback.refused_causes,
        external_id=callback.external_id,
        occurred_at=callback.occurred_at or now,
        recorded_at=now,
    )


def _problem(outcome: str, status: HTTPStatus, detail: str) -> Problem:
    metrics.CALLBACKS.labels(outcome).inc()
    return Problem(status, detail)


def _away() -> Problem:
    metrics.CALLBACKS.labels("unavailable").inc()
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Kafka is away and nothing was kept; sign and send it again", headers=_RETRY_AFTER)


def _answer(status: HTTPStatus, event_id: UUID, state: State | None) -> Response:
    return Response(orjson.dumps({"task_event_id": event_id, "state": state}), status.value, media_type=JSON)
