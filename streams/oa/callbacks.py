"""What comes back from the OA: signed callbacks on the gateway become `voc.task-events.v1`.

`POST /v1/tasks/<task id>/events`, signed by VOC_OA_SECRET as Standard Webhooks says, with a JSON body

    {"action": "planned", "actor": "li.wei", "role": "execution", "note": "...", "confirmed_cause": "...",
     "refused_causes": ["..."], "external_id": "OA-17", "occurred_at": "2026-11-21T10:30:00+08:00"}

of which `action`, `actor` and `role` are required. 201: kept. 200: this `webhook-id` was kept before. 409: the state of
the task or the role forbids the step; 404: no such task; both are kept too, as refused. 401: forged, expired or
replayed; 413, 415, 422: not readable; these are only counted. 503: Kafka is away, send it again.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from schemas.ids import make_id
from schemas.task_event import ActorRole, TaskEvent
from streams import metrics
from streams.codec import describe
from streams.connectors.body import JSON, read_body
from streams.connectors.limits import Recent
from streams.connectors.problems import Problem
from streams.oa.ledger import Ledger
from streams.oa.life import State, after, fault
from streams.oa.recorder import Recorder, refusal
from streams.oa.signing import oa_secret, signature_fault
from streams.oa.step import Callback
from streams.settings import Settings

MAX_BYTES = 65_536
_REMEMBERED_SIGNATURES = 100_000


class Callbacks:
    """The route."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self._secret = oa_secret(settings)
        self._recorder = recorder
        self._used = Recent[str, None](_REMEMBERED_SIGNATURES)

    async def take(self, request: Request) -> Response:
        """Take one callback. Raises Problem."""
        task_id, body = _task_id(request), await limited(request)
        self._check_signature(request, body)
        callback = _read(request, body)
        event_id = make_id("task-event", task_id, "callback", request.headers["webhook-id"])

        def decide(ledger: Ledger) -> tuple[list[TaskEvent], tuple[State | None, TaskEvent | None]]:
            state = ledger.state(task_id)
            if ledger.has(event_id):
                return [], (state, None)
            wrong = "no task has this id" if state is None else fault(state, callback.action, ActorRole(callback.role))
            event = _event(task_id, event_id, callback, wrong)
            return [event], (state, event)

        state, event = await self._recorder.record(decide)
        if event is None:
            metrics.CALLBACKS.labels("repeated").inc()
            return _answer(HTTPStatus.OK, event_id, state)
        if state is None:
            raise refusal("unknown_task", HTTPStatus.NOT_FOUND, f"task {task_id}: {event.reason}; the callback is kept")
        if not event.legal:
            raise refusal("illegal", HTTPStatus.CONFLICT, f"{event.reason}; the callback is kept as refused")
        metrics.CALLBACKS.labels("accepted").inc()
        return _answer(HTTPStatus.CREATED, event_id, after(state, event))

    def _check_signature(self, request: Request, body: bytes) -> None:
        if not self._secret:
            raise refusal("forged", HTTPStatus.UNAUTHORIZED, "callbacks are off: VOC_OA_SECRET is not set")
        wrong = signature_fault(self._secret, request.headers, body, time.time())
        if wrong:
            raise refusal(wrong.kind, HTTPStatus.UNAUTHORIZED, wrong.detail)
        signature = request.headers["webhook-signature"]
        if signature in self._used:
            raise refusal("replayed", HTTPStatus.UNAUTHORIZED, "webhook-signature: was used before; sign each attempt anew")
        self._used[signature] = None


async def limited(request: Request) -> bytes:
    """The body of a callback. Raises Problem 413."""
    try:
        return await read_body(request, MAX_BYTES)
    except Problem:
        metrics.CALLBACKS.labels("oversized").inc()
        raise


def _task_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["task_id"])
    except ValueError:
        raise refusal("invalid", HTTPStatus.NOT_FOUND, "task id: expected a UUID") from None


def _read(request: Request, body: bytes) -> Callback:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise refusal("invalid", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type: expected {JSON}")
    try:
        return Callback.model_validate_json(body)
    except ValidationError as error:
        raise refusal("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, describe(error)) from None


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


def _answer(status: HTTPStatus, event_id: UUID, state: State | None) -> Response:
    return Response(orjson.dumps({"task_event_id": event_id, "state": state}), status.value, media_type=JSON)
