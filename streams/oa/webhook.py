"""The generic OA: a signed webhook.

`POST VOC_OA_URL` with the `voc.tasks.v1` value as JSON, and the headers

    Idempotency-Key     <task id>.<revision>: the same key is the same delivery, to be taken once
    webhook-id          the same
    webhook-timestamp   Unix seconds of this attempt
    webhook-signature   v1,<base64 HMAC-SHA256 of `webhook-id.webhook-timestamp.body` under VOC_OA_SECRET>

The OA answers 2xx, with `{"external_id": "..."}` if it has a number of its own; 400, 409, 410, 413, 415 or 422 if it
will never take it; anything else is tried again.
"""

from __future__ import annotations

import httpx
import orjson

from schemas.task import TaskTrigger
from streams.codec import encode
from streams.oa.office import call
from streams.oa.signing import signed_headers

_LONGEST_ID = 200


class Webhook:
    """Delivers tasks to a URL."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: bytes) -> None:
        self._client, self._url, self._secret = client, url, secret

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Post the task. Raises as `Office.deliver` does."""
        body, key = encode(task), f"{task.task_id}.{task.revision}"
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **signed_headers(self._secret, key, body)}
        answer = await call(self._client, self._client.build_request("POST", self._url, content=body, headers=headers))
        return external_id(answer)


def external_id(answer: httpx.Response) -> str | None:
    """The number that an OA's answer carries, if any."""
    try:
        content = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    number = content.get("external_id") if isinstance(content, dict) else None
    return number[:_LONGEST_ID] if isinstance(number, str) and number else None
