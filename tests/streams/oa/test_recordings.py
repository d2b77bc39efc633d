"""A task plays the recording it came from, at the second in question, to whom the task is; in a real Chromium."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page

from agents.bridge import bridge
from schemas.ids import raw_event_id
from schemas.task import TaskTrigger
from streams.audio.objects import AudioStore
from streams.oa.sandbox import Sandbox
from streams.settings import Settings
from tests.golden import example
from tests.streams.audio.speech import CALL, TRUTH, encoded, samples
from tests.streams.oa.serving import serving
from tests.streams.oa.test_browser import keep_picture, page, sign_in

__all__ = ["page"]

SAID = TRUTH[3]
_LOADED = """async () => {
    const audio = document.querySelector("audio")
    while (audio.readyState < 2) await new Promise(done => setTimeout(done, 20))
    return [audio.currentTime, audio.duration]
}"""
_PLAYED = """async () => {
    const audio = document.querySelector("audio"), start = audio.currentTime
    audio.muted = true
    await audio.play()
    while (audio.currentTime < start + 0.2) await new Promise(done => setTimeout(done, 20))
    return audio.currentTime
}"""


def spoken(uri: str, **more: Any) -> TaskTrigger:
    """A task whose words come from a recording."""
    task = json.loads(example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4(), owner_name="销售经理").model_dump_json())
    span = {"uri": uri, "channel": SAID.channel, "start_ms": SAID.start_ms, "end_ms": SAID.end_ms, "engine": "small"}
    task["verbatims"][0]["audio"] = span
    return TaskTrigger.model_validate_json(json.dumps({**task, "channel": "hotline", **more}))


def stored(settings: Settings, name: str, data: bytes) -> str:
    return AudioStore(settings).put(io.BytesIO(data), raw_event_id("pbx", name), "C1", datetime(2026, 3, 1, tzinfo=UTC)).uri


async def deliver(settings: Settings, url: str, *tasks: TaskTrigger) -> None:
    async with bridge.open(settings.model_copy(update={"oa_url": f"{url}/oa/tasks"})) as take:
        await take(tasks)


@pytest.mark.parametrize("name", ["opus", "wav", "mp3", "m4a"])
async def test_the_page_plays_the_call_at_the_second(tmp_path: Path, page: Page, name: str) -> None:
    settings = Settings(data=tmp_path)
    data = CALL.read_bytes() if name == "opus" else encoded(samples(), name)
    async with serving(Sandbox(settings).app()) as url:
        await deliver(settings, url, spoken(stored(settings, name, data)))
        await sign_in(page, url, "李伟", "sales_manager")
        await page.goto(f"{url}/tasks/1")
        at, whole = await page.evaluate(_LOADED)
        assert at == pytest.approx(SAID.start_ms / 1000, abs=0.05)
        assert whole == pytest.approx(samples().shape[1] / 16_000, abs=0.3)
        assert await page.evaluate(_PLAYED) > at
        assert "录音 00:10" in await page.inner_text("blockquote")
        await keep_picture(page, tmp_path / "task.png")


async def test_only_whom_the_task_is_hears_it(tmp_path: Path) -> None:
    settings, data = Settings(data=tmp_path / "data"), CALL.read_bytes()
    elsewhere = tmp_path / "secret.opus"
    elsewhere.write_bytes(data)
    no_call = tmp_path / "data" / "audio" / "x" / "text"
    uri = stored(settings, "call", data)
    no_call.parent.mkdir(parents=True)
    no_call.write_text("这不是录音", "utf-8")
    around = (tmp_path / "data" / "audio" / ".." / ".." / "secret.opus").as_uri()
    tasks = [spoken(address) for address in (uri, elsewhere.as_uri(), around, no_call.as_uri(), f"{uri}-gone", "http://127.0.0.1:1/x")]
    async with serving(Sandbox(settings).app()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await deliver(settings, url, *tasks)
        first = "/tasks/1/audio/0"
        assert (await client.get(first)).status_code == 401
        await client.post("/sign-in", data={"name": "赵", "role": "service_manager"})
        assert (await client.get(first)).status_code == 404
        assert "<audio" not in (await client.get("/tasks/1")).text
        for role in ("sales_manager", "management"):
            await client.post("/sign-in", data={"name": "李", "role": role})
            answer = await client.get(first)
            assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, data, "audio/ogg")
        found = {
            row["task"]["verbatims"][0]["audio"]["uri"]: row["external_id"][3:] for row in (await client.get("/oa/tasks")).json()["tasks"]
        }
        for task in tasks[1:]:
            span = task.verbatims[0].audio
            assert span is not None
            number = found[span.uri]
            assert (await client.get(f"/tasks/{number}/audio/0")).status_code == 404, span.uri
        assert (await client.get("/tasks/1/audio/1")).status_code == (await client.get("/tasks/99/audio/0")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-", 200, 0, None),
        ("bytes=100-199", 206, 100, 200),
        ("bytes=-50", 206, -50, None),
        ("bytes=99000-9999999", 206, 99_000, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=9999999-", 416, 0, 0),
    ],
)
async def test_a_range_of_it(tmp_path: Path, wanted: str, status: int, start: int, end: int | None) -> None:
    settings, data = Settings(data=tmp_path), CALL.read_bytes()
    async with serving(Sandbox(settings).app()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await deliver(settings, url, spoken(stored(settings, "call", data)))
        await client.post("/sign-in", data={"name": "王", "role": "management"})
        answer = await client.get("/tasks/1/audio/0", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (status, data[start:end])
        if status == 206:
            begin = start % len(data)
            assert answer.headers["content-range"] == f"bytes {begin}-{begin + len(answer.content) - 1}/{len(data)}"
