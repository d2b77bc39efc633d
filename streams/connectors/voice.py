"""What a source says of a recording, and the event that points at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, BinaryIO

from pydantic import BeforeValidator, Field, ValidationError

from schemas.base import Instant, Name, Value
from schemas.common import Attributes, Channel, Score, Speaker
from schemas.ids import raw_event_id
from schemas.raw_voice import AudioReference, RawVoice
from streams.audio.call import CALL_ROLES, roles_of
from streams.audio.decode import MAX_CHANNELS, probe
from streams.audio.objects import AudioStore
from streams.connectors.channels import SourceId
from streams.connectors.envelope import Fault
from streams.errors import AudioError
from streams.settings import Settings

ATTRIBUTES = tuple(Attributes.model_fields)


def _split(roles: object) -> object:
    return tuple(part.strip() for part in roles.split(",") if part.strip()) if isinstance(roles, str) else roles


class VoiceRecord(Value):
    """A recording. `roles` names the speaker of each audio channel, as "agent,customer"; a stereo call is that if nobody says."""

    source_id: SourceId
    occurred_at: Instant
    conversation_id: Name | None = None
    customer_id: Name | None = None
    order_id: Name | None = None
    visit_id: Name | None = None
    roles: Annotated[tuple[Speaker, ...], BeforeValidator(_split), Field(max_length=MAX_CHANNELS)] = ()
    language: Name | None = None
    score: Score | None = None
    attributes: Attributes = Attributes()


FIELDS = tuple(name for name in VoiceRecord.model_fields if name != "attributes")


def read_voice(fields: Mapping[str, Any]) -> VoiceRecord | tuple[Fault, ...]:
    """A record of plain fields, brand, model and so on among them, or everything that is wrong with it."""
    attributes = {name: value for name, value in fields.items() if name in ATTRIBUTES}
    rest = {name: value for name, value in fields.items() if name not in ATTRIBUTES}
    try:
        return VoiceRecord.model_validate(rest | ({"attributes": attributes} if attributes else {}), strict=False)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(Fault(".".join(map(str, one["loc"])) or "record", _rule(one)) for one in problems)


def _rule(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return f"unknown field; the fields are {', '.join((*FIELDS, *ATTRIBUTES))}"
    return str(problem["msg"]).removeprefix("Value error, ")


@dataclass(frozen=True, slots=True)
class Limits:
    """What recordings may be: how long, and whether the voices of a mono one are told apart, so that it may have several roles."""

    seconds: float
    tells_apart: bool

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those of the settings."""
        return cls(settings.audio_max_minutes * 60, bool(settings.diariser))


def store_voice(
    source: BinaryIO, record: VoiceRecord, channel: Channel, name: str, store: AudioStore, now: datetime, limits: Limits
) -> RawVoice:
    """Put a recording into the store and make the event that points at it. The same record again gives the same event.

    Raises AudioError where it is no recording, too long, or its channels and roles differ, and UnavailableError where the store is away.
    """
    recording = probe(source)
    source.seek(0)
    roles = record.roles or (CALL_ROLES if recording.channels == len(CALL_ROLES) else (Speaker.UNKNOWN,))
    if not (recording.channels == 1 and limits.tells_apart):
        roles_of(roles, recording.channels)
    if recording.duration_s is not None and recording.duration_s > limits.seconds:
        raise AudioError(f"audio: is longer than the {limits.seconds / 60:.0f} minutes that are taken")
    event = raw_voice(record, channel, name, roles, store, now)
    stored = store.put(source, event.event_id, record.customer_id, record.occurred_at)
    audio = AudioReference(
        uri=stored.uri,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        media_type=recording.media_type,
        duration_ms=None if recording.duration_s is None else round(recording.duration_s * 1000),
    )
    return event.model_copy(update={"audio": audio})


def raw_voice(record: VoiceRecord, channel: Channel, name: str, roles: tuple[Speaker, ...], store: AudioStore, now: datetime) -> RawVoice:
    """The event of a recording; it points to where the store keeps it, or will."""
    event_id = raw_event_id(name, record.source_id)
    return RawVoice(
        event_id=event_id,
        source=name,
        source_id=record.source_id,
        channel=channel,
        audio=AudioReference(uri=store.uri(event_id, record.customer_id, record.occurred_at)),
        roles=roles,
        language=record.language,
        conversation_id=record.conversation_id or str(event_id),
        customer_id=record.customer_id,
        score=record.score,
        visit_id=record.visit_id,
        order_id=record.order_id,
        attributes=record.attributes,
        occurred_at=record.occurred_at,
        ingested_at=now,
    )
