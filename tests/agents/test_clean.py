"""The clean step: a raw text in, utterances out, personal data gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agents.clean import clean
from schemas.common import Channel
from schemas.dead_letter import Reason
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from schemas.utterance import Utterance
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import RAW_TEXT, UTTERANCES
from tests.streams.running import raw_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_clean() -> None:
    event = RawText(
        event_id=raw_event_id("wecom", "1"),
        source="wecom",
        source_id="1",
        channel=Channel.PRIVATE_DOMAIN,
        text="我叫王小明，电话13800138000，朗逸的订金什么时候退？",
        conversation_id="k1",
        occurred_at=NOW,
        ingested_at=NOW,
    )
    assert (clean.name, clean.reads, clean.writes) == ("clean", (RAW_TEXT,), (UTTERANCES,))
    async with clean.open(Settings()) as handle:
        [utterances] = await handle([event])
    assert isinstance(utterances, list)
    [utterance] = utterances
    assert isinstance(utterance, Utterance)
    assert utterance.text == "我叫[NAME]，电话[PHONE]，朗逸的订金什么时候退？"
    assert utterance.event_id == event.event_id


async def test_what_has_not_happened_yet_is_refused() -> None:
    raw = raw_text(1, occurred_at=datetime.now(UTC) + timedelta(days=2))
    async with clean.open(Settings()) as handle:
        [refusal] = await handle([raw])
    assert refusal == Refusal(Reason.INVALID, "occurred_at: more than a day in the future")
