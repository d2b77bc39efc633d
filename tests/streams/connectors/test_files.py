"""Reading tables: formats, encodings, and rows that cannot be read."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from streams.connectors.encodings import detect_encoding
from streams.connectors.files import Row, flatten, open_table
from streams.errors import ConfigurationError

CONTENT = "编号,内容\n1,订金一个月了还没退\n2,车机黑屏\n"


def rows(path: Path) -> list[Row]:
    return list(open_table(path).rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CONTENT, encoding=encoding)
    assert open_table(path).columns == ("编号", "内容")
    assert [row.cells["内容"] for row in rows(path)] == ["订金一个月了还没退", "车机黑屏"]


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=12, max_size=60))
def test_chinese_text_is_told_apart(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    text = f"客户说{text}"  # by itself, 一一一 in GB18030 is also good UTF-8
    path = tmp_path_factory.mktemp("text") / "a.csv"
    for encoding in ("utf-8", "gb18030"):
        path.write_bytes(text.encode(encoding))
        assert path.read_text(encoding=detect_encoding(path)[0]) == text


def test_a_gb18030_character_across_a_chunk_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a" * ((1 << 20) - 1) + "订金不退".encode("gb18030"))
    assert detect_encoding(path)[0] == "gb18030"


def test_a_broken_utf8_row_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("编号,内容\n" + "1,订金一个月了还没退\n").encode() + b"2,\xe8\xae\n" + "3,好\n".encode())
    read = rows(path)
    assert [row.fault is None for row in read] == [True, False, True]
    assert read[1].fault is not None
    assert (read[1].line, read[1].fault.field) == (3, "内容")


def test_lines_are_those_where_rows_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"a\nb"\n\n2,c\n3\n4,d,e\n', encoding="utf-8")
    read = rows(path)
    assert [(row.line, row.fault and row.fault.reason) for row in read] == [
        (2, None),
        (5, None),
        (6, "has 1 cells, the header has 2"),
        (7, "has 3 cells, the header has 2"),
    ]
    assert read[3].cells == {"id": "4", "text": "d", "beyond the header": ["e"]}


def test_an_open_quote_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,a\n2,"b\n3,c\n', encoding="utf-8")
    last = rows(path)[-1]
    assert last.line == 3
    assert last.fault is not None
    assert "never closed" in last.fault.reason
    assert last.cells == {"row": '2,"b\n3,c\n'}


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "attributes": {"brand": "领克"}}\n\n{"id": \n[1]\n{"id": 2, "text": null}\n', encoding="utf-8")
    read = rows(path)
    assert open_table(path).columns == ("id", "attributes.brand", "line")
    assert read[0].cells == {"id": 1, "attributes.brand": "领克"}
    assert [row.line for row in read] == [1, 3, 4, 5]
    assert [row.fault is None for row in read] == [True, False, False, True]
    assert read[3].cells == {"id": 2}


def test_xlsx(tmp_path: Path) -> None:
    book = Workbook()
    for line in (["编号", "内容", "分数"], [1001.0, "订金不退", 3], [None, None, None], ["a2", "好", None]):
        book.active.append(line)
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert [(row.line, row.cells) for row in rows(path)] == [
        (2, {"编号": 1001, "内容": "订金不退", "分数": 3}),
        (4, {"编号": "a2", "内容": "好"}),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"", "expected one of .csv"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"id,id\n", "two columns are called 'id'"),
        ("a.xlsx", b"PK not a workbook", "not a usable XLSX"),
        ("a.jsonl", b"\n", "expected JSON objects"),
    ],
)
def test_unusable_files_are_named_with_the_reason(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="a\\.") as raised:
        open_table(path)
    assert said in str(raised.value)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=20)), max_size=8))
def test_what_csv_writes_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    pairs = [(a.replace("\x00", ""), b.replace("\x00", "") + "x") for a, b in pairs]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("a", "b"), *pairs])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + buffer.getvalue().encode())
    assert [(row.cells.get("a", ""), row.cells["b"]) for row in rows(path)] == pairs


@given(st.recursive(st.integers(0, 99), lambda inner: st.dictionaries(st.text("ab", min_size=1), inner, max_size=3), max_leaves=6))
def test_flatten_keeps_every_leaf(value: Any) -> None:
    record = {"top": value}
    assert sorted(flatten(record).values()) == sorted(_leaves(record))
    assert orjson.loads(orjson.dumps(flatten(record))) == flatten(record)


def _leaves(value: Any) -> list[int]:
    return [leaf for inner in value.values() for leaf in _leaves(inner)] if isinstance(value, dict) else [value]
