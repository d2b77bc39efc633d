"""How an OA calls back: a step that a person took, signed and posted to the gateway.

The sandbox uses it; it is also the example for an OA of one's own.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import httpx
import orjson

from streams.oa.life import State
from streams.oa.signing import oa_secret, signed_headers
from streams.oa.step import Callback
from streams.settings import Settings

_TIMEOUT_S = 15.0


class Outcome(NamedTuple):
    """The state that the task has now, or why the step was refused."""

    state: State | None
    fault: str | None


class Caller:
    """Posts steps to the gateway of the settings."""

    def __init__(self, settings: Settings) -> None:
        base = settings.oa_callbacks or f"http://{settings.gateway_host}:{settings.gateway_port}"
        self._secret = oa_secret(settings)
        self._client = httpx.AsyncClient(base_url=base, timeout=_TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def call(self, task_id: UUID, message_id: str, step: Callback) -> Outcome:
        """Report a step under an id of its own; the same id is the same step, however often it is sent."""
        body = orjson.dumps(step.model_dump(mode="json", exclude_none=True))
        headers = {"Content-Type": "application/json", **signed_headers(self._secret, message_id, body)}
        try:
            answer = await self._client.post(f"/v1/tasks/{task_id}/events", content=body, headers=headers)
            content = answer.json()
        except (httpx.HTTPError, ValueError):
            return Outcome(None, "the gateway does not answer; nothing was kept, try again")
        if answer.is_success:
            return Outcome(State(content["state"]), None)
        return Outcome(None, str(content.get("detail", answer.status_code)))
