"""A plan: how a row of one source becomes events of `voc.raw-text.v1`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from schemas.common import Channel
from schemas.raw_text import RawText
from streams.connectors.channels import RECORDS, FeedbackRecord
from streams.connectors.envelope import Fault, raw_texts, read_record
from streams.connectors.files import Table
from streams.connectors.headers import ATTRIBUTES, recognise
from streams.connectors.mapping import Mapping, Rule
from streams.connectors.times import parse_time
from streams.errors import ConfigurationError

_MAX_NAME = 200
_WORDS = ("text", "comment", "turns", "score")
_AS_THEY_ARE = ("turns", "score", "vip")
_KNOWN_VALUES: dict[str, dict[str, str | bool]] = {
    "speaker": {
        **dict.fromkeys(("客户", "用户", "车主", "顾客", "访客"), "customer"),
        **dict.fromkeys(("坐席", "座席", "客服", "销售", "顾问", "销售顾问", "服务顾问"), "agent"),
        "机器人": "bot",
    },
    "vip": {"是": True, "否": False},
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a row gets where no column says it: an id, and when it was said."""

    source_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows become records: a rule a field, and the zone of times that say none."""

    channel: Channel
    source: str
    rules: dict[str, Rule]
    zone: ZoneInfo

    def record(self, cells: dict[str, Any], defaults: Defaults) -> FeedbackRecord | tuple[Fault, ...]:
        """The record of a row's cells, or what is wrong with it."""
        fields: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, rule in self.rules.items():
            try:
                value = self._value(name, rule, cells)
            except ValueError as error:
                faults.append(Fault(name, str(error)))
                continue
            if value is not None:
                fields[name] = value
        if faults:
            return tuple(faults)
        fields.setdefault("source_id", defaults.source_id)
        fields.setdefault("occurred_at", defaults.occurred_at)
        attributes = {name: fields.pop(name) for name in ATTRIBUTES if name in fields}
        return read_record(self.channel, {**fields, "attributes": attributes})

    def events(self, record: FeedbackRecord, ingested_at: datetime) -> list[RawText]:
        """The events of a record."""
        return raw_texts(self.channel, self.source, record, ingested_at)

    def _value(self, name: str, rule: Rule, cells: dict[str, Any]) -> Any:
        value = _raw(rule, cells)
        if value is None:
            if name in {"source_id", "occurred_at"}:
                raise ValueError("is empty")
            return "" if name in {"text", "comment"} and "turns" not in cells else None
        if isinstance(value, (dict, list)) and name != "turns":
            raise ValueError("is not a plain value")
        if rule.values is not None:
            if str(value) not in rule.values:
                raise ValueError("is not among the mapping's values")
            value = rule.values[str(value)]
        elif name in _KNOWN_VALUES:
            value = _KNOWN_VALUES[name].get(str(value), value)
        if name == "occurred_at":
            return parse_time(value, self.zone, rule.formats)
        return value if name in _AS_THEY_ARE else str(value)


def _raw(rule: Rule, cells: dict[str, Any]) -> Any:
    if rule.constant is not None:
        return rule.constant
    if rule.column is not None:
        return cells.get(rule.column)
    parts = [str(cells[column]) for column in rule.columns if column in cells]
    return rule.separator.join(parts) if parts else None


def plan_table(table: Table, channel: Channel, source: str | None, mapping: Mapping) -> Plan:
    """The plan for a table: its mapping's rules, or what its headers say. Raises ConfigurationError where it says too little.

    The source's name is the file's, without its extension, if neither the call nor the mapping gives one.
    """
    mapping.check_targets(channel)
    if mapping.fields is None:
        rules = {field: Rule(column=column) for field, column in recognise(table.columns, channel).items()}
    else:
        if table.path.suffix.lower() not in {".jsonl", ".ndjson"}:
            mapping.check_columns(table.columns, table.path)
        rules = mapping.fields
    if not any(word in rules for word in _WORDS):
        wanted = " or ".join(word for word in _WORDS if word in RECORDS[channel].model_fields)
        raise ConfigurationError(f"{table.path}: no column is known as {wanted} (it has {', '.join(table.columns)}): give --mapping")
    return Plan(channel, name_source(source or mapping.source or table.path.stem), rules, ZoneInfo(mapping.time_zone))


def plan_topic(topic: str, channel: Channel, source: str | None, mapping: Mapping) -> Plan:
    """The plan for a company's own topic: its mapping's rules. Raises ConfigurationError where they are missing."""
    mapping.check_targets(channel)
    if not mapping.fields or not any(word in mapping.fields for word in _WORDS):
        raise ConfigurationError(f"--mapping: its fields must say which carries the words of {topic}")
    return Plan(channel, name_source(source or mapping.source or topic), mapping.fields, ZoneInfo(mapping.time_zone))


def name_source(name: str) -> str:
    """The name of a source. Raises ConfigurationError for one that events cannot carry."""
    if len(name) > _MAX_NAME or not name.isprintable():
        raise ConfigurationError(f"--source: expected at most {_MAX_NAME} printable characters, got {len(name)}")
    return name


def content_id(cells: dict[str, Any]) -> str:
    """An id for a row without one: a hash of all its cells, whichever file and column order they came in."""
    canonical = orjson.dumps(cells, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return f"row-{hashlib.sha256(canonical).hexdigest()[:32]}"
