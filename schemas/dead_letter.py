"""`voc.dead-letters.v1`: a record that a step could not use, with its original bytes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.base import Event, Instant, Name, Value, Word


class Reason(Word):
    """Why it was refused; the label of the dead-letter metric."""

    DECODE = "decode"
    INVALID = "invalid"
    VERSION = "version"
    TOO_LARGE = "too_large"
    AUDIO = "audio"
    REFUSED_BY_SINK = "refused_by_sink"
    UNDELIVERABLE = "undeliverable"
    STEP = "step"


class Header(Value):
    """A Kafka record header."""

    key: str
    value: bytes | None = None


class DeadLetter(Event):
    """`detail` names the field and the rule that it broke, never the customer's value.

    `value` and `key` are the original bytes (base64 in JSON): treat this topic as raw data.
    """

    dead_letter_id: UUID
    step: Name
    reason: Reason
    detail: Annotated[str, Field(max_length=2_000)]
    topic: Name
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[Header, ...] = ()
    attempts: Annotated[int, Field(ge=1)] = 1
    occurred_at: Instant
    failed_at: Instant
