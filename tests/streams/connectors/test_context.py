"""Business facts over HTTP and from files, on a real broker: all or nothing, ids from the source, no value in a refusal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id
from streams.cli import voc
from streams.settings import Settings
from streams.topics import CONTEXT
from tests.streams.connectors.conftest import read_topic

FACT = {"source_id": "L-1", "customer_id": "C1", "kind": "loan_decision", "status": "refused", "occurred_at": "2026-03-01T09:00:00+08:00"}


async def facts_of(settings: Settings) -> list[ContextEvent]:
    return [ContextEvent.model_validate_json(value) for value in await read_topic(settings, CONTEXT.in_pipeline(settings.topic_prefix))]


async def test_facts_reach_the_topic(client: httpx.AsyncClient, settings: Settings) -> None:
    link = {
        "source_id": "I-1",
        "customer_id": "C1",
        "kind": "identity_link",
        "linked_customer_id": "WX-1",
        "occurred_at": FACT["occurred_at"],
    }
    answer = await client.post("/v1/context", json={"events": [FACT, link]})
    assert answer.status_code == 202, answer.text
    facts = {one.source_id: one for one in await facts_of(settings)}
    assert facts["L-1"].context_id == make_id("context", "crm", "L-1")
    assert str(facts["L-1"].context_id) == answer.json()["context_ids"][0]
    assert (facts["L-1"].kind, facts["L-1"].status, facts["L-1"].occurred_at.hour) == (ContextKind.LOAN_DECISION, "refused", 1)
    assert facts["I-1"].linked_customer_id == "WX-1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "gossip-13800138000"}, "kind"),
        ({"occurred_at": "2026-03-01 09:00"}, "occurred_at"),
        ({"customer_id": None}, "customer_id"),
        ({"phone": "13800138000"}, "phone"),
        ({"linked_customer_id": "WX-13800138000"}, "record"),
    ],
)
async def test_wrong_fact_refuses_the_whole_request(
    client: httpx.AsyncClient, settings: Settings, change: dict[str, str], field: str
) -> None:
    answer = await client.post("/v1/context", json={"events": [FACT, {**FACT, "source_id": "L-2", **change}]})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["index"], error["field"]) == (1, field)
    assert "13800138000" not in answer.text
    assert (await client.post("/v1/context", json=FACT, headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_file_with_chinese_headers(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dms.csv"
    rows = ("G-1,C7,跟进,late,D1,2026/3/1 9:05", "G-2,C8,闲聊,,D1,2026/3/1 9:05", "G-3,C9,订单,placed,D1,昨天")
    file.write_text("\n".join(("编号,客户编号,类型,状态,门店,时间", *rows)), "utf-8")
    monkeypatch.setenv("VOC_KAFKA", settings.kafka)
    monkeypatch.setenv("VOC_TOPIC_PREFIX", settings.topic_prefix)
    result = await asyncio.to_thread(CliRunner().invoke, voc, ["context", str(file)])
    assert result.exit_code == 1
    assert "dms.csv:3: kind:" in result.output
    assert "dms.csv:4: occurred_at:" in result.output
    [fact] = await facts_of(settings)
    assert (fact.source, fact.kind, fact.status, fact.dealer) == ("dms", ContextKind.FOLLOW_UP, "late", "D1")
    assert fact.occurred_at.isoformat() == "2026-03-01T01:05:00+00:00"
