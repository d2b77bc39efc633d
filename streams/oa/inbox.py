"""What the OA sandbox has received and where each task stands, in one SQLite file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from schemas.task import ROUND, TaskTrigger
from streams.codec import encode
from streams.oa.life import OVER, State

_TABLES = """
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL DEFAULT 'created'
);
CREATE TABLE IF NOT EXISTS deliveries (
    task_id TEXT NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL, received_at TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (task_id, revision)
);
CREATE TABLE IF NOT EXISTS steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, at TEXT NOT NULL, action TEXT NOT NULL,
    actor TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL
);
"""
_CURRENT = """
SELECT number, state, body, received_at, calls FROM tasks JOIN deliveries USING (task_id)
WHERE revision = (SELECT max(revision) FROM deliveries AS other WHERE other.task_id = tasks.task_id)
"""


class Received(NamedTuple):
    """A task as the OA has it, at its highest revision, and how often that was delivered."""

    number: int
    state: State
    task: TaskTrigger
    received_at: datetime
    calls: int

    @property
    def external_id(self) -> str:
        return external_id(self.number)

    def overdue(self, now: datetime) -> bool:
        """Whether its due time has passed and it is not done."""
        return now > self.task.due_at and self.state not in {State.DONE, *OVER}


class Taken(NamedTuple):
    """A step that was taken here and that the gateway kept."""

    at: datetime
    action: str
    actor: str
    note: str
    state: State


class Inbox:
    """The sandbox's store. A delivery is kept once, however often it comes."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def take(self, task: TaskTrigger) -> tuple[str, bool]:
        """(the OA's number for the task, whether this delivery is new). A new round of a task that is over reopens it."""
        key, now = str(task.task_id), datetime.now(UTC).isoformat()
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            (newest,) = self._db.execute("SELECT max(revision) FROM deliveries WHERE task_id = ?", (key,)).fetchone()
            self._db.execute("INSERT INTO tasks (task_id) VALUES (?) ON CONFLICT DO NOTHING", (key,))
            (calls,) = self._db.execute(
                "INSERT INTO deliveries (task_id, revision, body, received_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET calls = calls + 1 RETURNING calls",
                (key, task.revision, encode(task), now),
            ).fetchone()
            number, state = self._db.execute("SELECT number, state FROM tasks WHERE task_id = ?", (key,)).fetchone()
            if state in OVER and task.round > (newest or 0) // ROUND:
                self._record(number, Taken(datetime.now(UTC), "reopened", "tingjian", task.summary, State.REOPENED))
        return external_id(number), calls == 1

    def record(self, number: int, taken: Taken) -> None:
        """Keep a step, and where the task stands after it."""
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._record(number, taken)

    def _record(self, number: int, taken: Taken) -> None:
        self._db.execute("UPDATE tasks SET state = ? WHERE number = ?", (taken.state.value, number))
        self._db.execute(
            "INSERT INTO steps (number, at, action, actor, note, state) VALUES (?, ?, ?, ?, ?, ?)",
            (number, taken.at.isoformat(), taken.action, taken.actor, taken.note, taken.state.value),
        )

    def tasks(self) -> list[Received]:
        """Every task, the newest first."""
        return [_received(row) for row in self._db.execute(f"{_CURRENT} ORDER BY number DESC")]

    def count(self) -> int:
        """How many tasks there are."""
        (count,) = self._db.execute("SELECT count(*) FROM tasks").fetchone()
        return int(count)

    def task(self, number: int) -> Received | None:
        """The task of a number, if there is one."""
        row = self._db.execute(f"{_CURRENT} AND number = ?", (number,)).fetchone()
        return _received(row) if row else None

    def steps(self, number: int) -> list[Taken]:
        """The steps of a task, in order."""
        rows = self._db.execute("SELECT at, action, actor, note, state FROM steps WHERE number = ? ORDER BY id", (number,))
        return [Taken(datetime.fromisoformat(at), action, actor, note, State(state)) for at, action, actor, note, state in rows]


def external_id(number: int) -> str:
    """The number as the OA shows it."""
    return f"OA-{number}"


def _received(row: tuple[int, str, bytes, str, int]) -> Received:
    number, state, body, received_at, calls = row
    return Received(number, State(state), TaskTrigger.model_validate_json(body), datetime.fromisoformat(received_at), calls)
