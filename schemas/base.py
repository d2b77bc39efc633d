"""What every topic value shares: frozen, unknown fields refused, timezone-aware UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

_FIRST_YEAR, _LAST_YEAR = 1971, 2105


def _to_utc(value: datetime) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(f"expected a time of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment that ClickHouse can hold. Naive times are refused; any offset is accepted and kept as UTC."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A short non-empty identifier or label from a source system."""

Text = Annotated[str, StringConstraints(max_length=100_000)]
"""Customer text. A longer one is an archive, not an utterance, and is refused."""


class Word(StrEnum):
    """A word of a closed vocabulary. Its `value` is read without running Python: an event holds twenty, each read when it is written."""

    if not TYPE_CHECKING:  # Enum's own property takes 0.4 microseconds
        value = property(attrgetter("_value_"))


class Value(BaseModel):
    """A part of an event: frozen, no unknown fields, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64")


class Event(Value):
    """A topic value. `schema_version` is the major version that its topic's name ends in."""

    schema_version: Literal[1] = 1
