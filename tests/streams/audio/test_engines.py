"""Engines behind one interface: checked before they are loaded, and the same words from each."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from streams.audio.decode import RATE, Samples
from streams.audio.engine import EngineOptions, open_engine
from streams.audio.small.engine import SmallEngine, bundled
from streams.commands.gateway import listen
from streams.errors import AudioError, ConfigurationError, UnavailableError
from tests.streams.audio.speech import TRUTH, samples


@pytest.fixture(scope="module")
def turns() -> list[Samples]:
    """The turns of the test's call, one by one."""
    return [samples()[one.channel, max(0, one.start_ms - 200) * 16 : (one.end_ms + 200) * 16] for one in TRUTH]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A model directory as sherpa-onnx takes it."""
    for name in ("acoustic.onnx", "tokens.txt"):
        shutil.copy(bundled() / name, tmp_path)
    return tmp_path


def test_sherpa_hears_the_syllables_that_the_bundled_engine_hears(directory: Path, turns: list[Samples]) -> None:
    sherpa, small = open_engine(f"sherpa:zipformer_ctc:{directory}"), open_engine("small")
    assert isinstance(small, SmallEngine)
    assert sherpa.model_hash == small.model_hash
    same = [sherpa.hear(one).text == "".join(position[0][0] for position in small.syllables(one)) for one in turns]
    assert sum(same) >= len(same) - 1  # rounding may tip a frame


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "tokens.txt").unlink(), "has no tokens.txt"),
        (lambda folder: (folder / "tokens.txt").write_text("a 0\nb 1\n"), "no blank token"),
        (lambda folder: (folder / "tokens.txt").write_text("just words\n"), "no list of"),
        (lambda folder: (folder / "acoustic.onnx").unlink(), "has no \\*.onnx"),
    ],
)
def test_a_directory_that_would_end_the_process_is_refused(directory: Path, change: object, words: str) -> None:
    assert callable(change)
    change(directory)
    with pytest.raises(ConfigurationError, match=words):
        open_engine(f"sherpa:zipformer_ctc:{directory}")


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ("magic", "no engine is called 'magic'"),
        ("sherpa:magic:/models", "no model type 'magic'"),
        ("sherpa:transducer:/nowhere", "has no tokens.txt"),
        ("small:/nowhere", "has no acoustic.onnx"),
        ("http://127.0.0.1:9/v1", "name the model"),
    ],
)
def test_a_specification_that_is_wrong_says_how(specification: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        open_engine(specification)


def test_silence_and_noise_give_no_words() -> None:
    engine = open_engine("small")
    chance = np.random.default_rng(5)
    for level in (0, 30, 300, 3_000):
        noise = (chance.standard_normal(3 * RATE) * level).astype(np.int16)
        heard = engine.hear(noise)
        assert (heard.text, tuple(heard.syllables)) == ("", ()), level


@asynccontextmanager
async def endpoint(status: int) -> AsyncIterator[tuple[str, list[dict[str, bytes]]]]:
    """A speech endpoint as OpenAI's, and what it was asked."""
    asked: list[dict[str, bytes]] = []

    async def transcriptions(request: Request) -> Response:
        body = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + await request.body()
        parts = message_from_bytes(body).get_payload()
        assert isinstance(parts, list)
        asked.append({part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts})  # type: ignore[union-attr, misc]
        asked[-1]["key"] = request.headers.get("authorization", "").encode()
        return JSONResponse({"text": " 刹车失灵 "}, status)

    listener = listen("127.0.0.1", 0)
    app = Starlette(routes=[Route("/v1/audio/transcriptions", transcriptions, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1#base", asked
    finally:
        server.should_exit = True
        await running


async def test_an_endpoint_is_asked_as_openais(turns: list[Samples]) -> None:
    async with endpoint(200) as (url, asked):
        engine = open_engine(url, EngineOptions(hot_words=("波箱", "顿挫"), key="secret"))
        heard = await asyncio.to_thread(engine.hear, turns[0], "zh")
    assert (heard.text, engine.name) == ("刹车失灵", "openai:base")
    [fields] = asked
    assert (fields["model"], fields["language"], fields["key"]) == (b"base", b"zh", b"Bearer secret")
    assert fields["prompt"].decode() == "波箱，顿挫"
    assert fields["file"][:4] == b"RIFF"
    assert len(fields["file"]) == 44 + 2 * len(turns[0])


@pytest.mark.parametrize(
    ("status", "error"), [(503, UnavailableError), (429, UnavailableError), (401, ConfigurationError), (400, AudioError)]
)
async def test_what_an_endpoint_refuses(turns: list[Samples], status: int, error: type[Exception]) -> None:
    async with endpoint(status) as (url, _):
        with pytest.raises(error):
            await asyncio.to_thread(open_engine(url).hear, turns[0])


def test_an_endpoint_that_is_away_may_come_back(turns: list[Samples]) -> None:
    with pytest.raises(UnavailableError):
        open_engine("http://127.0.0.1:9/v1#base").hear(turns[0])
