"""`voc tasks`: what became of every task, rebuilt from its events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.sinks.clickhouse import open_clickhouse

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_LISTED = ("task_id", "state", "priority", "rule", "tag", "owner_queue", "dealer", "created_at", "due_at", "summary", "muted", "revision")
_OWNER = (
    *("owner_queue", "dealer", "tasks", "open", "muted", "on_time_share", "acceptance_share", "reopened"),
    *("effect", "effect_low", "effect_high"),
)
_EVENT = (
    *("task_event_id", "occurred_at", "recorded_at", "action", "actor", "actor_role", "legal", "reason", "note"),
    *("confirmed_cause", "refused_causes", "external_id"),
)
_SHORTEST_ID = 4
_SHOWN_ID = 8


@click.group()
def tasks() -> None:
    """List tasks, show one and its history, and how well owners do."""


@tasks.command("list")
@click.option("--state", help="Only in this state: created, assigned, planned, ...")
@click.option("--owner", help="Only of this queue.")
@click.option("--dealer", help="Only of this dealer.")
@click.option("--muted", is_flag=True, help="Muted alerts instead.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@_JSON
def list_(state: str | None, owner: str | None, dealer: str | None, muted: bool, limit: int, as_json: bool) -> None:
    """List tasks, the newest first."""
    given = {"state": state, "owner_queue": owner, "dealer": dealer}
    wanted = {name: value for name, value in given.items() if value is not None}
    clauses = "".join(f" AND {name} = {{{name}:String}}" for name in wanted)
    rows = _rows(
        f"SELECT {', '.join(_LISTED)} FROM task_board WHERE muted {'!=' if muted else '='} ''{clauses}"  # noqa: S608 - fixed names
        f" ORDER BY created_at DESC, task_id LIMIT {limit}",
        wanted,
        _LISTED,
    )
    if as_json:
        _lines(rows)
        return
    table = Table("id", "state", "P", "owner", "dealer", "due", "task")
    for row in rows:
        due = f"{row['due_at']:%m-%d %H:%M}"
        table.add_row(
            row["task_id"][:_SHOWN_ID], row["state"], str(row["priority"]), row["owner_queue"], row["dealer"], due, row["summary"]
        )
    Console().print(table)


@tasks.command()
@_JSON
def owners(as_json: bool) -> None:
    """How well owners and dealers do: tasks, shares done on time and accepted, and what it changed.

    The effect is the rate of the same complaints after acceptance over that before the task, 95 % interval: below 1 it helped.
    """
    sql = f"SELECT {', '.join(_OWNER)} FROM tasks_by_owner ORDER BY tasks DESC, owner_queue, dealer"  # noqa: S608 - fixed names
    rows = _rows(sql, {}, _OWNER)
    if as_json:
        _lines(rows)
        return
    table = Table("owner", "dealer", "tasks", "open", "muted", "on time", "accepted", "reopened", "effect (95 %)")
    table.columns[0].no_wrap = True
    for row in rows:
        shares = ["" if row[name] is None else f"{row[name]:.0%}" for name in ("on_time_share", "acceptance_share")]
        effect = "" if row["effect"] is None else f"{row['effect']:.2f} ({row['effect_low']:.2f} to {row['effect_high']:.2f})"
        counts = [str(row[name]) for name in ("tasks", "open", "muted")]
        table.add_row(row["owner_queue"], row["dealer"], *counts, *shares, str(row["reopened"]), effect)
    Console().print(table)


@tasks.command()
@click.argument("id")
@_JSON
def show(id: str, as_json: bool) -> None:
    """Show the task whose id begins with ID, and the alerts that it stands for."""
    found = _find(id)
    (alerts,) = _rows("SELECT count() FROM current_tasks WHERE muted_for = {id:UUID}", {"id": found["task_id"]}, ("alerts",))
    task = {**json.loads(found["body"]), "state": found["state"], "muted_alerts": alerts["alerts"]}
    click.echo(json.dumps(task, ensure_ascii=False, indent=None if as_json else 2))


@tasks.command()
@click.argument("id")
@_JSON
def history(id: str, as_json: bool) -> None:
    """Every step of the task whose id begins with ID, the refused attempts too."""
    task_id = _find(id)["task_id"]
    sql = f"SELECT {', '.join(_EVENT)} FROM current_task_events WHERE task_id = {{id:UUID}} ORDER BY recorded_at, occurred_at"  # noqa: S608
    rows = _rows(sql, {"id": task_id}, _EVENT)
    if as_json:
        _lines(rows)
        return
    table = Table("when", "step", "by", "legal", "what was said")
    for row in rows:
        words = " ".join(filter(None, (row["note"], row["reason"], row["confirmed_cause"])))
        by = f"{row['actor']} ({row['actor_role']})"
        table.add_row(f"{row['occurred_at']:%Y-%m-%d %H:%M:%S}", row["action"], by, "yes" if row["legal"] else "NO", words)
    Console().print(table)


def _find(id: str) -> dict[str, Any]:
    """The one task whose id begins so. Raises ConfigurationError."""
    if len(id) < _SHORTEST_ID:
        raise ConfigurationError(f"id: give at least {_SHORTEST_ID} characters of it")
    columns = ("task_id", "body", "state")
    sql = "SELECT task_id, body, state FROM task_board WHERE startsWith(toString(task_id), {id:String}) LIMIT 2"
    found = _rows(sql, {"id": id.lower()}, columns)
    if len(found) != 1:
        raise ConfigurationError(
            f"{'no task has' if not found else 'several tasks have'} an id that begins with {id!r}: see `voc tasks list`"
        )
    return found[0]


def _rows(sql: str, parameters: dict[str, Any], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    async def query() -> list[tuple[Any, ...]]:
        async with open_clickhouse(Settings()) as clickhouse:
            return await clickhouse.query(sql, parameters)

    rows = [dict(zip(columns, row, strict=True)) for row in asyncio.run(query())]
    return [{name: str(value) if name.endswith("_id") else value for name, value in row.items()} for row in rows]


def _lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False, default=str))
