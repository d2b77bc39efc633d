"""`voc.task-events.v1`: who did what to a task when; append-only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.base import Event, Instant, Name, Text, Word


class TaskAction(Word):
    """The steps in the life of a task."""

    CREATED = "created"
    DELIVERED = "delivered"
    ASSIGNED = "assigned"
    PLANNED = "planned"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    DONE = "done"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"
    REOPENED = "reopened"
    ESCALATED = "escalated"


class ActorRole(Word):
    SYSTEM = "system"
    EXECUTION = "execution"
    MANAGEMENT = "management"


class TaskEvent(Event):
    """One step, or an attempt at one: `legal` is false where the state or the role forbade it.

    `confirmed_cause` and `refused_causes` say what the owner found; attribution learns from them.
    """

    task_event_id: UUID
    task_id: UUID
    action: TaskAction
    actor: Name
    actor_role: ActorRole
    legal: bool = True
    reason: Text | None = None
    note: Text | None = None
    confirmed_cause: Name | None = None
    refused_causes: tuple[Name, ...] = ()
    external_id: Name | None = None
    attempt: Annotated[int, Field(ge=1)] = 1
    occurred_at: Instant
    recorded_at: Instant
