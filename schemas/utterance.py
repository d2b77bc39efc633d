"""`voc.utterances.v1`: one speaker's cleaned, redacted, language-tagged words."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.base import Event, Instant, Name, Text, Value, Word
from schemas.common import Attributes, Channel, Score, Span, Speaker
from schemas.raw_voice import Sha256


class Language(Word):
    ZH = "zh"
    EN = "en"
    MIXED = "mixed"
    OTHER = "other"


class Mark(Word):
    """Why an utterance is kept but does not count as a customer's words."""

    EMPTY = "empty"
    MACHINE_MADE = "machine_made"
    DUPLICATE = "duplicate"


class Redaction(Value):
    """A typed placeholder in the text, such as `[PHONE]`, and the kind of what stood there."""

    kind: Name
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]


class Correction(Value):
    """A word that recognition misheard: what was heard and what stands in the text now."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    heard: Name
    score: float


class AudioSpan(Value):
    """Where in a recording the words were spoken, and what heard them.

    `voice` numbers the voices that were told apart in a mono recording, from 0 in the order in which they begin.
    """

    uri: str
    sha256: Sha256 | None = None
    channel: Annotated[int, Field(ge=0)] = 0
    voice: Annotated[int, Field(ge=0)] | None = None
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=0)]
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    engine: Name
    model_hash: Name | None = None


Share = Annotated[float, Field(ge=0, le=1)]


class CallMeasures(Value):
    """What the call itself tells. Shares are of its length; rates are characters (words of Latin script) a minute of own speech."""

    duration_ms: Annotated[int, Field(ge=0)]
    talk_share: Share
    silence_share: Share
    overtalk_share: Share
    longest_silence_ms: Annotated[int, Field(ge=0)]
    agent_share: Share
    customer_share: Share
    agent_customer_ratio: float | None = None
    agent_rate: float | None = None
    customer_rate: float | None = None


class Utterance(Event):
    """One utterance. `text` is safe to show: personal data is replaced by typed placeholders.

    `source_span` is the range of the original text that it was made from; `alignment` maps offsets:
    pairs (offset in `text`, offset in the original), each valid up to the next pair.
    `fingerprint` is a hash of the folded words: equal for texts that say the same letter by letter.
    `heard_text` is what recognition gave where `corrections` changed it; `call` tells of the whole recording.
    """

    utterance_id: UUID
    event_id: UUID
    seq: Annotated[int, Field(ge=0)]
    source: Name
    channel: Channel
    conversation_id: Name
    customer_id: Name | None = None
    speaker: Speaker = Speaker.CUSTOMER
    text: Text
    language: Language
    source_span: Span
    alignment: tuple[tuple[int, int], ...] = ()
    fingerprint: Name
    marks: tuple[Mark, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    heard_text: Text | None = None
    corrections: tuple[Correction, ...] = ()
    audio: AudioSpan | None = None
    call: CallMeasures | None = None
    score: Score | None = None
    survey_id: Name | None = None
    visit_id: Name | None = None
    order_id: Name | None = None
    attributes: Attributes = Attributes()
    occurred_at: Instant
    ingested_at: Instant
    cleaned_at: Instant
