"""Counts what became of what a scenario sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass

import httpx
import orjson

from streams.dead_letters import Selection, read
from streams.errors import SinkError, TingjianError
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from tests.torture.events import Source

_EVENTS = "SELECT DISTINCT toString(event_id) FROM current_utterances WHERE source = {source:String}"
_TWICE = """
SELECT (SELECT count() - uniqExact(utterance_id) FROM current_utterances WHERE source = {source:String})
     + (SELECT count() - uniqExact(opinion_id) FROM current_opinions WHERE source = {source:String})
     + (SELECT count() - uniqExact(task_id) FROM current_tasks)
     + (SELECT count() - uniqExact(dead_letter_id) FROM current_dead_letters)
     + greatest(0, (SELECT toInt64(sum(opinions)) FROM volume_by_hour) - (SELECT toInt64(count()) FROM current_opinions))
"""


@dataclass(frozen=True)
class Tally:
    """A row of the table. `lost` is what is nowhere: events, and tasks of dangers that never reached the OA."""

    scenario: str
    sent: int
    coded: int
    quarantined: int
    lost: int
    duplicate_rows: int
    duplicate_tasks: int
    recovery_s: float

    @property
    def passed(self) -> bool:
        return self.lost == self.duplicate_rows == self.duplicate_tasks == 0 < self.coded


def coded_events(settings: Settings, source: Source) -> set[str]:
    """Ids of the events that a query of ClickHouse sees; none while it is away."""
    with contextlib.suppress(SinkError):
        client = connect(settings.clickhouse)
        try:
            rows = client.query(_EVENTS, parameters={"source": source.name}).result_rows
            return {event for (event,) in rows} & source.sent.events
        finally:
            client.close()
    return set()


def quarantined(settings: Settings, source: Source) -> tuple[set[bytes | None], set[str]]:
    """Keys of malformed records whose dead letter holds their bytes, and ids of events that a later step refused."""
    keys: set[bytes | None] = set()
    events: set[str] = set()
    for letter in asyncio.run(read(settings, Selection())):
        if letter.key in source.sent.malformed and source.sent.malformed[letter.key] == letter.value:
            keys.add(letter.key)
        elif letter.value is not None and letter.step != "clean":
            events.add(orjson.loads(letter.value).get("event_id", ""))
    return keys, events & source.sent.events


def tasks_of(settings: Settings, source: Source) -> Counter[tuple[str, str, str]]:
    """(rule, conversation, tag) of the tasks that the OA holds of this source, and how many of each."""
    received = httpx.get(settings.oa_url, timeout=30).raise_for_status().json()["tasks"]
    tasks = [one["task"] for one in received]
    mine = [task for task in tasks if (task.get("conversation_id") or "").startswith(f"{source.name}-")]
    return Counter((task["rule"], task["conversation_id"], task["tag"]) for task in mine)


def missing(settings: Settings, source: Source) -> int:
    """How many events are neither coded nor quarantined, and tasks not delivered, now."""
    try:
        keys, events = quarantined(settings, source) if source.sent.malformed or source.sent.poisoned else (set(), set())
        tasks = {conversation for _rule, conversation, _tag in tasks_of(settings, source)}
    except (TingjianError, httpx.HTTPError):
        return len(source.sent)
    lost = len(source.sent.events - coded_events(settings, source) - events) + len(source.sent.malformed.keys() - keys)
    return lost + len(source.sent.dangers - tasks)


def tally(settings: Settings, source: Source, recovery_s: float) -> Tally:
    """The row of a scenario that has come to rest."""
    coded = coded_events(settings, source)
    keys, events = quarantined(settings, source)
    client = connect(settings.clickhouse)
    try:
        [(twice,)] = client.query(_TWICE, parameters={"source": source.name}).result_rows
    finally:
        client.close()
    return Tally(
        scenario=source.name.removeprefix("torture-"),
        sent=len(source.sent),
        coded=len(coded - events),
        quarantined=len(keys) + len(events),
        lost=missing(settings, source),
        duplicate_rows=int(twice),
        duplicate_tasks=sum(tasks_of(settings, source).values()) - len(tasks_of(settings, source)),
        recovery_s=round(recovery_s, 1),
    )
