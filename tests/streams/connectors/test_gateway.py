"""The gateway over real HTTP, on a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from streams.connectors.auth import sign
from streams.local.broker import EmbeddedBroker
from streams.local.processes import free_port
from streams.settings import Settings
from tests.streams.connectors.conftest import KEY, KEYS, read_topic, serving

AT = "2026-03-01T09:00:00+08:00"
READ = Callable[[], Awaitable[list[RawText]]]

EXAMPLES: dict[Channel, dict[str, Any]] = {
    Channel.HOTLINE: {
        "conversation_id": "call-1",
        "customer_id": "c1",
        "turns": [{"speaker": "agent", "text": "您好"}, {"speaker": "customer", "text": "订金一直不退", "at": "2026-03-01T01:00:09Z"}],
    },
    Channel.SURVEY: {"score": 3, "comment": "交车拖了一个月", "survey_id": "nps", "customer_id": "c1"},
    Channel.PRIVATE_DOMAIN: {"text": "App 打不开", "customer_id": "c2", "speaker": "customer"},
    Channel.PUBLIC_OPINION: {"text": "动力不错就是油耗高", "attributes": {"brand": "领克", "model": "领克05"}},
    Channel.STORE: {"text": "客户嫌试驾时间太短", "visit_id": "v1"},
}


def record(channel: Channel, source_id: str = "r1", **changes: Any) -> dict[str, Any]:
    return {"source_id": source_id, "occurred_at": AT, **EXAMPLES[channel], **changes}


def path(channel: Channel = Channel.STORE) -> str:
    return f"/v1/feedback/{channel}"


async def test_every_channel_reaches_the_topic_and_ids_are_the_sources(client: httpx.AsyncClient, raw_texts_of: READ) -> None:
    answered: list[str] = []
    for channel in Channel:
        answer = await client.post(path(channel), json=record(channel, f"{channel}-1"))
        assert answer.status_code == 202, answer.text
        answered += answer.json()["event_ids"]
    events = {event.source_id: event for event in await raw_texts_of()}
    assert sorted(str(event.event_id) for event in events.values()) == sorted(answered)
    assert set(events) == {"hotline-1#0", "hotline-1#1", "survey-1", "private_domain-1", "public_opinion-1", "store-1"}
    assert all(event.event_id == raw_event_id("crm", source_id) for source_id, event in events.items())
    assert [events[f"hotline-1#{turn}"].speaker for turn in (0, 1)] == ["agent", "customer"]
    assert events["hotline-1#1"].occurred_at.second == 9
    assert events["hotline-1#0"].conversation_id == "call-1"
    assert (events["survey-1"].score, events["survey-1"].text) == (3, "交车拖了一个月")
    assert events["public_opinion-1"].attributes.model == "领克05"


async def test_batch_and_json_lines(client: httpx.AsyncClient, raw_texts_of: READ) -> None:
    records = [record(Channel.STORE, f"s{number}") for number in range(50)]
    lines = b"\n".join(orjson.dumps(record(Channel.STORE, f"l{number}")) for number in range(50)) + b"\n\n"
    batch = await client.post(path(), json={"events": records})
    as_lines = await client.post(path(), content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert (batch.json()["accepted"], as_lines.json()["accepted"]) == (50, 50)
    assert {event.source_id for event in await raw_texts_of()} == {f"{kind}{number}" for kind in "sl" for number in range(50)}


async def test_a_record_sent_again_has_the_same_id_and_is_said_to_be_a_duplicate(client: httpx.AsyncClient) -> None:
    first = (await client.post(path(), json=record(Channel.STORE))).json()
    second = await client.post(path(), json=record(Channel.STORE, text="改过的文字"))
    assert first["duplicates"] == []
    assert second.status_code == 202
    assert second.json()["event_ids"] == second.json()["duplicates"] == first["event_ids"]


@pytest.mark.parametrize(
    ("channel", "changes", "field"),
    [
        (Channel.SURVEY, {"score": 11}, "score"),
        (Channel.SURVEY, {"score": None, "comment": ""}, "score"),
        (Channel.STORE, {"occurred_at": "2026-03-01T09:00:00"}, "occurred_at"),
        (Channel.STORE, {"occurred_at": "0001-01-01T00:00:00+08:00"}, "occurred_at"),
        (Channel.STORE, {"source_id": ""}, "source_id"),
        (Channel.STORE, {"source_id": "a\x1fb"}, "source_id"),
        (Channel.STORE, {"text": "一" * 100_001}, "text"),
        (Channel.STORE, {"text": None}, "turns"),
        (Channel.HOTLINE, {"turns": [{"speaker": "robot", "text": "x"}]}, "turns.0.speaker"),
        (Channel.PUBLIC_OPINION, {"author": "张三"}, "author"),
        (Channel.PUBLIC_OPINION, {"customer_id": "c9"}, "customer_id"),
        (Channel.STORE, {"attributes": {"colour": "red"}}, "attributes.colour"),
    ],
)
async def test_a_fault_names_index_and_field_and_refuses_the_whole_batch(
    client: httpx.AsyncClient, settings: Settings, channel: Channel, changes: dict[str, Any], field: str
) -> None:
    answer = await client.post(
        path(channel), json={"events": [record(channel, "good"), record(channel, **{"source_id": "bad", **changes})]}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(error["index"], error["field"]) for error in answer.json()["errors"]] == [(1, field)]
    assert "张三" not in answer.text
    assert (await client.get("/readyz")).status_code == 200
    assert await read_topic(settings, f"{settings.topic_prefix}voc.raw-text.v1", idle_s=0.2) == []


@pytest.mark.parametrize(
    ("content", "content_type", "status", "said"),
    [
        (b'{"source_id": ', "application/json", 400, "line 1 column"),
        (b'{"a": 1}\n{oops}\n', "application/x-ndjson", 400, "line 2: "),
        (b"\xff\xfe", "application/json", 400, "not JSON"),
        (b"<xml/>", "application/xml", 415, "application/json"),
        (b"{}", "", 415, "content-type"),
        (b"[]", "application/json", 422, "events"),
        (b'{"events": []}', "application/json", 422, "is empty"),
        (b'{"events": [3]}', "application/json", 422, "event 0"),
        (b"", "application/x-ndjson", 422, "is empty"),
        (b" " * 1_048_577, "application/json", 413, "1048576 bytes"),
    ],
)
async def test_unusable_bodies(client: httpx.AsyncClient, content: bytes, content_type: str, status: int, said: str) -> None:
    answer = await client.post(path(), content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert answer.json()["status"] == status


async def test_a_body_without_length_is_cut_off_at_the_limit(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    answer = await client.post(path(), content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_unknown_channel_and_method_are_problems_too(client: httpx.AsyncClient) -> None:
    assert "hotline" in (await client.post("/v1/feedback/telepathy", json={})).json()["detail"]
    assert (await client.get(path())).json()["status"] == 405


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong-key-wrong", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer é".encode()])
async def test_a_wrong_key_is_401(client: httpx.AsyncClient, header: str | bytes) -> None:
    answer = await client.post(
        path(), json=record(Channel.STORE), headers=[(b"Authorization", header if isinstance(header, bytes) else header.encode())]
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def signed(body: bytes, at: int, message_id: str = "m1", signature: str = "") -> dict[str, str]:
    headers = {
        "Authorization": f"Bearer {KEY}-signed",
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
    }
    return {**headers, "webhook-signature": signature or sign(b"secret of the tests", message_id, at, body)}


async def test_signatures(client: httpx.AsyncClient) -> None:
    body = orjson.dumps(record(Channel.STORE))
    now = int(time.time())

    async def post(headers: dict[str, str], content: bytes = body) -> tuple[int, str]:
        answer = await client.post(path(), content=content, headers=headers)
        return answer.status_code, answer.json().get("detail", "")

    good = signed(body, now)
    assert (await post(good))[0] == 202
    assert await post(good) == (401, "webhook-signature: was used before; sign each attempt anew")
    assert (await post(signed(body, now - 1)))[0] == 202
    assert (await post(signed(body, now - 301)))[1].startswith("webhook-timestamp")
    assert (await post(signed(body, now + 310)))[1].startswith("webhook-timestamp")
    assert (await post(signed(body, now - 2), body + b" "))[1] == "webhook-signature: does not match the body"
    assert (await post(signed(body, now - 3, signature="v1,AAAA")))[0] == 401
    unsigned = {name: value for name, value in good.items() if name != "webhook-id"}
    assert (await post(unsigned))[1].startswith("webhook-id")


async def test_a_source_that_sends_too_fast_waits(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"gateway_rate": 2})) as client:
        batch = {"events": [record(Channel.STORE, f"r{number}") for number in range(6)]}
        assert (await client.post(path(), json=batch)).status_code == 202
        refused = await client.post(path(), json=record(Channel.STORE))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 3


async def test_kafka_away_is_503_and_nothing_is_half_accepted(tmp_path: Path) -> None:
    broker = EmbeddedBroker(free_port(), tmp_path)
    settings = Settings(kafka=broker.bootstrap, gateway_keys=SecretStr(KEYS), data=tmp_path, partitions=4)
    try:
        async with serving(settings) as client:
            await refused(client, "never-seen")
            broker.start()
            broker.wait_ready()
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.post(path(), json=record(Channel.STORE, "first"))).status_code == 202
            broker.stop()
            await asyncio.gather(*(refused(client, f"unplugged-{number}") for number in range(5)))
            assert (await client.get("/livez")).status_code == 200
            broker.start()
            broker.wait_ready()
            assert (await client.post(path(), json=record(Channel.STORE, "after"))).status_code == 202
            kept = await read_topic(settings, "voc.raw-text.v1")
        assert [RawText.model_validate_json(value).source_id for value in kept] == ["after"]
    finally:
        broker.stop()


async def refused(client: httpx.AsyncClient, source_id: str) -> None:
    answer = await client.post(path(), json={"events": [record(Channel.STORE, f"{source_id}-{number}") for number in range(20)]})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["title"] == "Service Unavailable"
    assert (await client.get("/readyz")).status_code == 503


async def test_many_callers_at_once_lose_nothing(client: httpx.AsyncClient, raw_texts_of: READ) -> None:
    answers = await asyncio.gather(*(client.post(path(), json=record(Channel.STORE, f"r{number}")) for number in range(200)))
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(event.source_id for event in await raw_texts_of()) == sorted(f"r{number}" for number in range(200))


async def test_openapi_describes_what_the_gateway_takes(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {f"/v1/feedback/{channel}" for channel in Channel} <= set(document["paths"])
    steps = document["paths"]["/v1/tasks/{task_id}/events"]["post"]
    assert {"201", "200", "401", "404", "409", "413", "422", "503"} <= set(steps["responses"])
    assert "approved" in str(document["components"]["schemas"]["TaskAction"])
    references = {value for key, value in _walk(document) if key == "$ref"}
    assert references
    assert all(reference.removeprefix("#/components/schemas/") in document["components"]["schemas"] for reference in references)


def _walk(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


async def test_the_page_names_every_field_and_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert all(word in page for word in ("survey_id", "private_domain", "problem-429", "problem-409", "occurred_at", "confirmed_cause"))
    assert "<script" not in page
    assert "https://" not in page


async def test_metrics_count_requests_and_events(client: httpx.AsyncClient) -> None:
    await client.post(path(), json=record(Channel.STORE, "counted"))
    await client.post(path(), content=b"{")
    text = (await client.get("/metrics")).text
    assert 'voc_gateway_requests_total{route="feedback",status="202"}' in text
    assert 'voc_gateway_events_total{channel="store",source="crm"}' in text
