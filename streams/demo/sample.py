"""Sends the bundled sample the ways that customers' words really come: HTTP, files, and straight onto Kafka."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx

from schemas.common import Channel
from streams.connectors.files import open_table
from streams.connectors.loading import Counts, Rejects, load_table
from streams.connectors.mapping import Mapping
from streams.connectors.plan import plan_table
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.topics import RAW_TEXT

FOLDER = Path(str(files("streams.demo")))

_POSTED = {Channel.HOTLINE: "hotline.jsonl", Channel.PRIVATE_DOMAIN: "private_domain.jsonl", Channel.STORE: "store.jsonl"}
_LOADED = {Channel.SURVEY: "survey.csv", Channel.PUBLIC_OPINION: "public_opinion.tsv"}
_REJECTED = "rejects.jsonl"
_GARBAGE = "garbage.jsonl"
_PART = 100


@dataclass
class Sent:
    """What was sent: distinct events that were accepted, those sent again, what was refused at the door and why, and the files of calls.

    `calls` has the file of each recording by the id of its event.
    """

    accepted: set[str] = field(default_factory=set)
    garbage: int = 0
    repeated: int = 0
    refused: list[str] = field(default_factory=list)
    calls: dict[str, str] = field(default_factory=dict)


def send_sample(settings: Settings) -> Sent:
    """Send everything; return when the broker has acknowledged it."""
    sent = Sent()
    _post(settings, sent)
    asyncio.run(_load(settings, sent))
    return sent


def _post(settings: Settings, sent: Sent) -> None:
    key = settings.gateway_keys.get_secret_value().split(",")[0].split(":")[1]
    gateway = f"http://{settings.gateway_host}:{settings.gateway_port}"
    base = f"{gateway}/v1/feedback"
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        for channel, name in _POSTED.items():
            for part in _parts(FOLDER / name):
                answer = client.post(f"{base}/{channel.value}", json={"events": part})
                answer.raise_for_status()
                _count(sent, answer.json()["event_ids"])
        _call(client, gateway, sent)
        for case in _lines(FOLDER / _REJECTED):
            answer = client.post(
                f"{base}/{case['channel']}", content=base64.b64decode(case["body"]), headers={"Content-Type": "application/json"}
            )
            sent.refused.append(f"{answer.status_code} {_first_error(answer.json())}")


def _call(client: httpx.Client, base: str, sent: Sent) -> None:
    """Upload the calls, where the gateway takes recordings (the extra `voice`)."""
    for path in sorted((FOLDER / "calls").glob("*.opus")):
        about = json.loads(path.with_suffix(".json").read_text("utf-8"))
        answer = client.post(f"{base}/v1/audio/{Channel.HOTLINE}", params=about, content=path.read_bytes())
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return
        answer.raise_for_status()
        event_id = answer.json()["event_id"]
        _count(sent, [event_id])
        sent.calls[event_id] = f"calls/{path.name}"


def _first_error(problem: dict[str, Any]) -> str:
    errors = problem.get("errors") or [{}]
    return ": ".join(filter(None, (errors[0].get("field"), errors[0].get("detail") or problem.get("detail"))))


async def _load(settings: Settings, sent: Sent) -> None:
    async with _Recording(settings, sent) as outbox:
        with Rejects(settings.data / "demo-rejects.jsonl") as rejects:
            for channel, name in _LOADED.items():
                table = open_table(FOLDER / name)
                counts: Counts = await load_table(table, plan_table(table, channel, "demo", Mapping()), outbox, rejects)
                sent.repeated += counts.repeated
        garbage = [base64.b64decode(case["value"]) for case in _lines(FOLDER / _GARBAGE)]
        await outbox.send([Outgoing(RAW_TEXT.in_pipeline(settings.topic_prefix), b"garbage", value) for value in garbage])
        sent.garbage = len(garbage)


class _Recording(Outbox):
    """An outbox that notes the ids of what it publishes."""

    def __init__(self, settings: Settings, sent: Sent) -> None:
        super().__init__(settings)
        self._sent = sent

    async def publish(self, events: Any) -> None:
        await super().publish(events)
        _count(self._sent, [str(event.event_id) for event in events])


def _count(sent: Sent, ids: list[str]) -> None:
    for one in ids:
        sent.repeated += one in sent.accepted
        sent.accepted.add(one)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def _parts(path: Path) -> Iterator[list[dict[str, Any]]]:
    records = list(_lines(path))
    for start in range(0, len(records), _PART):
        yield records[start : start + _PART]
