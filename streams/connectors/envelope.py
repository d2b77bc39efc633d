"""One envelope: any channel's record becomes the `RawText` events of `voc.raw-text.v1`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from streams.connectors.channels import RECORDS, Dialogue, FeedbackRecord

_CARRIED = ("customer_id", "order_id", "visit_id", "survey_id", "score")


class Fault(NamedTuple):
    """What is wrong with a record: the field and the rule that it broke, never the value."""

    field: str
    reason: str


def read_record(channel: Channel, record: object) -> FeedbackRecord | tuple[Fault, ...]:
    """A decoded JSON object as the channel's record, or everything that is wrong with it."""
    try:
        return RECORDS[channel].model_validate(record)
    except ValidationError as error:
        return tuple(_fault(channel, problem) for problem in error.errors(include_url=False, include_context=False, include_input=False))


def raw_texts(channel: Channel, source: str, record: FeedbackRecord, ingested_at: datetime) -> list[RawText]:
    """The events of a record: one, or one a turn, whose source id is then `<source_id>#<turn from 0>`."""
    in_turns = isinstance(record, Dialogue) and bool(record.turns)
    conversation_id = record.conversation_id or str(raw_event_id(source, record.source_id))
    carried = {name: getattr(record, name, None) for name in _CARRIED}
    events = []
    for number, turn in enumerate(record.said()):
        source_id = f"{record.source_id}#{number}" if in_turns else record.source_id
        events.append(
            RawText(
                event_id=raw_event_id(source, source_id),
                source=source,
                source_id=source_id,
                channel=channel,
                text=turn.text,
                conversation_id=conversation_id,
                speaker=turn.speaker,
                attributes=record.attributes,
                occurred_at=turn.at or record.occurred_at,
                ingested_at=ingested_at,
                **carried,
            )
        )
    return events


def _fault(channel: Channel, problem: Any) -> Fault:
    field = _dotted(problem["loc"]) or "record"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(RECORDS[channel].model_fields) if len(problem["loc"]) == 1 else "those of the schema"
        identity = "; public opinion carries no customer identity" if channel is Channel.PUBLIC_OPINION else ""
        return Fault(field, f"unknown field{identity}; the fields are {known}")
    return Fault(field, str(problem["msg"]).removeprefix("Value error, "))


def _dotted(parts: Sequence[str | int]) -> str:
    return ".".join(str(part)[:100] for part in parts)
