"""Brings ClickHouse's schema up to date: numbered files, each applied once, in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from clickhouse_connect.driver.client import Client

from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.sinks.clickhouse import connect, database_of

_NAME = re.compile(r"^(\d{4})_\w+\.sql$")
_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (number UInt16, name String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY number
"""


def migrations_folder() -> Path:
    """Where the numbered files are: inside an installed package, or in the source tree."""
    installed = Path(str(files("streams"))) / "migrations"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "deploy" / "clickhouse"


def migrate(settings: Settings) -> list[str]:
    """Apply what is missing; return the names applied. Safe to run twice.

    Raises ConfigurationError if a file that was applied has changed since, RetryableSinkError if ClickHouse is away.
    """
    database = database_of(settings.clickhouse)
    first = connect(settings.clickhouse, database=False)
    first.command(f"CREATE DATABASE IF NOT EXISTS `{database}`")
    first.close()
    client = connect(settings.clickhouse)
    try:
        client.command(_LEDGER)
        rows = client.query("SELECT number, sha256 FROM migrations FINAL").result_rows
        applied = {int(number): str(digest) for number, digest in rows}
        return [path.name for path in _missing(applied) if _apply(client, path)]
    finally:
        client.close()


def _missing(applied: dict[int, str]) -> Iterator[Path]:
    for path in sorted(migrations_folder().glob("*.sql")):
        number = _number(path)
        if number not in applied:
            yield path
        elif applied[number] != _digest(path):
            raise ConfigurationError(f"{path.name}: was applied and has changed since; put changes into a new file")


def _apply(client: Client, path: Path) -> bool:
    for statement in statements(path.read_text("utf-8")):
        client.command(_repeatable(statement))
    client.insert("migrations", [[_number(path), path.name, _digest(path)]], column_names=["number", "name", "sha256"])
    return True


def statements(sql: str) -> list[str]:
    """The statements of a file: comments gone, split at semicolons that end a line."""
    plain = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
    return [part.strip() for part in re.split(r";\s*$", plain, flags=re.MULTILINE) if part.strip()]


def _repeatable(statement: str) -> str:
    """`CREATE X` as `CREATE X IF NOT EXISTS`, so that a file whose application was cut off can be applied again."""
    return re.sub(r"^CREATE (TABLE|VIEW|MATERIALIZED VIEW) (?!IF)", r"CREATE \1 IF NOT EXISTS ", statement)


def _number(path: Path) -> int:
    found = _NAME.match(path.name)
    if not found:
        raise ConfigurationError(f"{path.name}: expected NNNN_name.sql")
    return int(found.group(1))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
