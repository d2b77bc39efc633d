"""`voc.raw-text.v1`: written feedback as a source delivered it."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import model_validator

from schemas.base import Event, Instant, Name, Text
from schemas.common import Attributes, Channel, Score, Speaker


class RawText(Event):
    """One written piece of feedback: a message, a survey answer, a post, a note, a turn of a chat.

    `event_id` is `raw_event_id(source, source_id)`. Public opinion carries no customer identity.
    """

    event_id: UUID
    source: Name
    source_id: Name
    channel: Channel
    text: Text
    conversation_id: Name
    customer_id: Name | None = None
    speaker: Speaker = Speaker.CUSTOMER
    score: Score | None = None
    survey_id: Name | None = None
    visit_id: Name | None = None
    order_id: Name | None = None
    attributes: Attributes = Attributes()
    occurred_at: Instant
    ingested_at: Instant

    @model_validator(mode="after")
    def _public_opinion_is_anonymous(self) -> Self:
        if self.channel is Channel.PUBLIC_OPINION and self.customer_id is not None:
            raise ValueError("customer_id: public opinion carries no customer identity")
        return self
