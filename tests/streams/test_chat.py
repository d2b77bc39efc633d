"""The client of a chat endpoint, against a real server that is good, slow, broken or away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from streams import chat as module
from streams.chat import open_chat
from streams.errors import ConfigurationError
from streams.settings import Settings
from tests.streams.chatting import chatting

ASK: tuple[list[dict[str, str]], dict[str, Any]] = ([{"role": "user", "content": "?"}], {"type": "object"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.retry._FIRST_SECONDS", 0.01)


def settings(url: str, **more: Any) -> Settings:
    return Settings(coder_endpoint=url, **{"coder_endpoint_timeout": 0.5, **more})


async def ask(url: str, times: int = 1, **more: Any) -> list[str | None]:
    async with open_chat(settings(url, **more), "test") as chat:
        assert chat is not None
        return [await chat.complete(*ASK) for _ in range(times)]


async def test_it_asks_as_openai_is_asked() -> None:
    async with chatting(lambda body: "yes") as (url, asked):
        assert await ask(url, coder_endpoint_key="secret") == ["yes"]
    [body] = asked
    assert (body["model"], body["messages"], body["key"]) == ("some-model", ASK[0], "Bearer secret")
    assert body["response_format"]["json_schema"]["schema"] == ASK[1]


def failing(times: int, answer: Any) -> Any:
    """Fails a number of times, then answers."""
    left: Iterator[Any] = iter([answer] * times)
    return lambda body: next(left, "yes")


@pytest.mark.parametrize(
    "answer", [Response(status_code=503), Response(status_code=429), PlainTextResponse("<html>"), JSONResponse({}), 1.5]
)
async def test_what_may_pass_is_tried_again(answer: Any) -> None:
    async with chatting(failing(2, answer)) as (url, asked):
        assert await ask(url) == ["yes"]
    assert len(asked) == 3


async def test_an_endpoint_that_stays_broken_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with chatting(failing(99, Response(status_code=500))) as (url, asked):
        assert await ask(url, times=3) == [None, None, None]
        assert len(asked) == 3, "the second and third question were not asked"
    monkeypatch.setattr(module, "_REST_S", 0.0)
    async with chatting(failing(3, Response(status_code=500))) as (url, asked):
        assert await ask(url, times=2) == [None, "yes"]


async def test_a_refusal_is_not_tried_again() -> None:
    async with chatting(lambda body: Response(status_code=401)) as (url, asked):
        assert await ask(url) == [None]
    assert len(asked) == 1


async def test_an_endpoint_that_is_away_has_no_answer() -> None:
    assert await ask("http://127.0.0.1:9/v1#some-model") == [None]


async def test_a_days_requests_and_tokens_are_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with chatting(lambda body: "yes", tokens=60) as (url, asked):
        assert await ask(url, times=4, coder_endpoint_requests=2) == ["yes", "yes", None, None]
        assert await ask(url, times=4, coder_endpoint_tokens=100) == ["yes", "yes", None, None]
    assert len(asked) == 4


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "127.0.0.1#m", "ftp://host#m"])
async def test_an_endpoint_without_a_model_or_scheme_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="VOC_CODER_ENDPOINT"):
        await ask(url)


async def test_none_is_asked_where_none_is_named() -> None:
    async with open_chat(Settings(), "test") as chat:
        assert chat is None
