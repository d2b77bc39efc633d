"""Which opinions of a history a rule or a task speaks of: columns, and the values that each may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from codeframe.rules.model import When
from schemas.coded import UNKNOWN_CAUSE
from schemas.task import TaskLevel, TaskTrigger

Where: TypeAlias = Mapping[str, Sequence[Any]]


def where_of(when: When) -> Where:
    """A rule's conditions, as the history knows them."""
    given: dict[str, Sequence[Any]] = {
        "severity": [one.value for one in when.severity],
        "intent": [one.value for one in when.intent],
        "point": [one.value for one in when.point],
        "sentiment": when.sentiment,
        "channel": [one.value for one in when.channel],
        "tag": [like(pattern) for pattern in when.tags],
    }
    return {column: values for column, values in given.items() if values}


def same_as(task: TaskTrigger) -> Where:
    """The same tag and cause, of the same customer or in the same scope."""
    where: dict[str, Sequence[Any]] = {"tag": [like(task.tag)]}
    if task.causes and task.causes[0].cause != UNKNOWN_CAUSE:
        where["cause"] = [task.causes[0].cause]
    if task.level is TaskLevel.CUSTOMER and task.customer_id:
        return {**where, "customer_id": [task.customer_id], "sentiment": [-1]}
    return {**where, **{name: [value] for name, value in task.scope.items()}}


def like(pattern: str) -> str:
    """A tag or wildcard as a pattern of SQL's LIKE."""
    return pattern.replace("_", "\\_").replace("*", "%")


def recipient(task: TaskTrigger) -> tuple[str, str]:
    """Whose inbox a task goes to: a queue, and the dealer where one is known."""
    return task.owner_queue, task.attributes.dealer or ""


def situation(task: TaskTrigger) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The tag and scope of a task, for comparing tasks of one rule."""
    return task.tag, tuple(sorted(task.scope.items()))
