"""Vocabulary that several topics share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.base import Name, Value, Word


class Channel(Word):
    """The five classes of feedback channel."""

    HOTLINE = "hotline"
    SURVEY = "survey"
    PRIVATE_DOMAIN = "private_domain"
    PUBLIC_OPINION = "public_opinion"
    STORE = "store"


class Speaker(Word):
    """Who said it."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    UNKNOWN = "unknown"


class Severity(Word):
    NORMAL = "normal"
    SAFETY = "safety"
    LEGAL = "legal"


class Attributes(Value):
    """What a source knows about the subject of the feedback: the cuts that analysts ask for.

    `agent` is who served, such as a staff number.
    """

    brand: Name | None = None
    model: Name | None = None
    dealer: Name | None = None
    city: Name | None = None
    region: Name | None = None
    country: Name | None = None
    segment: Name | None = None
    agent: Name | None = None
    vip: bool = False


Score = Annotated[int, Field(ge=0, le=10)]
"""Likelihood to recommend, 0 to 10 (the NPS question)."""


class Span(Value):
    """Half-open range of characters, [start, end), in Unicode code points."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
