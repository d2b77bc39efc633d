"""Loading files: rows in, events to the broker, rejected rows to a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from schemas.base import Event
from schemas.raw_text import RawText
from streams.connectors.channels import FeedbackRecord
from streams.connectors.envelope import Fault
from streams.connectors.files import Row, Table
from streams.connectors.plan import Defaults, Plan, content_id
from streams.errors import ConfigurationError
from streams.outbox import Outbox

_CHUNK = 1_000
_OTHER_CONTENT = Fault("source_id", "an earlier row of the file has this id and other content")


@dataclass(slots=True)
class Counts:
    """What became of the rows of a file. `repeated` rows had the id and the content of an earlier one."""

    rows: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    events: int = 0

    def __str__(self) -> str:
        sent = f"{self.accepted:,} accepted ({self.events:,} events)"
        return f"{self.rows:,} rows, {sent}, {self.repeated:,} repeated, {self.rejected:,} rejected"

    def add(self, other: Counts) -> None:
        for name in Counts.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Outcome(NamedTuple):
    """What became of a row: its events, or its faults, or neither if it repeats an earlier one."""

    row: Row
    events: list[RawText]
    faults: tuple[Fault, ...] = ()


class Rejects:
    """A file of rejected rows, JSON Lines, made when the first comes: file, line, field, reason and the row as it stood.

    It holds customers' words: keep it as safe as the file that they came from.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take away those of an earlier run. Raises ConfigurationError where no file can be."""
        try:
            self.path.unlink(missing_ok=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"--rejects: {self.path}: {error.strerror}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, path: Path, row: Row, faults: tuple[Fault, ...]) -> None:
        """Write a rejected row."""
        reason = faults[0].reason if len(faults) == 1 else "; ".join(f"{fault.field}: {fault.reason}" for fault in faults)
        entry: dict[str, Any] = {"file": str(path), "line": row.line, "field": faults[0].field, "reason": reason, "row": row.cells}
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")  # bytes that were no text become \\udc..
        self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")


async def load_table(table: Table, plan: Plan, outbox: Outbox, rejects: Rejects, advance: Callable[[Row], None] = lambda _: None) -> Counts:
    """Send every good row of a table, a chunk at a time. Returns when the broker acknowledged all of them.

    Raises DeliveryError if it did not: loading the file again adds nothing twice.
    """
    counts = Counts()
    waiting: list[Event] = []
    for outcome in read_table(table, plan):
        counts.rows += 1
        if outcome.faults:
            counts.rejected += 1
            rejects.add(table.path, outcome.row, outcome.faults)
        elif outcome.events:
            counts.accepted += 1
            counts.events += len(outcome.events)
            waiting += outcome.events
        else:
            counts.repeated += 1
        if len(waiting) >= _CHUNK:
            await outbox.publish(waiting)
            waiting = []
            advance(outcome.row)
    await outbox.publish(waiting)
    return counts


def read_table(table: Table, plan: Plan) -> Iterator[Outcome]:
    """What becomes of each row.

    A row without an id of its own gets one from its content, and the second such row of a file another, so the same
    rows have the same ids in any file. A row without a time gets the file's.
    """
    written_at = datetime.fromtimestamp(table.path.stat().st_mtime, UTC)
    now = datetime.now(UTC)
    alike: Counter[int] = Counter()
    seen: dict[int, int] = {}
    for row in table.rows():
        if row.fault:
            yield Outcome(row, [], (row.fault,))
            continue
        source_id = "" if "source_id" in plan.rules else _numbered(content_id(row.cells), alike)
        record = plan.record(row.cells, Defaults(source_id, written_at))
        if not isinstance(record, FeedbackRecord):
            yield Outcome(row, [], record)
            continue
        key, content = hash(record.source_id), hash(record)
        if key not in seen:
            seen[key] = content
            yield Outcome(row, plan.events(record, now))
        else:
            yield Outcome(row, [], () if seen[key] == content else (_OTHER_CONTENT,))


def _numbered(identity: str, alike: Counter[int]) -> str:
    alike[hash(identity)] += 1
    count = alike[hash(identity)]
    return identity if count == 1 else f"{identity}-{count}"
