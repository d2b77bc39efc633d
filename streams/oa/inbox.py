"""What the OA sandbox has received, in one SQLite file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from schemas.task import TaskTrigger
from streams.codec import encode

_TABLES = """
CREATE TABLE IF NOT EXISTS deliveries (
    task_id TEXT NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL, received_at TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (task_id, revision)
);
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE
);
"""
_CURRENT = """
SELECT number, body, received_at, calls FROM tasks JOIN deliveries USING (task_id)
WHERE revision = (SELECT max(revision) FROM deliveries AS other WHERE other.task_id = tasks.task_id)
"""


class Received(NamedTuple):
    """A task as the OA has it: its number there, its highest revision, and how often that was delivered."""

    external_id: str
    task: TaskTrigger
    received_at: datetime
    calls: int


class Inbox:
    """The sandbox's store. A delivery is kept once, however often it comes."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.executescript(_TABLES)

    def close(self) -> None:
        self.db.close()

    def take(self, task: TaskTrigger) -> tuple[str, bool]:
        """(the OA's number for the task, whether this delivery is new)."""
        self.db.execute("BEGIN IMMEDIATE")
        with self.db:
            self.db.execute("INSERT INTO tasks (task_id) VALUES (?) ON CONFLICT DO NOTHING", (str(task.task_id),))
            calls: int = self.db.execute(
                "INSERT INTO deliveries (task_id, revision, body, received_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET calls = calls + 1 RETURNING calls",
                (str(task.task_id), task.revision, encode(task), datetime.now(UTC).isoformat()),
            ).fetchone()[0]
            number: int = self.db.execute("SELECT number FROM tasks WHERE task_id = ?", (str(task.task_id),)).fetchone()[0]
        return _external_id(number), calls == 1

    def tasks(self) -> list[Received]:
        """Every task, the newest first."""
        return [_received(row) for row in self.db.execute(f"{_CURRENT} ORDER BY number DESC")]


def _received(row: tuple[int, bytes, str, int]) -> Received:
    number, body, received_at, calls = row
    return Received(_external_id(number), TaskTrigger.model_validate_json(body), datetime.fromisoformat(received_at), calls)


def _external_id(number: int) -> str:
    return f"OA-{number}"
