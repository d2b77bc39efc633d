"""Who gets a task, and by when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from codeframe.frame import Frame
from codeframe.rules.match import tag_matches
from codeframe.rules.model import Route, Routing, Rule, WorkingHours
from schemas.coded import Owner
from schemas.common import Attributes, Severity


class Subject(NamedTuple):
    """What routing looks at."""

    rule: str
    tag: str
    severity: Severity
    owner: Owner
    attributes: Attributes


def queue_of(routing: Routing, subject: Subject) -> str:
    """The role that must act; never nobody."""
    for route in routing.routes:
        if _applies(route, subject):
            return route.to
    at_dealer = subject.owner.dealer_role if subject.attributes.dealer else None
    return at_dealer or subject.owner.office_role or routing.triage


def role_name(frame: Frame, queue: str) -> str | None:
    """A role's name for people; None for a queue that the frame does not know, such as triage."""
    roles = frame.header.roles
    names = roles.dealer.get(queue) or roles.office.get(queue)
    return names.zh if names else None


def _applies(route: Route, subject: Subject) -> bool:
    return (
        tag_matches(subject.tag, route.tags)
        and (not route.dealer or subject.attributes.dealer in route.dealer)
        and (not route.region or subject.attributes.region in route.region)
        and (not route.severity or subject.severity in route.severity)
        and (not route.rules or subject.rule in route.rules)
    )


def due_at(rule: Rule, hours: WorkingHours, created_at: datetime) -> datetime:
    """When a task of a rule, made then, must be done."""
    return add_working_time(hours, created_at, rule.due) if rule.working_time else created_at + rule.due


def add_working_time(hours: WorkingHours, begin: datetime, length: timedelta) -> datetime:
    """The moment at which `length` of working time has passed since `begin`, in UTC."""
    zone = ZoneInfo(hours.timezone)
    day = begin.astimezone(zone).date()
    while True:
        if day.isoweekday() in hours.days:
            opens = max(datetime.combine(day, hours.start, zone).astimezone(UTC), begin.astimezone(UTC))
            closes = datetime.combine(day, hours.end, zone).astimezone(UTC)
            if opens + length <= closes:
                return opens + length
            length -= max(closes - opens, timedelta())
        day += timedelta(days=1)
