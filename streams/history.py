"""What rules ask of the history in ClickHouse: counts a window, examples, and where tasks stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from schemas.coded import NeedLayer, Point, Tier, Versions
from schemas.common import Channel
from schemas.task import TaskTrigger, Verbatim
from streams.sinks.clickhouse import ClickHouse

Where = Mapping[str, Sequence[Any]]
"""Columns of `current_opinions` and the values that each may have. `tag` takes LIKE patterns."""

Situation = tuple[str, tuple[tuple[str, str], ...]]
"""A tag and a scope, as sorted items."""

_SELECTED = "empty(marks) AND occurred_at >= {begin:DateTime64(3)} AND occurred_at < {end:DateTime64(3)}"
_TAKEN_BACK = """
WITH (SELECT groupArray(opinion_id) FROM (
    SELECT opinion_id FROM opinions
    WHERE opinion_id IN (SELECT opinion_id FROM opinions WHERE retracted = 1 AND coded_at >= {since:DateTime64(3)})
    GROUP BY opinion_id HAVING argMax(retracted, revision) = 1)) AS gone
SELECT body FROM task_board
WHERE muted = '' AND body != '' AND state = 'created' AND has({rules:Array(String)}, rule) AND hasAll(gone, opinion_ids)
  AND task_id NOT IN (SELECT assumeNotNull(muted_for) FROM tasks FINAL WHERE muted = 'grouped' AND NOT hasAll(gone, opinion_ids))
"""
_DIMENSIONS = frozenset({"brand", "model", "dealer", "city", "region", "country", "segment", "channel"})
_NUMBERS = frozenset({"sentiment"})


class TagCount(NamedTuple):
    """Opinions of a tag in a scope and window."""

    tag: str
    scope: tuple[str, ...]
    window: int
    opinions: int


class Total(NamedTuple):
    """Everything in a scope and window."""

    scope: tuple[str, ...]
    window: int
    opinions: int
    utterances: int


class Example(NamedTuple):
    """An opinion with the words around it."""

    verbatim: Verbatim
    channel: Channel
    point: Point
    need_layer: NeedLayer
    versions: Versions


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of `length`, numbered from `epoch`, that an opinion in [begin, end) falls into."""

    epoch: datetime
    length: timedelta
    begin: datetime
    end: datetime


class History:
    """Queries. Each raises as `ClickHouse.query` does."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    async def counts(self, windows: Windows, scope: Sequence[str], where: Where) -> list[TagCount]:
        """Opinions by tag, scope and window."""
        clauses, parameters = _where(where)
        sql = (
            f"SELECT tag, {_scope(scope)} AS scope, {_window(windows)} AS number, count() FROM current_opinions"  # noqa: S608
            f" WHERE {_SELECTED}{clauses} GROUP BY tag, scope, number"
        )
        rows = await self._clickhouse.query(sql, {**parameters, **_times(windows.begin, windows.end)})
        return [TagCount(tag, tuple(values), number, count) for tag, values, number, count in rows]

    async def totals(self, windows: Windows, scope: Sequence[str]) -> list[Total]:
        """All opinions and utterances by scope and window."""
        sql = (
            f"SELECT {_scope(scope)} AS scope, {_window(windows)} AS number, sum(opinions), count() FROM current_utterances"  # noqa: S608
            f" WHERE {_SELECTED} GROUP BY scope, number"
        )
        rows = await self._clickhouse.query(sql, _times(windows.begin, windows.end))
        return [Total(tuple(values), number, opinions, utterances) for values, number, opinions, utterances in rows]

    async def count(self, begin: datetime, end: datetime, where: Where) -> int:
        """Opinions in [begin, end)."""
        clauses, parameters = _where(where)
        sql = f"SELECT count() FROM current_opinions WHERE {_SELECTED}{clauses}"  # noqa: S608
        ((count,),) = await self._clickhouse.query(sql, {**parameters, **_times(begin, end)})
        return int(count)

    async def examples(self, begin: datetime, end: datetime, where: Where, limit: int = 5) -> list[Example]:
        """The strongest opinions in [begin, end), one a conversation."""
        clauses, parameters = _where(where)
        sql = (
            "SELECT o.utterance_id, o.opinion_id, u.text, o.evidence, o.occurred_at, o.channel, o.point, o.need_layer,"  # noqa: S608
            " o.frame_version, o.model_version, o.tier FROM (SELECT * FROM current_opinions"
            f" WHERE {_SELECTED}{clauses} ORDER BY sentiment_score, opinion_id LIMIT 1 BY conversation_id LIMIT {int(limit)}) AS o"
            " INNER JOIN (SELECT utterance_id, text FROM current_utterances"
            " WHERE occurred_at >= {begin:DateTime64(3)} AND occurred_at < {end:DateTime64(3)}) AS u USING (utterance_id)"
            " ORDER BY o.sentiment_score, o.opinion_id"
        )
        return [_example(row) for row in await self._clickhouse.query(sql, {**parameters, **_times(begin, end)})]

    async def causes(self, begin: datetime, end: datetime, where: Where) -> list[tuple[str, float]]:
        """First causes of the opinions in [begin, end), and the share of each, the largest first."""
        clauses, parameters = _where(where)
        sql = (
            "SELECT if(cause = '', 'unknown', cause) AS name, count() / sum(count()) OVER () AS share FROM current_opinions"  # noqa: S608
            f" WHERE {_SELECTED}{clauses} GROUP BY name ORDER BY share DESC, name LIMIT 5"
        )
        return [(str(name), float(share)) for name, share in await self._clickhouse.query(sql, {**parameters, **_times(begin, end)})]

    async def last_tasks(self, rule: str, before: datetime) -> dict[Situation, tuple[datetime, UUID]]:
        """When a rule last made a delivered task a tag and scope before a moment, and which."""
        sql = (
            "SELECT tag, scope, max(created_at), argMax(task_id, created_at) FROM current_tasks"
            " WHERE rule = {rule:String} AND muted = '' AND created_at < {before:DateTime64(3)} GROUP BY tag, scope"
        )
        rows = await self._clickhouse.query(sql, {"rule": rule, "before": as_text(before)})
        return {(tag, tuple(sorted(scope.items()))): (_utc(at), task) for tag, scope, at, task in rows}

    async def board(self, clause: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of `task_board`, with the whole task as `task`, that a clause selects."""
        columns = ("body", "state", "revision", "accepted_event", "accepted_at", "escalations", "reopenings")
        sql = f"SELECT {', '.join(columns)} FROM task_board WHERE muted = '' AND body != '' AND ({clause})"  # noqa: S608
        rows = [dict(zip(columns, row, strict=True)) for row in await self._clickhouse.query(sql, parameters)]
        for row in rows:
            row["task"], row["accepted_at"] = TaskTrigger.model_validate_json(row.pop("body")), _utc(row["accepted_at"])
        return rows

    async def taken_back(self, rules: Sequence[str], since: datetime) -> list[TaskTrigger]:
        """Tasks of these rules that nobody has begun and whose every opinion a later revision took back, since a moment."""
        rows = await self._clickhouse.query(_TAKEN_BACK, {"rules": list(rules), "since": as_text(since)})
        return [TaskTrigger.model_validate_json(body) for (body,) in rows]

    async def muted(self, begin: datetime, end: datetime) -> list[TaskTrigger]:
        """Tasks created in [begin, end) that the daily cap muted."""
        sql = (
            "SELECT body FROM current_tasks WHERE muted = 'daily_cap' AND body != ''"
            " AND created_at >= {begin:DateTime64(3)} AND created_at < {end:DateTime64(3)} ORDER BY priority, created_at, task_id"
        )
        return [TaskTrigger.model_validate_json(body) for (body,) in await self._clickhouse.query(sql, _times(begin, end))]


def _where(where: Where) -> tuple[str, dict[str, Any]]:
    clauses, parameters = "", {}
    for column, values in where.items():
        if not column.isidentifier():
            raise ValueError(f"{column} is no column")
        if column == "tag":
            clauses += " AND arrayExists(pattern -> tag LIKE pattern, {tag:Array(String)})"
        else:
            clauses += f" AND {column} IN {{{column}:Array({'Int8' if column in _NUMBERS else 'String'})}}"
        parameters[column] = list(values)
    return clauses, parameters


def _scope(scope: Sequence[str]) -> str:
    if not set(scope) <= _DIMENSIONS:
        raise ValueError(f"scope: expected some of {', '.join(sorted(_DIMENSIONS))}")
    return f"[{', '.join(f'toString({name})' for name in scope)}]::Array(String)"


def _window(windows: Windows) -> str:
    epoch, length = int(windows.epoch.timestamp()), int(windows.length.total_seconds())
    return f"intDiv(toUnixTimestamp(occurred_at) - {epoch}, {length})"


def _times(begin: datetime, end: datetime) -> dict[str, str]:
    return {"begin": as_text(begin), "end": as_text(end)}


def as_text(moment: datetime) -> str:
    """A moment as a parameter of a query."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _example(row: tuple[Any, ...]) -> Example:
    utterance, opinion, text, evidence, at, channel, point, layer, frame, model, tier = row
    verbatim = Verbatim(utterance_id=utterance, opinion_id=opinion, text=text, evidence=evidence, occurred_at=_utc(at))
    return Example(verbatim, Channel(channel), Point(point), NeedLayer(layer), Versions(frame=frame, model=model, tier=Tier(tier)))
