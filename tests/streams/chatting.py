"""A chat endpoint that plays what it is told to, behind a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.streams.oa.serving import serving

Play = Callable[[dict[str, Any]], Any]
"""From a request's body to the content of the answer, to a whole Response, or to seconds of silence."""


def space(body: dict[str, Any]) -> str:
    """What a good model says of texts about space."""
    opinion = {"tag": "product.space.overall", "feeling": -0.7, "intent": "complaint", "expectation": "unsaid", "confidence": 0.9}
    texts = json.loads(body["messages"][1]["content"])
    answers = [{"number": one["number"], "opinions": [{**opinion, "evidence": one["text"][:4]}]} for one in texts]
    return json.dumps({"texts": answers}, ensure_ascii=False)


@asynccontextmanager
async def chatting(play: Play, tokens: int = 100) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """(the value for VOC_CODER_ENDPOINT, the requests so far)."""
    asked: list[dict[str, Any]] = []

    async def complete(request: Request) -> Response:
        body = await request.json()
        asked.append({**body, "key": request.headers.get("authorization")})
        played = play(body)
        if isinstance(played, Response):
            return played
        if isinstance(played, float):
            await asyncio.sleep(played)
        message = {"role": "assistant", "content": played}
        return JSONResponse({"choices": [{"message": message}], "usage": {"total_tokens": tokens}})

    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    async with serving(app) as address:
        yield f"{address}/v1#some-model", asked
