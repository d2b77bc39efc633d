"""Rules tried on history: what they would have done, before anyone is bothered by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from codeframe.frame import Frame
from codeframe.rules.immediate import CUSTOMERS, ImmediateRules
from codeframe.rules.load import RuleSet
from codeframe.rules.match import meets
from codeframe.rules.model import Aggregate, Trend
from codeframe.rules.scope import bucket, bucket_start
from codeframe.rules.windows import Alarm, Counts, Scope, alarms
from schemas.coded import CodedUtterance
from schemas.task import TaskTrigger


@dataclass
class Trial:
    """Tasks and alarms over a history, and how long it is."""

    tasks: list[TaskTrigger] = field(default_factory=list)
    alarms: list[tuple[Aggregate | Trend, Alarm, bool]] = field(default_factory=list)
    """Rule, alarm, and whether the cool-down mutes it."""
    begin: datetime | None = None
    end: datetime | None = None

    def by_rule(self) -> dict[str, tuple[int, int]]:
        """(delivered, muted) a rule."""
        delivered = Counter(task.rule for task in self.tasks if not task.muted)
        muted = Counter(task.rule for task in self.tasks if task.muted)
        delivered.update(rule.id for rule, _, cooled in self.alarms if not cooled)
        muted.update(rule.id for rule, _, cooled in self.alarms if cooled)
        return {name: (delivered[name], muted[name]) for name in {*delivered, *muted}}

    @property
    def days(self) -> float:
        return max(1.0, (self.end - self.begin) / timedelta(days=1)) if self.begin and self.end else 1.0


def try_rules(rules: RuleSet, frame: Frame, history: Iterable[CodedUtterance]) -> Trial:
    """What the immediate, aggregated and trend rules make of coded utterances. Repeated ids count once."""
    trial = Trial()
    over_windows: tuple[Aggregate | Trend, ...] = (*rules.of(Aggregate), *rules.of(Trend))
    counts = {rule.id: Counts() for rule in over_windows}
    newest = {event.utterance_id: event for event in sorted(history, key=lambda event: event.revision)}
    immediate = ImmediateRules(rules, frame)
    for event in sorted(newest.values(), key=lambda event: event.occurred_at):
        trial.begin, trial.end = trial.begin or event.occurred_at, event.occurred_at
        trial.tasks += immediate.tasks(event)
        if not event.marks and event.speaker in CUSTOMERS:
            for rule in over_windows:
                _count(rule, counts[rule.id], event)
    for rule in over_windows:
        trial.alarms += _over(rule, counts[rule.id], trial.begin, trial.end)
    return trial


def _count(rule: Aggregate | Trend, counts: Counts, event: CodedUtterance) -> None:
    window = bucket(event.occurred_at, rule.window)
    scope = tuple(event.channel.value if name == "channel" else getattr(event.attributes, name) or "" for name in rule.scope)
    counts.add_totals(scope, window, len(event.opinions), 1)
    for opinion in event.opinions:
        if meets(rule.when, event, opinion):
            counts.add(opinion.tag, scope, window, 1)


def _over(
    rule: Aggregate | Trend, counts: Counts, begin: datetime | None, end: datetime | None
) -> list[tuple[Aggregate | Trend, Alarm, bool]]:
    """Every alarm of every closed window."""
    if begin is None or end is None:
        return []
    found = []
    last: dict[tuple[str, Scope], datetime] = {}
    for window in range(bucket(begin, rule.window), bucket(end, rule.window)):
        at = bucket_start(window + 1, rule.window)
        for alarm in alarms(rule, counts, window):
            before = last.get((alarm.tag, alarm.scope))
            cooled = before is not None and at - before < rule.cool_down
            if not cooled:
                last[alarm.tag, alarm.scope] = at
            found.append((rule, alarm, cooled))
    return found
