"""What is wrong with a set of rules that its files alone do not show: names that the code frame does not know."""

from __future__ import annotations

from collections.abc import Iterator

from codeframe.frame import Frame
from codeframe.rules.load import RuleSet
from codeframe.rules.match import tag_matches
from codeframe.rules.model import Aggregate, Immediate, Recurrence, Trend, When


def lint(rules: RuleSet, frame: Frame) -> list[str]:
    """Problems, one a line: where, and what to mend."""
    return [*_tags(rules, frame), *_roles(rules, frame), *_conditions(rules)]


def _tags(rules: RuleSet, frame: Frame) -> Iterator[str]:
    named = [(f"rule {rule.id}", pattern) for rule in rules.rules for pattern in rule.when.tags]
    named += [(f"route {at}", pattern) for at, route in enumerate(rules.routing.routes, 1) for pattern in route.tags]
    for where, pattern in named:
        if not any(tag_matches(tag, (pattern,)) for tag in frame.by_id):
            yield f"{where}: tags: {pattern} is no tag of {frame.version} and matches none"


def _roles(rules: RuleSet, frame: Frame) -> Iterator[str]:
    roles = {*frame.header.roles.dealer, *frame.header.roles.office, rules.routing.triage}
    named = [(f"route {at}", route.to) for at, route in enumerate(rules.routing.routes, 1)]
    named += [(f"escalation {at}", step.to) for at, step in enumerate(rules.routing.escalation, 1)]
    for where, role in named:
        if role not in roles:
            yield f"{where}: to: {role} is no role of {frame.version}"
    after = [step.after for step in rules.routing.escalation]
    if after != sorted(after):
        yield "escalation: after: steps must come in the order of time"


def _conditions(rules: RuleSet) -> Iterator[str]:
    for rule in rules.rules:
        if isinstance(rule, Immediate) and rule.when == When():
            yield f"rule {rule.id}: when: is empty; every opinion would make a task"
        if isinstance(rule, Aggregate | Trend) and rule.cool_down < rule.window:
            yield f"rule {rule.id}: cool_down: is shorter than its window"
    if len(rules.of(Recurrence)) > 1:
        yield "rules: more than one of kind recurrence; accepted tasks would be judged twice"
