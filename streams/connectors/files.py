"""Tables and JSON Lines as rows, each with its line number: CSV, TSV, JSONL, XLSX; UTF-8, with or without BOM, and GB18030."""

from __future__ import annotations

import csv
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import orjson
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from streams.connectors.encodings import detect_encoding
from streams.connectors.envelope import Fault
from streams.errors import ConfigurationError

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx")

_KEYS_SAMPLE = 100
_KEPT_CHARACTERS = 10_000
_DEPTH = 8

csv.field_size_limit(min(sys.maxsize, 1 << 30))


class Row(NamedTuple):
    """A row: the line it starts on, its cells by column, and what is wrong with it as a row, if anything.

    Cells that stood empty are not among them.
    """

    line: int
    cells: dict[str, Any]
    fault: Fault | None = None


class Line(NamedTuple):
    """A line of a table before its header is laid over it."""

    number: int
    values: list[Any]
    fault: Fault | None = None


class Table(NamedTuple):
    """A readable file: its column names (of JSON Lines, those of its first rows), its lines, about, and its encoding."""

    path: Path
    columns: tuple[str, ...]
    lines: int
    encoding: str

    def rows(self) -> Iterator[Row]:
        """Its rows. Raises ConfigurationError if the file becomes unreadable."""
        try:
            yield from _READERS[self.path.suffix.lower()](self.path, self.encoding)
        except (OSError, UnicodeError) as error:
            raise _unreadable(self.path, error) from error


def open_table(path: Path) -> Table:
    """Look into a file. Raises ConfigurationError if it cannot be used, saying why."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ConfigurationError(f"{path}: expected one of {', '.join(FORMATS)}")
    try:
        encoding, lines = ("", 0) if suffix == ".xlsx" else detect_encoding(path)
        columns = tuple(_columns(path, encoding))
    except (OSError, UnicodeError) as error:
        raise _unreadable(path, error) from error
    if not columns:
        raise ConfigurationError(f"{path}: is empty; expected " + ("JSON objects" if suffix in _JSON_LINES else "a header line and rows"))
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise ConfigurationError(f"{path}: line 1: two columns are called {twice[0]!r}")
    return Table(path, columns, lines, encoding)


def _unreadable(path: Path, error: OSError | UnicodeError) -> ConfigurationError:
    return ConfigurationError(f"{path}: {error.strerror if isinstance(error, OSError) else 'breaks off within a character'}")


def _columns(path: Path, encoding: str) -> Iterator[str]:
    suffix = path.suffix.lower()
    if suffix in _JSON_LINES:
        names: dict[str, None] = {}
        for row, _ in zip(_read_json_lines(path, encoding), range(_KEYS_SAMPLE), strict=False):
            names.update(dict.fromkeys(row.cells))
        yield from names
    else:
        lines = _sheet(path) if suffix == ".xlsx" else _delimited(path, encoding)
        yield from next(lines, Line(0, [])).values


def _read_delimited(path: Path, encoding: str) -> Iterator[Row]:
    return _under_header(_delimited(path, encoding))


def _read_sheet(path: Path, _: str) -> Iterator[Row]:
    return _under_header(_sheet(path))


def _under_header(lines: Iterator[Line]) -> Iterator[Row]:
    header = next(lines).values
    for line, values, fault in lines:
        cells = {column: value for column, value in zip(header, values, strict=False) if value not in {None, ""}}
        if fault is not None:
            yield Row(line, {"row": values[0]}, fault)
        elif len(values) != len(header):
            cells["beyond the header"] = values[len(header) :]
            yield Row(line, cells, Fault("row", f"has {len(values)} cells, the header has {len(header)}"))
        else:
            yield Row(line, cells, _undecoded(cells))


def _delimited(path: Path, encoding: str) -> Iterator[Line]:
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        taken: list[str] = []
        reader = csv.reader(_remembering(file, taken), delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        header = True
        while True:
            line = reader.line_num + 1
            taken.clear()
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                what = "a quote is opened here and never closed; nothing after it was read" if "end of data" in str(error) else str(error)
                yield Line(line, ["".join(taken)[:_KEPT_CHARACTERS]], Fault("row", what))
                continue
            if any(values):
                yield Line(line, [value.strip() for value in values] if header else values)
                header = False


def _remembering(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _sheet(path: Path) -> Iterator[Line]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            yield from _sheet_lines(book.worksheets[0].iter_rows(values_only=True))
        finally:
            book.close()
    except (BadZipFile, InvalidFileException, zlib.error, SyntaxError, LookupError, ValueError) as error:
        raise ConfigurationError(f"{path}: is not a usable XLSX workbook") from error


def _sheet_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
    width = 0
    for number, row in enumerate(rows, 1):
        values = _without_empty_end([_plain(value) for value in row])
        if not values:
            continue
        if not width:
            width = len(values)
            values = ["" if value is None else str(value).strip() for value in values]
        yield Line(number, values + [None] * (width - len(values)))


def _without_empty_end(values: list[Any]) -> list[Any]:
    end = max((number for number, value in enumerate(values, 1) if value not in {None, ""}), default=0)
    return values[:end]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_json_lines(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=encoding, errors="surrogateescape") as file:
        for line, text in enumerate(file, 1):
            if text.strip():
                yield _json_row(line, text)


def _json_row(line: int, text: str) -> Row:
    try:
        record = orjson.loads(text.encode())
    except UnicodeEncodeError:
        return Row(line, {"line": text.rstrip("\n")}, _NOT_DECODED)
    except orjson.JSONDecodeError as error:
        return Row(line, {"line": text.rstrip("\n")}, Fault("row", f"is not JSON: {error}"))
    if not isinstance(record, dict):
        return Row(line, {"line": text.rstrip("\n")}, Fault("row", "is not a JSON object"))
    return Row(line, flatten(record))


def flatten(record: dict[str, Any], above: str = "", depth: int = _DEPTH) -> dict[str, Any]:
    """A nested object as cells: `{"a": {"b": 1}}` is `{"a.b": 1}`. Lists stay; null and empty values go."""
    cells: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict) and depth:
            cells |= flatten(value, f"{above}{name}.", depth - 1)
        elif value not in (None, ""):
            cells[f"{above}{name}"] = value
    return cells


def _undecoded(cells: dict[str, Any]) -> Fault | None:
    for column, value in cells.items():
        if isinstance(value, str) and not value.isascii() and any("\udc80" <= character <= "\udcff" for character in value):
            return _NOT_DECODED._replace(field=column)
    return None


_NOT_DECODED = Fault("row", "holds bytes that are not of the file's encoding")
_JSON_LINES = (".jsonl", ".ndjson")
_READERS = {".csv": _read_delimited, ".tsv": _read_delimited, ".xlsx": _read_sheet, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines}
