"""An OpenAI-compatible endpoint that completes conversations in JSON: `http(s)://HOST/v1#MODEL` posts to `/chat/completions`.

It is a luxury: where it is away, slow, broken or has spent its budget of the day, there is no answer, and the caller goes on
without. What fails in a way that may pass is tried a few times; then the endpoint is left alone for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urldefrag

import httpx
import orjson

from streams import metrics
from streams.errors import ConfigurationError, PermanentSinkError, RetryableSinkError, SinkError
from streams.retry import keep_trying
from streams.settings import Settings

_AT_ONCE = 4
_ATTEMPTS = 3
_REST_S = 60.0
_CHARACTERS_A_TOKEN = 2

logger = logging.getLogger("tingjian.chat")


class Budget:
    """Requests and tokens of a day, in UTC, since this process started."""

    def __init__(self, requests: int, tokens: int) -> None:
        self._most = (requests, tokens)
        self._day, self._requests, self._tokens = date.min, 0, 0

    def take(self) -> bool:
        """Whether there is room for one more request, which is then counted."""
        if (today := datetime.now(UTC).date()) != self._day:
            self._day, self._requests, self._tokens = today, 0, 0
        if self._requests >= self._most[0] or self._tokens >= self._most[1]:
            return False
        self._requests += 1
        return True

    def spend(self, tokens: int) -> None:
        self._tokens += tokens


class ChatEndpoint:
    """A client of one endpoint and model. `step` is in whose name it waits."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings, step: str) -> None:
        base, self.model = urldefrag(settings.coder_endpoint)
        if not self.model or not base.startswith(("http://", "https://")):
            raise ConfigurationError("VOC_CODER_ENDPOINT: expected http(s)://HOST/v1#MODEL, the model behind a #")
        self._url, self._client, self._step = f"{base.rstrip('/')}/chat/completions", client, step
        self._timeout = min(settings.coder_endpoint_timeout, settings.stall_timeout / 2)  # the watchdog would take longer for a stall
        self._budget = Budget(settings.coder_endpoint_requests, settings.coder_endpoint_tokens)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._rest_until = 0.0

    async def complete(self, messages: list[dict[str, str]], schema: dict[str, Any]) -> str | None:
        """The answer to a conversation, which should follow `schema` and may not; None where there is none to be had now."""
        form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        body = orjson.dumps({"model": self.model, "messages": messages, "temperature": 0, "response_format": form})
        async with self._slots:
            if time.monotonic() < self._rest_until:
                _count("resting")
                return None
            try:
                return await keep_trying(self._step, lambda: self._post(body), attempts=_ATTEMPTS)
            except RetryableSinkError as error:
                self._rest_until = time.monotonic() + _REST_S
                logger.warning("%s; it is left alone for %.0f s", error, _REST_S)
            except PermanentSinkError as error:
                logger.warning("%s", error)
            except _SpentError:
                _count("over_budget")
                return None
        _count("failed")
        return None

    async def _post(self, body: bytes) -> str:
        if not self._budget.take():
            raise _SpentError
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.post(self._url, content=body, headers={"Content-Type": "application/json"})
        except (httpx.HTTPError, TimeoutError) as error:
            # from None: the message of an HTTP error may hold a URL with a key
            raise RetryableSinkError(f"the coding endpoint does not answer ({type(error).__name__})") from None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryableSinkError(f"the coding endpoint answered {answer.status_code}")
        if answer.is_error:
            raise PermanentSinkError(f"the coding endpoint answered {answer.status_code}: check VOC_CODER_ENDPOINT and its key")
        content, tokens = _read(answer.content, body)
        self._budget.spend(tokens)
        metrics.ENDPOINT_REQUESTS.labels("answered").inc()
        metrics.ENDPOINT_TOKENS.inc(tokens)
        return content


class _SpentError(SinkError):
    """The day's budget is spent."""


def _count(outcome: str) -> None:
    metrics.ENDPOINT_REQUESTS.labels(outcome).inc()


def _read(answer: bytes, body: bytes) -> tuple[str, int]:
    """The content of a completion and the tokens that it took, estimated where it does not say."""
    try:
        completion = orjson.loads(answer)
        content = completion["choices"][0]["message"]["content"] or ""
        usage = completion.get("usage") or {}
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        raise RetryableSinkError("the coding endpoint answered with something that is no completion") from None
    if not isinstance(content, str):
        raise RetryableSinkError("the coding endpoint answered with something that is no completion")
    return content, int(usage.get("total_tokens") or len(body.decode() + content) // _CHARACTERS_A_TOKEN)


@asynccontextmanager
async def open_chat(settings: Settings, step: str) -> AsyncIterator[ChatEndpoint | None]:
    """The endpoint of the settings, or None where they name none. Raises ConfigurationError."""
    if not settings.coder_endpoint:
        yield None
        return
    key = settings.coder_endpoint_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers, timeout=settings.coder_endpoint_timeout, trust_env=False) as client:
        yield ChatEndpoint(client, settings, step)
