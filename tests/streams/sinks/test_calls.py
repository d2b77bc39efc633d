"""What calls tell, in ClickHouse: one row a call, and a view by dealer and agent."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from schemas.coded import CodedUtterance
from schemas.ids import raw_event_id
from streams.audio.objects import AudioStore
from streams.cli import voc
from streams.settings import Settings
from streams.sinks.store import open_store
from tests.streams.sinks.test_store import NOW, coded, rows, settings

__all__ = ["settings"]  # a fixture


async def test_what_a_call_tells_is_one_row_and_a_view_by_dealer_and_agent(settings: Settings) -> None:
    def turn(number: int, call: int, start_ms: int, share: float) -> CodedUtterance:
        measures = {
            **{"duration_ms": 60_000 * call, "talk_share": 0.8, "silence_share": 0.2, "overtalk_share": 0.1, "longest_silence_ms": 4_000},
            **{
                "agent_share": share,
                "customer_share": 0.5,
                "agent_customer_ratio": share / 0.5,
                "agent_rate": 200.0,
                "customer_rate": None,
            },
        }
        audio = {"uri": f"file:///{call}", "start_ms": start_ms, "end_ms": start_ms + 900, "engine": "small"}
        when = NOW + timedelta(milliseconds=start_ms)
        about = {"dealer": "D1", "agent": "A7"}
        return coded(number, audio=audio, call=measures, event_id=raw_event_id("pbx", str(call)), attributes=about, occurred_at=when)

    async with open_store(settings) as store:
        await store.write([turn(1, 1, 1_500, 0.2), turn(2, 1, 9_000, 0.2), turn(3, 2, 500, 0.5)])
        await store.write([turn(2, 1, 9_000, 0.2)])
    assert await rows(
        settings, "SELECT audio_uri, toUnixTimestamp64Milli(occurred_at), agent_rate, customer_rate FROM current_calls ORDER BY audio_uri"
    ) == [
        ("file:///1", NOW.timestamp() * 1_000, 200.0, None),
        ("file:///2", NOW.timestamp() * 1_000, 200.0, None),
    ]
    view = "SELECT dealer, agent, calls, round(hours, 3), round(agent_customer, 3), longest_silence_p90_s FROM calls_by_day"
    assert await rows(settings, view) == [("D1", "A7", 2, 0.05, 0.8, 4.0)]


async def test_a_customer_who_is_forgotten_has_no_audio_and_no_row_points_at_it(settings: Settings, tmp_path: Path) -> None:
    mine = settings.model_copy(update={"data": tmp_path})
    about = {"duration_ms": 9, "talk_share": 1, "silence_share": 0, "overtalk_share": 0, "longest_silence_ms": 0, "agent_share": 1}
    events = []
    for number, customer in enumerate(("C1", "C2")):
        stored = AudioStore(mine).put(io.BytesIO(b"sound"), raw_event_id("test", str(number)), customer, NOW)
        audio = {"uri": stored.uri, "start_ms": 0, "end_ms": 9, "engine": "small"}
        events.append(coded(number, customer_id=customer, audio=audio, call=about | {"customer_share": 0}))
    async with open_store(mine) as store:
        await store.write(events)
    result = await asyncio.to_thread(CliRunner().invoke, voc, ["audio", "forget", "C1"], env=mine.environment())
    assert result.output.startswith("1 recordings deleted"), result.output
    for sql in (
        "SELECT customer_id, audio_uri = '' FROM current_utterances ORDER BY customer_id",
        "SELECT customer_id, audio_uri = '' FROM current_calls ORDER BY customer_id",
    ):
        assert await rows(settings, sql) == [("C1", 1), ("C2", 0)]
    assert len([path for path in (tmp_path / "audio").rglob("*") if path.is_file()]) == 1
