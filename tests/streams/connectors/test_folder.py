"""The watched folder, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson

from schemas.common import Channel
from schemas.raw_text import RawText
from streams.connectors.folder import Feed, load, watch
from streams.connectors.mapping import Mapping
from streams.outbox import Outbox
from streams.settings import Settings
from tests.streams.connectors.conftest import until

READ = Callable[[], Awaitable[list[RawText]]]


def feed(folder: Path) -> Feed:
    return Feed(folder, Channel.STORE, "dms", Mapping())


async def test_files_come_to_rest_are_loaded_and_moved(settings: Settings, pipeline: None, tmp_path: Path, raw_texts_of: READ) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "early.csv").write_text("id,备注,日期\n1,试驾时间太短,2026-03-01\n2,好,昨天\n", encoding="utf-8")
    watching = asyncio.create_task(watch(feed(inbox), settings, poll_s=0.05))
    await until((inbox / "done" / "early.csv").exists)
    (inbox / "bad.csv").write_text("x\n1\n", encoding="utf-8")
    (inbox / "notes.pdf").write_bytes(b"%PDF")
    (inbox / ".partial.csv").write_text("id,备注\n9,没写完", encoding="utf-8")
    await until((inbox / "failed" / "bad.csv.reason.txt").exists)
    watching.cancel()
    rejected = orjson.loads((inbox / "done" / "early.csv.rejects.jsonl").read_bytes())
    assert (rejected["line"], rejected["field"]) == (3, "occurred_at")
    assert "no column is known as text" in (inbox / "failed" / "bad.csv.reason.txt").read_text(encoding="utf-8")
    assert sorted(path.name for path in inbox.iterdir() if path.is_file()) == [".partial.csv", "notes.pdf"]
    assert [(event.source, event.source_id) for event in await raw_texts_of()] == [("dms", "1")]


async def test_a_crash_before_the_move_adds_nothing_twice(settings: Settings, pipeline: None, tmp_path: Path, raw_texts_of: READ) -> None:
    content = "备注\n" + "".join(f"第{number}条\n" for number in range(300))
    async with Outbox(settings) as outbox:
        for _ in range(2):  # as after a crash between the last acknowledgement and the move
            (tmp_path / "a.csv").write_text(content, encoding="utf-8")
            await load(tmp_path / "a.csv", feed(tmp_path), outbox)
    events = await raw_texts_of()
    assert (len(events), len({event.event_id for event in events})) == (600, 300)
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["2.a.csv", "a.csv"]


async def test_while_kafka_is_away_files_stay(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text("备注\n好\n", encoding="utf-8")
    watching = asyncio.create_task(watch(feed(inbox), Settings(kafka="127.0.0.1:1"), poll_s=0.05))
    await asyncio.sleep(0.5)
    assert not watching.done()
    watching.cancel()
    assert (inbox / "a.csv").exists()
