"""The little of ClickHouse's SQL that its HTTP interface must understand: where an INSERT ends and its data begin."""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTE = rb"""`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_PLAIN = rb"""[^()`"']"""
_LIST = rb"\((?:" + _QUOTE + rb"|" + _PLAIN + rb"|\((?:" + _QUOTE + rb"|" + _PLAIN + rb")*\))*\)"
_WORD = rb"(?:" + _QUOTE + rb"|" + _LIST + rb"|--[^\n]*\n|/\*.*?\*/|" + _PLAIN + rb")"
_SPACE = rb"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_INSERT = re.compile(
    rb"(?P<head>" + _SPACE + rb"INSERT\s+INTO\b" + _WORD + rb"*?)(?:\bFORMAT\s+(?P<format>\w+)[ \t\f]*;?\r?\n?|\b(?P<values>VALUES)\b)",
    re.IGNORECASE | re.DOTALL,
)
_NAME = r"""(?:`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|[\w.]+)"""
_TARGET = re.compile(
    _SPACE.decode() + rf"INSERT\s+INTO\s+(?:TABLE\s+)?(?P<table>{_NAME}(?:\s*\.\s*{_NAME})?)\s*"
    r"(?P<columns>\((?!\s*\*).*?\))?\s*(?P<settings>SETTINGS\b.*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_COLUMN = re.compile(_NAME)
_NO_DATA = re.compile(rb"\b(?:SELECT|WITH|FROM\s+INFILE)\b", re.IGNORECASE)
_QUOTED = re.compile(_QUOTE + rb"|" + _LIST, re.DOTALL)
_SET = re.compile(_SPACE.decode() + r"SET\s", re.IGNORECASE)
_READ = re.compile(_SPACE.decode() + r"\(*(?:SELECT|WITH|SHOW|DESC|EXPLAIN|EXISTS)", re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^'\"`]*)?;?\s*\Z", re.IGNORECASE)


class Insert(NamedTuple):
    """An INSERT whose data follow: its statement without FORMAT, the format, and what of the data came with it."""

    statement: str
    format: str
    data: bytes


def split_insert(text: bytes) -> Insert | None:
    """Split `INSERT INTO ... FORMAT Name <data>` or `... VALUES <data>`; None for anything else, INSERT SELECT included.

    Data begin after the first line feed behind the format's name, else after the blanks behind it.
    """
    found = _INSERT.match(text)
    if not found or _NO_DATA.search(_QUOTED.sub(b"", found["head"])):
        return None
    name = "Values" if found["values"] else found["format"].decode()
    return Insert(found["head"].decode(), name, text[found.end() :])


class Target(NamedTuple):
    """Where an INSERT goes: the table and the columns that it lists, as written, and its SETTINGS clause."""

    table: str
    columns: list[str]
    settings: str


def insert_target(statement: str) -> Target | None:
    """The target of an INSERT; None where that is not a table with a plain list of columns."""
    found = _TARGET.match(statement)
    return Target(found["table"], _COLUMN.findall(found["columns"] or ""), found["settings"] or "") if found else None


def unquoted(name: str) -> str:
    """An identifier without its quotes."""
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[:1] in {"`", '"'} else name


def result_format(query: str) -> str | None:
    """The format that a query asks for at its end, if it does."""
    found = _FORMAT.search(query)
    return found[1] if found else None


def is_set(query: str) -> bool:
    """Whether a statement is a SET."""
    return _SET.match(query) is not None


def is_read(query: str) -> bool:
    """Whether a statement looks as if it only reads; a guess, for scheduling."""
    return _READ.match(query) is not None


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
