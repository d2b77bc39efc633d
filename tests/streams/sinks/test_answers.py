"""Survey answers and causes in a real ClickHouse: one row an answer, whatever was replayed or revised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import connect, open_clickhouse
from streams.sinks.store import open_store
from tests.streams.sinks.test_store import coded

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def settings(clickhouse: EmbeddedClickHouse) -> AsyncIterator[Settings]:
    database = f"answers_{uuid4().hex[:8]}"
    made = Settings(clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{database}")
    migrate(made)
    yield made
    client = connect(made.clickhouse)
    client.command(f"DROP DATABASE {database}")
    client.close()


async def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    async with open_clickhouse(settings) as clickhouse:
        return await clickhouse.query(sql)


async def test_an_answer_is_one_row_with_its_tags_after_replays_and_revisions(settings: Settings) -> None:
    promoter = coded(1, score=10, text="好", attributes={"dealer": "D1"})
    detractor = coded(2, "order.deposit.refund_slow", "app.ota.upgrade", score=3, text="订金退得慢", attributes={"dealer": "D1"})
    revised = detractor.model_copy(update={"revision": 2, "opinions": detractor.opinions[:1], "retracted": ("app.ota.upgrade",)})
    unscored = coded(3, "app.ota.upgrade")
    for batch in ([promoter, detractor, unscored], [detractor, revised], [promoter]):
        async with open_store(settings) as store:
            await store.write(batch)
    assert await rows(settings, "SELECT score, concrete, negative, contribution FROM current_answers ORDER BY score") == [
        (3, True, ["order.deposit.refund_slow"], -100),
        (10, False, [], 100),
    ]
    assert await rows(settings, "SELECT answers, nps, concrete_answers, concrete_nps FROM nps_by_month") == [(2, 0.0, 1, -100.0)]
    assert await rows(settings, "SELECT tag, sum(opinions) FROM current_facts GROUP BY tag ORDER BY tag") == [
        ("app.ota.upgrade", 1),
        ("order.deposit.refund_slow", 1),
    ]
    parts = await rows(settings, "SELECT part, weight, contributed FROM nps_parts_by_month WHERE dimension = 'tag' ORDER BY part")
    assert parts == [("(none)", 1.0, 100.0), ("order.deposit.refund_slow", 1.0, -100.0)]
    assert await rows(settings, "SELECT dealer, answers, tens_share FROM dealer_scores") == [("D1", 2, 0.5)]
    assert await rows(settings, "SELECT tag, complaints, share, raw_cost FROM complaints_by_month") == [
        ("order.deposit.refund_slow", 1, 0.5, 200.0)
    ]
    assert await rows(settings, "SELECT branch, pains FROM points_by_branch ORDER BY branch") == [("app", 1), ("order", 1)]


async def test_a_business_fact_is_one_row(settings: Settings) -> None:
    fact = ContextEvent(
        context_id=make_id("test", "1"), source="dms", source_id="1", customer_id="C1", kind=ContextKind.LOAN_DECISION, status="refused",
        occurred_at=NOW, ingested_at=NOW,
    )  # fmt: skip
    async with open_store(settings) as store:
        assert await store.write([fact, fact]) == [None, None]
    assert await rows(settings, "SELECT customer_id, kind, status FROM current_context_events") == [("C1", "loan_decision", "refused")]
