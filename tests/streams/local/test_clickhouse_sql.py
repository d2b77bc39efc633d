"""Where an INSERT ends and its data begin."""

from __future__ import annotations

import pytest

from streams.local.clickhouse_sql import Insert, identifier, literal, result_format, split_insert


@pytest.mark.parametrize(
    ("text", "insert"),
    [
        (b"INSERT INTO t FORMAT Native\n\x01\x02", Insert("INSERT INTO t ", "Native", b"\x01\x02")),
        (b"insert into db.t (`a`, `FORMAT x`) format CSV 1,2", Insert("insert into db.t (`a`, `FORMAT x`) ", "CSV", b"1,2")),
        (
            b"INSERT INTO t(values, format) VALUES (1,'FORMAT CSV')",
            Insert("INSERT INTO t(values, format) ", "Values", b" (1,'FORMAT CSV')"),
        ),
        (
            b"-- a\nINSERT INTO t SETTINGS async_insert=1 FORMAT TSV\r\n\tx",
            Insert("-- a\nINSERT INTO t SETTINGS async_insert=1 ", "TSV", b"\tx"),
        ),
        (b"INSERT INTO FUNCTION f('a''FORMAT b') FORMAT TSV x", Insert("INSERT INTO FUNCTION f('a''FORMAT b') ", "TSV", b"x")),
        (b"INSERT INTO t SELECT 1 FORMAT CSV", None),
        (b"INSERT INTO t FROM INFILE 'x' FORMAT CSV", None),
        (b"SELECT 'INSERT INTO t FORMAT CSV'", None),
        (b"INSERT INTO t (`open FORMAT CSV", None),
    ],
)
def test_split_insert(text: bytes, insert: Insert | None) -> None:
    assert split_insert(text) == insert


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("select 1\n format Native ;\n", "Native"),
        ("SELECT 1 FORMAT CSV SETTINGS max_threads = 1", "CSV"),
        ("SELECT ' FORMAT CSV'", None),
        ("SELECT 1", None),
    ],
)
def test_result_format(query: str, form: str | None) -> None:
    assert result_format(query) == form


def test_quotes() -> None:
    assert literal("it's \\ a") == r"'it\'s \\ a'"
    assert identifier("a`b") == r"`a\`b`"
