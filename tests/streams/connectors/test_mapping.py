"""Mappings, recognised headers and times."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.common import Channel
from streams.connectors.channels import FeedbackRecord, SurveyRecord
from streams.connectors.envelope import Fault
from streams.connectors.files import open_table
from streams.connectors.headers import recognise, synonyms, targets
from streams.connectors.mapping import Mapping, load_mapping
from streams.connectors.plan import Defaults, content_id, plan_table, plan_topic
from streams.connectors.times import parse_time
from streams.errors import ConfigurationError

DEFAULTS = Defaults("d1", datetime(2026, 1, 1, tzinfo=UTC))
SHANGHAI = ZoneInfo("Asia/Shanghai")

YAML = """\
channel: survey
source: nps-2026
time_zone: Europe/Berlin
fields:
  source_id: 答卷
  comment: {columns: [标题, 内容], separator: "。"}
  occurred_at: {column: 时间, formats: ["%d.%m.%Y %H:%M"]}
  score: {column: 满意度, values: {非常满意: 10, 不满意: 2, 5: 5}}
  brand: {constant: 领克}
"""


def mapping(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def read(tmp_path: Path, cells: dict[str, Any], text: str = YAML) -> FeedbackRecord | tuple[Fault, ...]:
    return plan_topic("t", Channel.SURVEY, None, mapping(tmp_path, text)).record(cells, DEFAULTS)


def test_a_mapping_joins_translates_and_dates(tmp_path: Path) -> None:
    record = read(tmp_path, {"答卷": 7, "标题": "差", "内容": "慢", "时间": "01.03.2026 09:30", "满意度": "不满意"})
    assert isinstance(record, SurveyRecord)
    assert (record.source_id, record.comment, record.score, record.attributes.brand) == ("7", "差。慢", 2, "领克")
    assert record.occurred_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_a_row_that_breaks_a_rule_names_field_and_rule_but_not_the_value(tmp_path: Path) -> None:
    faults = read(tmp_path, {"标题": "差", "时间": "gestern-13800138000", "满意度": "一般-13800138000"})
    assert isinstance(faults, tuple)
    assert [fault.field for fault in faults] == ["source_id", "occurred_at", "score"]
    assert "13800138000" not in str(faults)
    assert "%d.%m.%Y %H:%M" in faults[1].reason


def test_a_nested_value_is_no_text(tmp_path: Path) -> None:
    assert read(tmp_path, {"c": {"deep": 1}}, "fields: {comment: c}") == (Fault("comment", "is not a plain value"),)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("fields: [", 1, "not YAML"),
        ("- a", 1, "expected a mapping"),
        ("channel: telepathy\n", 1, "channel"),
        ("channel: survey\ntime_zone: Mars/Base\n", 2, "not a time zone"),
        ("channel: survey\nfields:\n  comment: a\n  score: {column: a, constant: 1}\n", 4, "one of column, columns and constant"),
        ("channel: survey\nfields:\n  comment: a\n  score: {colum: a}\n", 4, "score.colum"),
        ("channel: survey\nfeilds: {}\n", 2, "feilds"),
    ],
)
def test_a_wrong_mapping_is_named_by_file_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        mapping(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path / 'm.yaml'}: line {line}: ")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("field", "said"),
    [("colour: a", "no such field"), ("customer_id: a", "no such field"), ("text: 别的", "has no column '别的'")],
)
def test_a_mapping_that_does_not_fit_names_its_line(tmp_path: Path, field: str, said: str) -> None:
    table = tmp_path / "a.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    rules = mapping(tmp_path, f"fields:\n  brand: b\n  {field}\n")
    with pytest.raises(ConfigurationError, match="line 3: fields") as raised:
        plan_table(open_table(table), Channel.PUBLIC_OPINION, None, rules)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            "投诉编号,投诉品牌,投诉车系,投诉车型,投诉简述,投诉问题,问题类型,投诉日期",
            {"source_id": "投诉编号", "brand": "投诉品牌", "model": "投诉车系", "text": "投诉简述", "occurred_at": "投诉日期"},
        ),
        (
            "id,brand,car_model,type,desc,problem,datetime,status",
            {"source_id": "id", "brand": "brand", "model": "car_model", "text": "desc", "occurred_at": "datetime"},
        ),
        ("content_id,content,subject,sentiment_value", {"source_id": "content_id", "text": "content"}),
        ("Review,Total_star", {"text": "Review"}),
        ("用户id,昵称,评论内容,发布时间（北京）", {"text": "评论内容", "occurred_at": "发布时间（北京）"}),
    ],
)
def test_headers_of_public_files_are_recognised_and_identity_is_left_out(columns: str, expected: dict[str, str]) -> None:
    assert recognise(columns.split(","), Channel.PUBLIC_OPINION) == expected


def test_every_field_of_every_channel_has_known_headers_and_none_is_known_twice() -> None:
    for channel in Channel:
        names = [name for target in targets(channel) for name in synonyms()[target]]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-04-29", "2024-04-29T00:00:00+08:00"),
        ("2024/4/29 9:05", "2024-04-29T09:05:00+08:00"),
        ("2024年4月29日 9时5分", "2024-04-29T09:05:00+08:00"),
        ("2024.4.29 09:05:06", "2024-04-29T09:05:06+08:00"),
        ("20240429", "2024-04-29T00:00:00+08:00"),
        ("20240429145554", "2024-04-29T14:55:54+08:00"),
        ("1714370000", "2024-04-29T05:53:20+00:00"),
        (1714370000000, "2024-04-29T05:53:20+00:00"),
        ("2024-04-29T01:00:00Z", "2024-04-29T01:00:00+00:00"),
        (datetime(2024, 4, 29, 9), "2024-04-29T09:00:00+08:00"),
    ],
)
def test_times(written: Any, meant: str) -> None:
    assert parse_time(written, SHANGHAI).isoformat() == meant


@pytest.mark.parametrize("written", ["", "04/29/2024", "2024-13-01", "yesterday", "99999"])
def test_a_time_that_could_mean_two_things_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_time(written, SHANGHAI)


def test_a_content_id_does_not_depend_on_the_order_of_columns() -> None:
    assert content_id({"a": "1", "b": "2"}) == content_id({"b": "2", "a": "1"})
    assert content_id({"a": "1"}) != content_id({"b": "1"})
