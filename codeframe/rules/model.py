"""What the YAML files of rules and routing hold. Unknown keys are refused everywhere."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from codeframe.definition import Data, Line, Names, Slug
from schemas.coded import Intent, Point
from schemas.common import Channel, Severity

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"^(\d+)([mhdw])$")


def _length(value: Any) -> timedelta:
    found = _LENGTH.match(str(value))
    if isinstance(value, timedelta) or not found:
        raise ValueError("expected a length of time such as 30m, 4h, 7d or 2w")
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name} is no time zone; expected a name such as Asia/Shanghai") from None
    return name


Length = Annotated[timedelta, BeforeValidator(_length)]
Dimension = Literal["brand", "model", "dealer", "city", "region", "country", "segment", "channel"]
Priority = Annotated[int, Field(ge=1, le=4)]
Sentiment = Annotated[Literal[-1, 0, 1], BeforeValidator(int)]


class When(Data):
    """Conditions on an opinion: every one that is given must hold, by any of its values.

    `tags` are ids or wildcards such as `quality_brakes.*`; `words` are looked for in the utterance's text.
    """

    severity: tuple[Severity, ...] = ()
    intent: tuple[Intent, ...] = ()
    point: tuple[Point, ...] = ()
    sentiment: tuple[Sentiment, ...] = ()
    channel: tuple[Channel, ...] = ()
    tags: tuple[Line, ...] = ()
    words: tuple[Line, ...] = ()
    vip: bool | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0


class Rule(Data):
    """What every rule says of the tasks that it makes.

    `due` counts working time where `working_time` is true. `cool_down`: the same situation makes one task in it.
    `scope` names the cut that an event-level task speaks for. `urgent` tasks are never muted.
    """

    id: Slug
    names: Names
    priority: Priority
    due: Length
    working_time: bool = False
    urgent: bool = False
    plan: Slug
    scope: tuple[Dimension, ...] = ()
    cool_down: Length
    when: When = When()


class Immediate(Rule):
    """Fires on one opinion, on the stream."""

    kind: Literal["immediate"]


def _over_opinions(when: When) -> When:
    if when.words or when.vip is not None or when.min_confidence:
        raise ValueError("words, vip and min_confidence are conditions of immediate rules only")
    return when


class Aggregate(Rule):
    """Fires when a tag is said more in a closed window than its own baseline explains.

    `measure`: `count` of opinions; `share` of all opinions in the scope; `rate` a hundred utterances in the scope.
    It fires where at least `min_n` opinions stand in the window, at least `ratio` times the mean of the `baseline`
    windows before it, and chance alone would show so many with a probability below `alpha`.
    """

    kind: Literal["aggregate"]
    when: Annotated[When, AfterValidator(_over_opinions)] = When()
    measure: Literal["count", "share", "rate"]
    window: Length
    baseline: Annotated[int, Field(ge=4, le=120)]
    min_n: Annotated[int, Field(ge=1)]
    ratio: Annotated[float, Field(gt=1)]
    alpha: Annotated[float, Field(gt=0, lt=0.1)]


class Trend(Rule):
    """Fires when a tag has grown over the last `windows` closed windows, by at least `ratio` from first to last half."""

    kind: Literal["trend"]
    when: Annotated[When, AfterValidator(_over_opinions)] = When()
    window: Length
    windows: Annotated[int, Field(ge=4, le=52)]
    min_n: Annotated[int, Field(ge=1)]
    ratio: Annotated[float, Field(gt=1)]
    alpha: Annotated[float, Field(gt=0, lt=0.1)]


class Recurrence(Rule):
    """Reopens an accepted task when its tag, in its scope, is said again more than before.

    For `watch` after the acceptance; at least `min_n` opinions, and a rate above `ratio` times that of the baseline.
    """

    kind: Literal["recurrence"]
    watch: Length
    baseline: Length
    min_n: Annotated[int, Field(ge=1)]
    ratio: Annotated[float, Field(gt=0)]


AnyRule = Annotated[Immediate | Aggregate | Trend | Recurrence, Field(discriminator="kind")]


class RuleFile(Data):
    """One file of rules."""

    rules: Annotated[tuple[AnyRule, ...], Field(min_length=1)]


class Route(Data):
    """Sends what matches every given condition to the role `to`, instead of to the tag's owner."""

    tags: tuple[Line, ...] = ()
    dealer: tuple[Line, ...] = ()
    region: tuple[Line, ...] = ()
    severity: tuple[Severity, ...] = ()
    rules: tuple[Slug, ...] = ()
    to: Slug


class WorkingHours(Data):
    """When people work: days 1 (Monday) to 7, from `start` to `end` in a time zone."""

    timezone: Annotated[Line, AfterValidator(_known_timezone)]
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)]
    start: time
    end: time


class Escalation(Data):
    """A task that is `after` past its due time and not done goes to the role `to`."""

    after: Length
    to: Slug


class Routing(Data):
    """routing.yaml: who gets a task, when people work, and how many tasks a recipient gets a day.

    The first route that matches decides; else the tag's owner at the dealer where a dealer is known, else at head
    office; else `triage`. Tasks above `daily_cap` a recipient are muted, counted, and shown in a daily digest.
    """

    version: Line
    triage: Slug
    hours: WorkingHours
    routes: tuple[Route, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    daily_cap: Annotated[int, Field(ge=1)]
