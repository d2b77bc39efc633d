"""What calls tell, in ClickHouse: one row a call, and a view by dealer and agent."""

from __future__ import annotations

from datetime import timedelta

from schemas.coded import CodedUtterance
from schemas.ids import raw_event_id
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
