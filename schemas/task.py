"""`voc.tasks.v1`: something that a department must do about what customers said."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.base import Event, Instant, Name, Text, Value, Word
from schemas.coded import Cause, NeedLayer, Owner, Point, Versions
from schemas.common import Attributes, Channel, Severity
from schemas.utterance import AudioSpan

ROUND = 1_000
"""Revisions that a round has room for."""


class TaskLevel(Word):
    """Customer-level tasks name a customer; event-level ones (public opinion) never do."""

    CUSTOMER = "customer"
    EVENT = "event"


class Muted(Word):
    """Why a task is kept and counted but not delivered: another stands for it, or its recipient has had enough today."""

    GROUPED = "grouped"
    DAILY_CAP = "daily_cap"


class Verbatim(Value):
    """A customer's redacted words and where they came from."""

    utterance_id: UUID
    opinion_id: UUID
    text: Text
    evidence: Text
    audio: AudioSpan | None = None
    occurred_at: Instant


class TaskTrigger(Event):
    """What, why, who, by when, and on which evidence.

    `owner_queue` is where it goes: an owner role, or `triage` when nobody owns it; `owner_name` is its name for people,
    `cause_names` are those of its causes. `scope` names the cut that it speaks for, such as {"dealer": "D0012"}. `round`
    grows when it is handed over anew: escalated, reopened or taken back. `revision` grows by 1 when evidence changes it and
    by 1000 a round, so that the two never take the same number; only the highest counts. A `muted` task is not delivered;
    `muted_for` is the task that stands for it.
    """

    task_id: UUID
    revision: Annotated[int, Field(ge=1)] = 1
    round: Annotated[int, Field(ge=0)] = 0
    rule: Name
    rule_version: Name
    level: TaskLevel
    tag: Name
    tag_name: Name
    point: Point
    need_layer: NeedLayer
    severity: Severity
    summary: Text
    verbatims: Annotated[tuple[Verbatim, ...], Field(min_length=1)]
    causes: tuple[Cause, ...] = ()
    cause_names: dict[Name, Name] = {}
    owner: Owner
    owner_queue: Name
    owner_name: Name | None = None
    plan_template: Name
    priority: Annotated[int, Field(ge=1, le=4)]
    channel: Channel
    customer_id: Name | None = None
    conversation_id: Name | None = None
    attributes: Attributes = Attributes()
    scope: dict[Name, str] = {}
    muted: Muted | None = None
    muted_for: UUID | None = None
    versions: Versions
    created_at: Instant
    due_at: Instant
