"""The cut that a task speaks for, and the window of time that it falls into."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from codeframe.rules.model import Rule
from schemas.coded import CodedUtterance

EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday, so that weeks begin on one."""


def scope_of(rule: Rule, coded: CodedUtterance) -> dict[str, str]:
    """The dimensions of a rule's scope that are known of an utterance, such as {"dealer": "D0012"}."""
    values = {name: coded.channel.value if name == "channel" else getattr(coded.attributes, name) for name in rule.scope}
    return {name: value for name, value in values.items() if value}


def bucket(moment: datetime, length: timedelta) -> int:
    """The number of the window of `length` that a moment falls into."""
    return (moment - EPOCH) // length


def bucket_start(number: int, length: timedelta) -> datetime:
    """When a window begins."""
    return EPOCH + number * length
