"""A real gateway behind a real socket, on the embedded broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import uvicorn
from aiokafka import AIOKafkaConsumer
from pydantic import SecretStr

from schemas.raw_text import RawText
from streams.admin import create_topics
from streams.commands.gateway import config, listen
from streams.local.broker import EmbeddedBroker
from streams.settings import Settings
from streams.topics import RAW_TEXT

KEY = "key-of-the-tests"
SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
KEYS = f"crm:{KEY},signer:{KEY}-signed:{SECRET}"


@pytest.fixture
def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    """A pipeline of its own on the shared broker."""
    return Settings(kafka=broker.bootstrap, topic_prefix=f"t{uuid4().hex[:8]}.", gateway_keys=SecretStr(KEYS), data=tmp_path, partitions=2)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway on a free port, and a client with the key of the source `crm`."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(config(settings))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=30, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(settings) as connected:
        yield connected


async def read_topic(settings: Settings, topic: str, idle_s: float = 0.6) -> list[bytes]:
    """The values of a topic, read until nothing more comes."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=settings.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        values: list[bytes] = []
        while fetched := await consumer.getmany(timeout_ms=int(idle_s * 1000)):
            values += [record.value for records in fetched.values() for record in records]
        return values
    finally:
        await consumer.stop()


@pytest.fixture
def raw_texts_of(settings: Settings) -> Callable[[], Awaitable[list[RawText]]]:
    """Reads every event that reached `voc.raw-text.v1`."""

    async def read() -> list[RawText]:
        return [RawText.model_validate_json(value) for value in await read_topic(settings, RAW_TEXT.in_pipeline(settings.topic_prefix))]

    return read


@pytest.fixture
async def pipeline(settings: Settings) -> None:
    """The pipeline's topics exist."""
    await create_topics(settings)


async def until(true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.02)
