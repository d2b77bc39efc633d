"""`voc.coded.v1`: an utterance with its coded opinions."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.base import Event, Instant, Name, Text, Value, Word
from schemas.common import Attributes, Channel, Score, Severity, Span, Speaker
from schemas.utterance import AudioSpan, CallMeasures, Language, Mark

Probability = Annotated[float, Field(ge=0, le=1)]


class Intent(Word):
    COMPLAINT = "complaint"
    PRAISE = "praise"
    WISH = "wish"
    QUESTION = "question"
    LEAVING = "leaving"
    STATEMENT = "statement"


class Expectation(Word):
    """Said to be better or worse than expected."""

    BETTER = "better"
    WORSE = "worse"
    UNSAID = "unsaid"


class Point(Word):
    """痛点, 痒点, 悦点."""

    PAIN = "pain"
    ITCH = "itch"
    DELIGHT = "delight"
    NONE = "none"


class NeedLayer(Word):
    """Kano's layers."""

    MUST_BE = "must_be"
    PERFORMANCE = "performance"
    ATTRACTIVE = "attractive"


class Tier(Word):
    """Which coder made it."""

    FAST = "fast"
    DEEP = "deep"
    ENDPOINT = "endpoint"
    HUMAN = "human"


UNKNOWN_CAUSE = "unknown"


class Evidence(Value):
    """What speaks for or against a cause: `kind` is prior, cue, tag, context or rate."""

    kind: Name
    detail: Name
    log_odds: float


class Cause(Value):
    """A candidate cause; `cause` is `unknown` where nothing stands out."""

    cause: Name
    probability: Probability
    evidence: tuple[Evidence, ...] = ()


class Owner(Value):
    """Who must act: a role at the dealer and one at head office; neither means triage."""

    dealer_role: Name | None = None
    office_role: Name | None = None


class Versions(Value):
    """Which frame and models made it."""

    frame: Name
    model: Name
    tier: Tier


class Opinion(Value):
    """One opinion: what it is about, how it felt, which point it is, why, and who must act.

    `evidence` and `aspect` are ranges of the utterance's text; `opinion_words` are those that carry
    the feeling. `sentiment_score` runs from -1 to 1; `confidence` is calibrated.
    """

    opinion_id: UUID
    tag: Name
    evidence: Span
    aspect: Span | None = None
    opinion_words: tuple[Name, ...] = ()
    sentiment: Literal[-1, 0, 1]
    sentiment_score: Annotated[float, Field(ge=-1, le=1)]
    intent: Intent
    expectation: Expectation = Expectation.UNSAID
    point: Point
    need_layer: NeedLayer
    severity: Severity = Severity.NORMAL
    brand_promise: bool = False
    confidence: Probability
    causes: tuple[Cause, ...] = ()
    owner: Owner = Owner()
    versions: Versions


class CodedUtterance(Event):
    """Every opinion of an utterance. Readers keep the highest `revision` of an `utterance_id`.

    `retracted` lists the tags that an earlier revision held and this one does not.
    """

    utterance_id: UUID
    revision: Annotated[int, Field(ge=1)] = 1
    event_id: UUID
    source: Name
    channel: Channel
    conversation_id: Name
    customer_id: Name | None = None
    speaker: Speaker
    text: Text
    language: Language
    fingerprint: Name | None = None
    marks: tuple[Mark, ...] = ()
    audio: AudioSpan | None = None
    call: CallMeasures | None = None
    score: Score | None = None
    attributes: Attributes = Attributes()
    opinions: tuple[Opinion, ...] = ()
    retracted: tuple[Name, ...] = ()
    unsure: bool = False
    versions: Versions
    occurred_at: Instant
    ingested_at: Instant
    cleaned_at: Instant
    coded_at: Instant
