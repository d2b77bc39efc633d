from __future__ import annotations

import asyncio
import shutil
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from agents.code import code
from agents.commands.announce import announcement
from codeframe.frame import BUNDLED, Frame
from schemas.coded import CodedUtterance
from schemas.common import Speaker
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.local.processes import ChildProcess, free_port
from streams.outbox import Outbox
from streams.settings import Settings
from streams.step import BatchHandler
from streams.topics import CODED, UTTERANCES
from tests.codeframe.conftest import utterance
from tests.streams.running import drain, settings_for


async def test_every_utterance_becomes_a_coded_event_in_order() -> None:
    batch = [utterance("油耗太高了"), utterance("请问还有什么可以帮您", Speaker.AGENT), utterance("刹车失灵")]
    async with code.open(Settings()) as handle:
        events = await handle(batch)
        again = await handle(batch)
    assert all(isinstance(event, CodedUtterance) for event in events)
    coded = [event for event in events if isinstance(event, CodedUtterance)]
    assert [event.utterance_id for event in coded] == [said.utterance_id for said in batch]
    assert [bool(event.opinions) for event in coded] == [True, False, True]
    assert [event.opinions for event in coded] == [event.opinions for event in again if isinstance(event, CodedUtterance)]
    assert {event.versions.frame for event in coded} == {Frame.load("auto").version}
    assert [event.fingerprint for event in coded] == [said.fingerprint for said in batch]


def test_it_reads_utterances_and_writes_coded_events() -> None:
    assert (code.name, code.reads, code.writes) == ("code", (UTTERANCES,), (CODED,))


@pytest.fixture
async def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    made = settings_for(broker.bootstrap, f"{uuid4().hex[:8]}.", tmp_path, codeframe="hotel")
    await create_topics(made)
    return made


def hotel(folder: Path, version: str, term: str) -> Path:
    """The hotel frame as another version, in which `term` speaks of breakfast too."""
    shutil.copytree(BUNDLED / "hotel", folder)
    header = folder / "frame.yaml"
    header.write_text(header.read_text("utf-8").replace(Frame.load("hotel").header.version, version), "utf-8")
    tags = folder / "tags" / "services.yaml"
    tags.write_text(tags.read_text("utf-8").replace("zh: [", f"zh: [{term}, ", 1), "utf-8")
    return folder


async def version_and_tags(handle: BatchHandler, text: str) -> tuple[str, int]:
    [event] = await handle([utterance(text)])
    assert isinstance(event, CodedUtterance)
    return event.versions.frame, len(event.opinions)


async def until_version(handle: BatchHandler, version: str, text: str) -> int:
    for _ in range(100):
        found, opinions = await version_and_tags(handle, text)
        if found == version:
            return opinions
        await asyncio.sleep(0.1)
    raise AssertionError(f"{version} did not come into force")


async def test_an_announced_frame_is_taken_by_a_running_worker_and_a_broken_one_is_refused(settings: Settings, tmp_path: Path) -> None:
    now, text = datetime.now(UTC), "糯叽叽"
    async with code.open(settings) as handle, Outbox(settings) as outbox:
        assert await version_and_tags(handle, text) == (Frame.load("hotel").version, 0)
        good = announcement(str(hotel(tmp_path / "good", "2099.1", "糯叽叽")), now)
        await outbox.publish([good])
        assert await until_version(handle, "hotel-2099.1", text) == 1

        folder = hotel(tmp_path / "broken", "2099.2", "糯叽叽")
        broken = announcement(str(folder), now)
        (folder / "tags" / "services.yaml").write_text("branch: services\n", "utf-8")
        later = announcement(str(hotel(tmp_path / "later", "2099.3", "咕噜噜")), now)
        await outbox.publish([broken, later])
        assert await until_version(handle, "hotel-2099.3", text) == 0

    async with code.open(settings) as handle:  # a worker that starts later reads what is in force first
        assert await version_and_tags(handle, text) == ("hotel-2099.3", 0)


async def test_a_worker_process_takes_a_good_frame_while_it_runs_and_refuses_a_broken_one(settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    environment = settings.model_copy(update={"metrics_port": port}).environment()
    worker = ChildProcess(
        "worker", (sys.executable, "-m", "streams.cli", "worker", "--steps", "code"), tmp_path / "worker.log", env=environment
    )
    good = announcement(str(hotel(tmp_path / "good", "2099.1", "糯叽叽")), datetime.now(UTC))
    broken = announcement(str(hotel(tmp_path / "broken", "2099.2", "糯叽叽")), datetime.now(UTC))
    (tmp_path / "broken" / "tags" / "services.yaml").write_text("branch: services\n", "utf-8")
    worker.start()
    try:
        async with Outbox(settings) as outbox:
            old = f'voc_frame_in_force{{step="code",version="{Frame.load("hotel").version}"}}'
            await served(port, f"{old} 1.0")
            await outbox.publish([good])
            await served(port, 'voc_frame_in_force{step="code",version="hotel-2099.1"} 1.0')
            await outbox.publish([broken])
            await served(port, 'voc_frames_refused_total{step="code"} 1.0')
            told = await served(port, f"{old} 0.0")
            assert 'version="hotel-2099.2"' not in told
            await outbox.publish([utterance("糯叽叽")])
            [record] = await drain(settings, CODED, 1)
    finally:
        worker.stop()
    event = CodedUtterance.model_validate_json(record.value)
    assert (event.versions.frame, len(event.opinions)) == ("hotel-2099.1", 1)
    log = (tmp_path / "worker.log").read_text("utf-8")
    assert "code frame hotel-2099.1 takes the place of" in log
    assert "services.yaml" in log.partition("code frame hotel-2099.2 is refused")[2]


async def served(port: int, line: str, seconds: float = 60.0) -> str:
    """A worker's metrics, once they hold a line."""
    deadline, text = asyncio.get_running_loop().time() + seconds, ""
    async with httpx.AsyncClient() as client:
        while line not in text:
            assert asyncio.get_running_loop().time() < deadline, line
            with suppress(httpx.HTTPError):
                text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            await asyncio.sleep(0.2)
    return text
