"""Storing in a real ClickHouse: replays change nothing, revisions replace, a poison row costs only itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from schemas.coded import CodedUtterance, Opinion
from schemas.ids import opinion_id, raw_event_id, utterance_id
from streams.errors import ConfigurationError, RetryableSinkError
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate, statements
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse, connect, open_clickhouse
from streams.sinks.store import open_store
from streams.step import Refusal

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
VERSIONS = {"frame": "test-1", "model": "test-1", "tier": "fast"}


def coded(number: int, *tags: str, revision: int = 1, **fields: object) -> CodedUtterance:
    event_id = raw_event_id("test", str(number))
    utterance = utterance_id(event_id, 0)
    opinions = [
        Opinion.model_validate(
            {
                **{"opinion_id": opinion_id(utterance, tag), "tag": tag, "evidence": {"start": 0, "end": 3}, "sentiment": -1},
                **{"sentiment_score": -0.5, "intent": "complaint", "point": "pain", "need_layer": "must_be", "confidence": 0.9},
                "versions": VERSIONS,
            }
        )
        for tag in tags
    ]
    times = dict.fromkeys(("ingested_at", "cleaned_at", "coded_at"), NOW)
    return CodedUtterance.model_validate(
        {
            **{"utterance_id": utterance, "revision": revision, "event_id": event_id, "source": "test", "channel": "store"},
            **{"conversation_id": f"c{number}", "speaker": "customer", "text": "变速箱顿挫", "language": "zh", "opinions": opinions},
            **{"versions": VERSIONS, "occurred_at": NOW - timedelta(minutes=number), **times, **fields},
        }
    )


@pytest.fixture
async def settings(clickhouse: EmbeddedClickHouse) -> AsyncIterator[Settings]:
    database = f"store_{uuid4().hex[:8]}"
    made = Settings(clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{database}")
    assert migrate(made)
    yield made
    client = connect(made.clickhouse)
    client.command(f"DROP DATABASE {database}")
    client.close()


async def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    async with open_clickhouse(settings) as clickhouse:
        return await clickhouse.query(sql)


async def counts(settings: Settings) -> list[tuple[object, ...]]:
    tables = ("SELECT count() FROM current_utterances", "SELECT count() FROM current_opinions", "SELECT sum(opinions) FROM volume_by_hour")
    return await rows(settings, f"SELECT ({'), ('.join(tables)})")


async def test_a_replay_changes_no_count_in_tables_and_rollups(settings: Settings) -> None:
    events = [coded(number, "a.b", "c.d") for number in range(300)]
    for _ in range(3):
        async with open_store(settings) as store:
            assert await store.write(events) == [None] * 300
        assert await counts(settings) == [(300, 600, 600)]


async def test_the_highest_revision_counts_whatever_comes_last(settings: Settings) -> None:
    first, second = coded(1, "a.b", "c.d"), coded(1, "a.b", "e.f", revision=2, retracted=("c.d",))
    async with open_store(settings) as store:
        await store.write([second])
        await store.write([first, coded(2)])
    assert await counts(settings) == [(2, 2, 2)]
    assert await rows(settings, "SELECT tag, revision FROM current_opinions ORDER BY tag") == [("a.b", 2), ("e.f", 2)]
    assert await rows(settings, "SELECT tag, opinions FROM share_by_tag ORDER BY tag") == [("a.b", 1), ("e.f", 1)]


async def test_a_poison_row_is_found_and_the_rest_is_stored(settings: Settings) -> None:
    events = [coded(number, "a.b") for number in range(40)]
    async with open_clickhouse(settings) as clickhouse:
        await clickhouse.command("ALTER TABLE utterances ADD CONSTRAINT no_poison CHECK conversation_id != 'c17'")
    async with open_store(settings) as store:
        results = await store.write(events)
    assert [number for number, result in enumerate(results) if isinstance(result, Refusal)] == [17]
    assert "469" in str(results[17])
    assert (await rows(settings, "SELECT count() FROM current_utterances")) == [(39,)]


@pytest.mark.parametrize(("table", "rule"), [("utterances", "conversation_id != 'c17'"), ("opinions", "conversation_id != 'c17'")])
async def test_of_an_event_that_one_table_refuses_no_row_is_left_in_the_other(settings: Settings, table: str, rule: str) -> None:
    async with open_clickhouse(settings) as clickhouse:
        await clickhouse.command(f"ALTER TABLE {table} ADD CONSTRAINT no_poison CHECK {rule}")
    async with open_store(settings) as store:
        results = await store.write([coded(number, "a.b", "c.d") for number in range(20)])
    assert [number for number, result in enumerate(results) if isinstance(result, Refusal)] == [17]
    assert await counts(settings) == [(19, 38, 38)]


async def test_a_column_that_changes_its_type_under_a_running_store(settings: Settings) -> None:
    async with open_store(settings) as store, open_clickhouse(settings) as clickhouse:
        await store.write([coded(1, "a.b")])
        await clickhouse.command("ALTER TABLE utterances MODIFY COLUMN source String")
        await clickhouse.command("ALTER TABLE utterances MODIFY COLUMN opinions UInt32")
        assert await store.write([coded(2, "a.b")]) == [None]
    assert await counts(settings) == [(2, 2, 2)]


async def test_views_tell_coverage_lag_and_duplicates(settings: Settings) -> None:
    events = [
        coded(1, "a.b", customer_id="C1", fingerprint="same"),
        coded(2, "a.b", customer_id="C1", fingerprint="same"),
        coded(3, customer_id="C2", fingerprint="same"),
        coded(4, marks=["empty"]),
    ]
    async with open_store(settings) as store:
        await store.write(events)
    assert await rows(settings, "SELECT sum(utterances), sum(covered) FROM coverage_by_hour") == [(3, 2)]
    assert await rows(settings, "SELECT utterances, clean_seconds[1] FROM lag_by_stage") == [(4, 0.0)]
    assert await rows(settings, "SELECT utterance_id FROM duplicate_utterances") == [(events[0].utterance_id,)]


async def test_a_rollup_that_a_killed_worker_left_behind_is_caught_up(settings: Settings) -> None:
    async with open_store(settings) as store:
        await store.write([coded(1, "a.b")])
        store._rollup._touched.clear()  # as SIGKILL would leave it
    assert (await counts(settings))[0][2] == 0
    async with open_store(settings):
        pass
    assert (await counts(settings))[0][2] == 1


def test_migrating_twice_is_safe_and_a_changed_file_is_refused(settings: Settings) -> None:
    assert migrate(settings) == []
    client = connect(settings.clickhouse)
    client.command("ALTER TABLE migrations UPDATE sha256 = 'other' WHERE number = 1 SETTINGS mutations_sync = 1")
    client.close()
    with pytest.raises(ConfigurationError, match=r"0001_.*has changed"):
        migrate(settings)


def test_statements_are_split_at_line_ends() -> None:
    assert statements("-- a; b\nSELECT 1;\nSELECT ';'\nFROM x;\n") == ["SELECT 1", "SELECT ';'\nFROM x"]


async def test_a_server_that_is_away_is_retryable(tmp_path: object) -> None:
    with pytest.raises(RetryableSinkError):
        async with open_clickhouse(Settings(clickhouse="http://voc:voc@127.0.0.1:9/voc")):
            pass


async def test_a_wrong_password_and_a_missing_table_are_told_apart(settings: Settings) -> None:
    client = connect(settings.clickhouse)
    with pytest.raises(Exception, match="60"):
        await ClickHouse(client).insert("nowhere", {"a": [1]})
    client.close()
