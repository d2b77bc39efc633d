"""`voc.raw-voice.v1`: a recording, by reference."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Event, Instant, Name, Value
from schemas.common import Attributes, Channel, Score, Speaker

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hexadecimal SHA-256."""

MAX_INLINE_BYTES = 65_536


class AudioReference(Value):
    """Where the audio lies: an fsspec URI, or at most 64 KiB of inline bytes (base64 in JSON)."""

    uri: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    inline: Annotated[bytes, Field(max_length=MAX_INLINE_BYTES)] | None = None
    sha256: Sha256 | None = None
    media_type: Name | None = None
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    duration_ms: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.uri is None) == (self.inline is None):
            raise ValueError("audio: give either uri or inline, not both and not neither")
        return self


class RawVoice(Event):
    """One recording. `roles` names the speaker of each audio channel, in order; mono has one."""

    event_id: UUID
    source: Name
    source_id: Name
    channel: Channel
    audio: AudioReference
    roles: Annotated[tuple[Speaker, ...], Field(min_length=1, max_length=8)] = (Speaker.UNKNOWN,)
    language: Name | None = None
    conversation_id: Name
    customer_id: Name | None = None
    score: Score | None = None
    visit_id: Name | None = None
    order_id: Name | None = None
    attributes: Attributes = Attributes()
    occurred_at: Instant
    ingested_at: Instant
