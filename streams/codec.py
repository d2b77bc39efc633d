"""Events to bytes and back, at the borders of every topic."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from schemas.base import Event
from schemas.dead_letter import Reason
from streams.step import Refusal
from streams.twins import decoder

E = TypeVar("E", bound=Event)

MAX_VALUE_BYTES = 1_000_000
"""The largest value that a topic takes (Kafka's default is 1 MiB a batch)."""

_MAX_PROBLEMS = 5


def decode(schema: type[E], value: bytes | None) -> E | Refusal:
    """The event in `value`, or why it is none. The reason names fields and rules, never the sender's values."""
    if value is None:
        return Refusal(Reason.DECODE, "value: null, expected a JSON object")
    fast = decoder(schema)
    if fast is not None:
        try:
            event: E = fast(value)
            return event
        except ValueError:  # msgspec's errors are ValueErrors: pydantic says what is wrong, or takes it after all
            pass
    try:
        return schema.model_validate_json(value)
    except ValidationError as error:
        return Refusal(_reason(error), describe(error))


def encode(event: Event) -> bytes:
    """JSON; fields that are null are left out."""
    return event.__pydantic_serializer__.to_json(event, exclude_none=True)


def describe(error: ValidationError) -> str:
    """The problems of a validation error as `field: rule; ...`, without the values that broke them."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, problem['loc'])) or 'value'}: {problem['msg']}" for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(f"and {len(problems) - _MAX_PROBLEMS} more")
    return "; ".join(lines)[:2_000]


def _reason(error: ValidationError) -> Reason:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Reason.DECODE
    return Reason.VERSION if first["loc"][:1] == ("schema_version",) else Reason.INVALID
