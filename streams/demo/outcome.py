"""Reads from ClickHouse and the OA what came out of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from clickhouse_connect.driver.client import Client

from streams.demo.sample import Sent
from streams.oa.words import clock
from streams.settings import Settings
from streams.sinks.clickhouse import connect

_EVENTS = "SELECT DISTINCT toString(event_id) FROM current_utterances"
_TOTALS = """
SELECT (SELECT count() FROM current_utterances),
       (SELECT count() - uniqExact(utterance_id) FROM current_utterances),
       (SELECT count() - uniqExact(opinion_id) FROM current_opinions),
       (SELECT count() FROM current_opinions),
       (SELECT count() FROM current_dead_letters),
       (SELECT countIf(has(marks, 'duplicate')) FROM current_utterances),
       (SELECT countIf(opinions > 0) FROM current_utterances WHERE empty(marks)),
       (SELECT count() FROM current_utterances WHERE empty(marks))
"""
_POINTS = """
SELECT point, tag, any(zh), any(en), count() AS opinions, argMax(text, confidence * (lengthUTF8(text) > 8))
FROM current_opinions
INNER JOIN (SELECT utterance_id, text FROM current_utterances) AS said USING utterance_id
LEFT JOIN current_tags AS tags USING tag
WHERE point != 'none' AND empty(marks)
GROUP BY point, tag
ORDER BY point = 'pain' DESC, point = 'itch' DESC, opinions DESC, tag
LIMIT 5 BY point
"""
_CODED = """
SELECT channel, text, groupArray((tag, sentiment, point))
FROM current_opinions
INNER JOIN (SELECT utterance_id, text FROM current_utterances) AS said USING utterance_id
GROUP BY channel, text
HAVING count() > 1
ORDER BY cityHash64(text)
LIMIT 1 BY channel
"""
_LETTERS = "SELECT step, reason, detail, topic, partition, offset FROM current_dead_letters ORDER BY step, detail"
_SPEED = "SELECT quantiles(0.5, 0.95)(dateDiff('ms', ingested_at, stored_at) / 1e3) FROM current_utterances"


@dataclass(frozen=True)
class Counts:
    """The demo in figures. `sent` counts distinct events that were accepted; `lost` is what is nowhere.

    `duplicates` counts rows that a query would count twice; `repeated` what was sent twice and is stored once;
    `marked_duplicate` texts that a customer sent again under another id: kept, and marked.
    """

    sent: int
    coded: int
    quarantined: int
    lost: int
    duplicates: int
    tasks: int
    utterances: int
    opinions: int
    coverage: float
    repeated: int
    marked_duplicate: int
    rejected: int
    p50_seconds: float
    p95_seconds: float


@dataclass(frozen=True)
class Heard:
    """A task that began in a call: the file, the place in it, what was said there, and the task's tag."""

    task_id: str
    file: str
    at: str
    start_ms: int
    end_ms: int
    text: str
    tag: str
    tag_name: str


@dataclass(frozen=True)
class Outcome:
    """Everything that the report shows."""

    events: frozenset[str]
    totals: tuple[int, ...]
    points: list[tuple[Any, ...]]
    coded: list[tuple[Any, ...]]
    letters: list[tuple[Any, ...]]
    speed: tuple[float, float]
    tasks: list[dict[str, Any]]

    def counts(self, sent: Sent) -> Counts:
        """The figures, against what was sent."""
        utterances, twice, opinions_twice, opinions, letters, marked, covered, countable = self.totals
        coded = len(self.events & sent.accepted)
        return Counts(
            sent=len(sent.accepted) + sent.garbage,
            coded=coded,
            quarantined=letters,
            lost=len(sent.accepted) + sent.garbage - coded - letters,
            duplicates=twice + opinions_twice,
            tasks=len(self.tasks),
            utterances=utterances,
            opinions=opinions,
            coverage=round(covered / max(1, countable), 3),
            repeated=sent.repeated,
            marked_duplicate=marked,
            rejected=len(sent.refused),
            p50_seconds=round(self.speed[0], 3),
            p95_seconds=round(self.speed[1], 3),
        )

    def heard(self, sent: Sent) -> list[Heard]:
        """The tasks that began in a call that was sent."""
        found = []
        for task in self.tasks:
            said = task["verbatims"][0]
            audio = said.get("audio") or {"uri": ""}
            if file := sent.calls.get(audio["uri"].rsplit("/", 1)[-1]):
                start, end = audio["start_ms"], audio["end_ms"]
                found.append(Heard(task["task_id"], file, clock(start), start, end, said["text"], task["tag"], task["tag_name"]))
        return found


def read_outcome(settings: Settings) -> Outcome:
    """What is in ClickHouse and in the OA sandbox now."""
    client = connect(settings.clickhouse)
    try:
        return Outcome(
            events=frozenset(event for (event,) in _rows(client, _EVENTS)),
            totals=_rows(client, _TOTALS)[0],
            points=_rows(client, _POINTS),
            coded=_rows(client, _CODED),
            letters=_rows(client, _LETTERS),
            speed=tuple(_rows(client, _SPEED)[0][0]),
            tasks=[received["task"] for received in httpx.get(settings.oa_url, timeout=10).raise_for_status().json()["tasks"]],
        )
    finally:
        client.close()


def _rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in client.query(sql).result_rows]
