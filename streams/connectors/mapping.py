"""How the columns of a file, or the fields of a company's own records, become Tingjian's: a mapping in YAML.

channel: survey                 # one of the five; --channel wins
source: nps-2026                # name of the source system; --source wins
time_zone: Asia/Shanghai        # of times that say none
fields:                         # without it, headers are recognised
  source_id: 答卷编号            # a column
  comment: {columns: [标题, 内容], separator: "。"}
  occurred_at: {column: 提交时间, formats: ["%d.%m.%Y %H:%M"]}
  score: {column: 满意度, values: {非常满意: 10, 不满意: 2}}
  brand: {constant: 领克}
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidationError, field_validator, model_validator

from schemas.base import Name
from schemas.common import Channel
from streams.connectors.headers import targets
from streams.errors import ConfigurationError

DEFAULT_TIME_ZONE = "Asia/Shanghai"


class Rule(BaseModel):
    """Where a field's value comes from: one column, several joined, or a constant; then through `values` if given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    columns: tuple[str, ...] = ()
    separator: str = "\n"
    constant: str | int | float | bool | None = None
    formats: tuple[str, ...] = ()
    values: dict[str, str | int | float | bool] | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _keys_as_text(cls, values: Any) -> Any:
        return {str(key): value for key, value in values.items()} if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is not None) + bool(self.columns) + (self.constant is not None) != 1:
            raise ValueError("give one of column, columns and constant")
        return self

    def reads(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return self.columns or (() if self.column is None else (self.column,))


def _column_alone(rule: Any) -> Any:
    return {"column": rule} if isinstance(rule, str) else rule


class Mapping(BaseModel):
    """A mapping as its file states it. `fields` is None where headers shall be recognised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel | None = None
    source: Name | None = None
    time_zone: str = DEFAULT_TIME_ZONE
    fields: dict[str, Annotated[Rule, BeforeValidator(_column_alone)]] | None = None

    _path: Path | None = PrivateAttr(None)
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a time zone; expected a name such as Asia/Shanghai or Europe/Berlin") from None
        return name

    def check_targets(self, channel: Channel) -> None:
        """Raises ConfigurationError for a field that the channel does not have."""
        for name in self.fields or ():
            if name not in targets(channel):
                raise self.wrong(name, f"channel {channel} has no such field; it has {', '.join(targets(channel))}")

    def check_columns(self, columns: Sequence[str], where: Path) -> None:
        """Raises ConfigurationError for a column that a table does not have."""
        for name, rule in (self.fields or {}).items():
            for column in rule.reads():
                if column not in columns:
                    raise self.wrong(name, f"{where} has no column {column!r}; it has {', '.join(columns)}")

    def wrong(self, field: str, rule: str) -> ConfigurationError:
        """The error that names the mapping's file, line and field."""
        return ConfigurationError(f"{self._path}: line {self._lines.get(field, 1)}: fields.{field}: {rule}")


def load_mapping(path: Path) -> Mapping:
    """A mapping from its file. Raises ConfigurationError naming file, line and field."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {getattr(error, 'strerror', 'is not UTF-8')}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path}: line {line}: is not YAML: {error.problem}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: line 1: expected a mapping with channel, source, time_zone and fields")
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        parts = [str(part) for part in first["loc"] if not str(part).startswith("function-")]
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{path}: line {_line_of(node, parts)}: {'.'.join(parts)}: {message}") from None
    mapping._path = path
    mapping._lines = {name: _line_of(node, ["fields", name]) for name in mapping.fields or ()}
    return mapping


def _line_of(node: yaml.Node | None, parts: Sequence[str]) -> int:
    """The line of the deepest part of a path that the document has."""
    line = 1
    for part in parts:
        if not isinstance(node, yaml.MappingNode):
            break
        pair = next(((key, value) for key, value in node.value if key.value == part), None)
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line
