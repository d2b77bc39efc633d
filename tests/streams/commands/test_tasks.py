"""`voc tasks` on a real ClickHouse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from click.testing import CliRunner

from schemas.task import Muted, TaskTrigger
from schemas.task_event import TaskEvent
from streams.commands.tasks import tasks as command
from streams.errors import ConfigurationError
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.sinks.store import open_store
from tests.golden import example

TASK = example(TaskTrigger, "voc.tasks.v1/deposit")
ACCEPTED = example(TaskEvent, "voc.task-events.v1/accepted")
ILLEGAL = example(TaskEvent, "voc.task-events.v1/illegal_step")
AGAIN = ACCEPTED.model_copy(update={"occurred_at": ACCEPTED.recorded_at, "recorded_at": ILLEGAL.recorded_at})


@pytest.fixture(scope="module")
def stored(clickhouse: EmbeddedClickHouse) -> Iterator[Settings]:
    """A task with a history, one step of which was reported twice, and an alert that it stands for."""
    database = f"tasks_{uuid4().hex[:8]}"
    settings = Settings(clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{database}")
    migrate(settings)
    alert = TASK.model_copy(update={"task_id": uuid4(), "muted": Muted.GROUPED, "muted_for": TASK.task_id})

    async def store() -> None:
        async with open_store(settings) as opened:
            for events in ([TASK, alert], [ACCEPTED, ILLEGAL, AGAIN]):
                await opened.write(events)

    asyncio.run(store())
    yield settings
    client = connect(settings.clickhouse)
    client.command(f"DROP DATABASE {database}")
    client.close()


@pytest.fixture(autouse=True)
def _environment(stored: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_CLICKHOUSE", stored.clickhouse)


def lines(*arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_list_shows_states_and_leaves_muted_alerts_out() -> None:
    (row,) = lines("list")
    assert (row["task_id"], row["state"], row["owner_queue"]) == (str(TASK.task_id), "accepted", "sales_manager")
    assert lines("list", "--state", "created") == []
    assert [row["muted"] for row in lines("list", "--muted")] == ["grouped"]
    assert lines("list", "--owner", "sales_manager", "--dealer", "D0012") == [row]


def test_show_gives_the_whole_task_and_what_it_stands_for() -> None:
    (shown,) = lines("show", str(TASK.task_id)[:8])
    state, alerts = shown.pop("state"), shown.pop("muted_alerts")
    assert TaskTrigger.model_validate_json(json.dumps(shown)) == TASK
    assert (state, alerts) == ("accepted", 1)


def test_history_has_every_step_once_and_the_refused_attempts() -> None:
    steps = lines("history", str(TASK.task_id)[:8])
    assert [(step["action"], step["legal"]) for step in steps] == [("accepted", True), ("accepted", False)]
    assert steps[0]["confirmed_cause"] == "finance.loan_refused"
    assert steps[1]["reason"] == "accepted belongs to management"
    table = CliRunner().invoke(command, ["history", str(TASK.task_id)[:8]])
    assert "zhang.manager" in table.output


def test_owners_are_judged() -> None:
    (row,) = lines("owners")
    assert (row["owner_queue"], row["dealer"], row["tasks"], row["open"], row["muted"]) == ("sales_manager", "D0012", 1, 0, 1)
    assert row["acceptance_share"] == 1.0
    table = CliRunner().invoke(command, ["owners"])
    assert "sales_manager" in table.output


def test_an_unknown_id_is_said() -> None:
    with pytest.raises(ConfigurationError, match="no task has an id that begins with 'ffffffff'"):
        CliRunner().invoke(command, ["show", "ffffffff"], catch_exceptions=False)
    with pytest.raises(ConfigurationError, match="at least 4 characters"):
        CliRunner().invoke(command, ["show", "f"], catch_exceptions=False)
