"""Lags and repeated utterances, rolled up: replays and revisions change no figure, days stand by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from streams.settings import Settings
from streams.sinks.store import open_store
from tests.streams.sinks.test_store import NOW, coded, rows, settings

__all__ = ["settings"]

LAGS = "SELECT hour, utterances, code_seconds[1], code_seconds[3] FROM lag_by_stage ORDER BY hour"


async def test_lags_stand_at_the_hour_in_which_an_utterance_came_in(settings: Settings) -> None:
    slow = [coded(number, ingested_at=NOW - timedelta(hours=2), cleaned_at=NOW - timedelta(seconds=20)) for number in range(3)]
    old = coded(9, occurred_at=NOW - timedelta(days=40))
    for _ in range(2):
        async with open_store(settings) as store:
            await store.write([*slow, old, coded(10)])
        (earlier, now) = await rows(settings, LAGS)
        assert (earlier[1], now[1]) == (3, 2)
        assert 19.8 <= float(str(earlier[2])) <= 20.2
        assert now[2:] == (0.0, 0.0)
    revised = [one.model_copy(update={"revision": 2, "coded_at": NOW + timedelta(seconds=80)}) for one in slow]
    async with open_store(settings) as store:
        await store.write(revised)
    (earlier, now) = await rows(settings, LAGS)
    assert (earlier[1], now[1]) == (3, 2)
    assert 99 <= float(str(earlier[3])) <= 101


async def test_what_is_said_again_on_a_day_is_told_once_for_each_time(settings: Settings) -> None:
    same: dict[str, Any] = {"customer_id": "C1", "fingerprint": "same"}
    events = [coded(number, **same) for number in range(3)]
    others = [
        coded(5, **same | {"customer_id": "C2"}),
        coded(6, **same, occurred_at=NOW - timedelta(days=1)),
        coded(7, **same, channel="hotline"),
        coded(8, **same, marks=["empty"]),
    ]
    for _ in range(2):
        async with open_store(settings) as store:
            await store.write([*events, *others])
        told = await rows(settings, "SELECT utterance_id FROM duplicate_utterances ORDER BY occurred_at")
        assert told == [(events[1].utterance_id,), (events[0].utterance_id,)]
    async with open_store(settings) as store:
        await store.write([events[2].model_copy(update={"revision": 2, "fingerprint": "other"})])
    assert await rows(settings, "SELECT utterance_id FROM duplicate_utterances") == [(events[0].utterance_id,)]
