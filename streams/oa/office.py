"""What the bridge knows of an office-automation system: it takes tasks, one at a time, and may give each a number."""

from __future__ import annotations

from typing import Any, Protocol

import httpx
import orjson

from schemas.task import TaskTrigger
from streams.errors import PermanentSinkError, RetryableSinkError

_PERMANENT = frozenset({400, 405, 409, 410, 411, 413, 414, 415, 422})
_AWAY = frozenset({401, 403, 404, 407, 408, 425, 429, 502, 503, 504})


class TaskFailedError(RetryableSinkError):
    """The OA answers, but failed on this task: one that always fails must not hold up the others for ever."""


class OutcomeUnknownError(RetryableSinkError):
    """The answer was lost on its way: the OA may have taken the task or not."""


class Office(Protocol):
    """An OA. `deliver` may be called again with the same task and must not make a second one of it."""

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Hand a task over; the OA's number for it, if it gives one.

        Raises RetryableSinkError where the OA is away, TaskFailedError where it fails on this task,
        PermanentSinkError where it will never take it.
        """
        ...


async def call(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The OA's answer of 2xx; anything else as an error of ours. Messages never quote the task.

    A refused key or a wrong path (401, 403, 404) waits for the operator: it is no fault of the task.
    """
    answer = await _send(client, request)
    if answer.is_success:
        return answer
    words = f"the OA at {request.url.host} answered {answer.status_code}"
    if answer.status_code in _PERMANENT:
        raise PermanentSinkError(words)
    if answer.status_code in _AWAY:
        raise RetryableSinkError(f"{words}; check VOC_OA_URL and VOC_OA_SECRET")
    raise TaskFailedError(words)


async def exchange(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, dict[str, Any]]:
    """(status, JSON object) of an OA that says in its answer's body what went wrong.

    Raises RetryableSinkError where the OA is away or does not answer in JSON.
    """
    answer = await _send(client, request)
    try:
        content = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise OutcomeUnknownError(f"the OA at {request.url.host} answered {answer.status_code} without JSON; check VOC_OA_URL")
    return answer.status_code, content


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    try:
        return await client.send(request)
    except httpx.HTTPError as error:
        kind = RetryableSinkError if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else OutcomeUnknownError
        # from None: the message of an HTTP error may hold a URL with a token
        raise kind(f"the OA at {request.url.host}: {type(error).__name__}; check VOC_OA_URL") from None
