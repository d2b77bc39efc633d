"""What a source sends, one record class a channel class. The gateway, files and company topics all make these."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from schemas.base import Instant, Name, Text, Value
from schemas.common import Attributes, Channel, Score, Speaker

SourceId = Annotated[str, StringConstraints(min_length=1, max_length=190, pattern=r"^[^\x00-\x1f]+$")]
"""The source system's own id of a record, without control characters."""


class Turn(Value):
    """One turn of a dialogue. `at` is when it was said; the record's `occurred_at` if not given."""

    speaker: Speaker = Speaker.CUSTOMER
    text: Text
    at: Instant | None = None


class FeedbackRecord(Value):
    """What every record carries. `occurred_at` is when the customer said it, with a time zone.

    `conversation_id` joins records of one call, chat, visit or thread; without it a record stands alone.
    """

    source_id: SourceId
    occurred_at: Instant
    conversation_id: Name | None = None
    attributes: Attributes = Attributes()

    def said(self) -> tuple[Turn, ...]:
        """The turns that the record holds, in order."""
        raise NotImplementedError


class Dialogue(FeedbackRecord):
    """Words of a known customer: either `text`, said by `speaker`, or the `turns` of a dialogue."""

    customer_id: Name | None = None
    order_id: Name | None = None
    visit_id: Name | None = None
    speaker: Speaker = Speaker.CUSTOMER
    text: Text | None = None
    turns: Annotated[tuple[Turn, ...], Field(max_length=2_000, validate_default=True)] = ()

    @field_validator("turns")
    @classmethod
    def _text_or_turns(cls, turns: tuple[Turn, ...], info: ValidationInfo) -> tuple[Turn, ...]:
        if "text" in info.data and bool(turns) == (info.data["text"] is not None):
            raise ValueError("give either text or turns, not both and not neither")
        return turns

    def said(self) -> tuple[Turn, ...]:
        return self.turns or (Turn(speaker=self.speaker, text=self.text or ""),)


class HotlineRecord(Dialogue):
    """A call or an online chat with the customer centre, as text or turn by turn."""


class PrivateDomainRecord(Dialogue):
    """A message of an owned channel: WeCom, WeChat, the brand's app and its community."""


class StoreRecord(Dialogue):
    """A note of a dealer's staff, or the transcript of a device in the store."""


class SurveyRecord(FeedbackRecord):
    """An answer to a survey: `score` is the likelihood to recommend, 0 to 10; `comment` the open answer."""

    customer_id: Name | None = None
    order_id: Name | None = None
    visit_id: Name | None = None
    survey_id: Name | None = None
    comment: Text = ""
    score: Score | None = Field(None, validate_default=True)

    @field_validator("score")
    @classmethod
    def _score_or_comment(cls, score: int | None, info: ValidationInfo) -> int | None:
        if score is None and not info.data.get("comment", "given and wrong"):
            raise ValueError("give a score, a comment or both")
        return score

    def said(self) -> tuple[Turn, ...]:
        return (Turn(text=self.comment),)


class PublicOpinionRecord(FeedbackRecord):
    """A public post or review. It carries no customer identity: a record with an author field is refused."""

    text: Text

    def said(self) -> tuple[Turn, ...]:
        return (Turn(text=self.text),)


RECORDS: dict[Channel, type[FeedbackRecord]] = {
    Channel.HOTLINE: HotlineRecord,
    Channel.SURVEY: SurveyRecord,
    Channel.PRIVATE_DOMAIN: PrivateDomainRecord,
    Channel.PUBLIC_OPINION: PublicOpinionRecord,
    Channel.STORE: StoreRecord,
}
