"""A step that the OA reports."""

from __future__ import annotations

from typing import Literal

from schemas.base import Instant, Name, Text, Value
from schemas.task_event import TaskAction


class Callback(Value):
    """A step that a person took in the OA."""

    action: TaskAction
    actor: Name
    role: Literal["execution", "management"]
    note: Text | None = None
    confirmed_cause: Name | None = None
    refused_causes: tuple[Name, ...] = ()
    external_id: Name | None = None
    occurred_at: Instant | None = None
