"""Make a task of every opinion, and of every situation, that calls for one.  voc.coded.v1 -> voc.tasks.v1

Delivery: at least once; ids and times come from the event, so a replay makes the same task.  Order: per customer.
One elected worker also watches what ClickHouse holds, for the rules that one opinion cannot trigger. Those ids come from
the situation, so two that both believe they are elected, or one that starts again, publish the same events.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from codeframe.causes.graph import Graph
from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.rules import aggregate
from codeframe.rules.fatigue import Fatigue
from codeframe.rules.immediate import ImmediateRules
from codeframe.rules.load import RuleSet, load_rules
from codeframe.rules.model import Aggregate, Immediate, Recurrence, Trend
from codeframe.rules.scope import EPOCH, bucket, bucket_start
from codeframe.rules.selection import like, recipient, same_as, situation, where_of
from codeframe.rules.windows import Alarm, Counts, alarms
from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.task import TaskLevel, TaskTrigger
from schemas.task_event import TaskAction
from streams.app import end_process
from streams.election import election
from streams.errors import ConfigurationError, TingjianError
from streams.follower import Follower
from streams.history import Example, History, Where, Windows, as_text
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import open_clickhouse
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED, TASK_EVENTS, TASKS

_GRACE = timedelta(minutes=2)
"""How long after its end a window is taken to be complete."""
_WINDOWS_BACK = 3
_MEMORY = timedelta(days=3)
"""How far back a worker that starts reads what was published, so that it repeats nothing."""
_RETRACTIONS = timedelta(days=7)
_LOOK_SECONDS = 5.0
_OPEN = "state NOT IN ('done', 'accepted', 'closed')"

Remember = Callable[[], Awaitable[Fatigue]]

logger = logging.getLogger("tingjian.trigger")


@batch_step(reads=(CODED,), writes=(TASKS, TASK_EVENTS))
@asynccontextmanager
async def trigger(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Make tasks by the rules."""
    rules, frame = load(settings)
    names = {cause.id: cause.names.zh for cause in Graph.load(settings.codeframe).causes}
    immediate = ImmediateRules(rules, frame)
    published, one = Follower(settings, (TASKS,), immediate, _MEMORY), asyncio.Lock()

    async def remember() -> Fatigue:
        """What every worker has published until now."""
        async with one:
            await published.catch_up()
        return immediate.fatigue

    async def make_tasks(coded: Sequence[CodedUtterance]) -> Sequence[Result]:
        drafts = [immediate.drafts(one) for one in coded]
        if any(drafts):
            await remember()
        return [[named(immediate.admit(draft), names) for draft in some] for some in drafts]

    try:
        async with watching(settings, rules, frame, remember, names):
            yield make_tasks
    finally:
        await published.close()


def load(settings: Settings) -> tuple[RuleSet, Frame]:
    """The rules and the code frame. Raises ConfigurationError with file, line and field."""
    try:
        return load_rules(settings.rules), Frame.load(settings.codeframe)
    except FrameError as error:
        raise ConfigurationError(str(error)) from error


def named(task: TaskTrigger, names: Mapping[str, str]) -> TaskTrigger:
    """The task, with what people call its causes."""
    found = {one.cause: names[one.cause] for one in task.causes if one.cause in names}
    return task.model_copy(update={"cause_names": found}) if found else task


class Watch:
    """The rules over history. `tick` says what is to be published now."""

    def __init__(self, rules: RuleSet, frame: Frame, fatigue: Fatigue | None = None, names: Mapping[str, str] | None = None) -> None:
        self._rules, self._frame = rules, frame
        self._fatigue, self._names = fatigue or Fatigue(rules.routing), names or {}
        self._zone = ZoneInfo(rules.routing.hours.timezone)
        self._done: dict[str, int] = {}

    async def tick(self, history: History, now: datetime) -> list[Event]:
        """Tasks and task events that the situation at `now` calls for."""
        events: list[Event] = []
        over_windows: tuple[Aggregate | Trend, ...] = (*self._rules.of(Aggregate), *self._rules.of(Trend))
        for rule in over_windows:
            events += await self._windows(history, rule, now)
        for recurrence in self._rules.of(Recurrence):
            events += await self._recurrences(history, recurrence, now)
        events += await self._withdrawals(history, now)
        return events + await self._escalations(history, now) + await self._digests(history, now)

    async def _windows(self, history: History, rule: Aggregate | Trend, now: datetime) -> list[TaskTrigger]:
        """The alarms of windows that closed since the last look; of the last few, the first time."""
        newest = bucket(now - _GRACE, rule.window) - 1
        oldest = max(self._done.get(rule.id, newest - _WINDOWS_BACK) + 1, newest - _WINDOWS_BACK + 1)
        tasks: list[TaskTrigger] = []
        if oldest <= newest:
            counts = await self._counts(history, rule, oldest, newest)
            for window in range(oldest, newest + 1):
                tasks += await self._alarm_tasks(history, rule, list(alarms(rule, counts, window)), tasks)
            self._done[rule.id] = newest
        return tasks

    async def _counts(self, history: History, rule: Aggregate | Trend, oldest: int, newest: int) -> Counts:
        back = rule.baseline if isinstance(rule, Aggregate) else rule.windows - 1
        begin, end = bucket_start(oldest - back, rule.window), bucket_start(newest + 1, rule.window)
        windows = Windows(EPOCH, rule.window, begin, end)
        counts = Counts()
        for total in await history.totals(windows, rule.scope):
            counts.add_totals(total.scope, total.window, total.opinions, total.utterances)
        for one in await history.counts(windows, rule.scope, where_of(rule.when)):
            counts.add(one.tag, one.scope, one.window, one.opinions)
        return counts

    async def _alarm_tasks(
        self, history: History, rule: Aggregate | Trend, found: Sequence[Alarm], made: Sequence[TaskTrigger]
    ) -> list[TaskTrigger]:
        """The tasks of alarms of one window; `made` are those of the windows before it in this look."""
        if not found:
            return []
        last = await history.last_tasks(rule.id, bucket_start(found[0].window + 1, rule.window))
        last.update({situation(task): (task.created_at, task.task_id) for task in made if not task.muted})
        tasks = [task for alarm in found if (task := await self._alarm_task(history, rule, alarm))]
        cooled = [named(aggregate.cooled(task, rule, last.get(situation(task))), self._names) for task in tasks]
        return [task if task.muted or rule.urgent else self._fatigue.cap(task) for task in cooled]

    async def _alarm_task(self, history: History, rule: Aggregate | Trend, alarm: Alarm) -> TaskTrigger | None:
        begin, end = bucket_start(alarm.window, rule.window), bucket_start(alarm.window + 1, rule.window)
        scope: dict[str, list[str]] = {name: [value] for name, value in zip(rule.scope, alarm.scope, strict=True)}
        where: Where = {**where_of(rule.when), "tag": [like(alarm.tag)], **scope}
        examples = await history.examples(begin, end, where)
        if not examples:
            return None  # revised away since they were counted
        causes = await history.causes(begin, end, where)
        verbatims = [example.verbatim for example in examples]
        return aggregate.alarm_task(self._rules, self._frame, rule, alarm, verbatims, causes, _in_common(examples))

    async def _recurrences(self, history: History, rule: Recurrence, now: datetime) -> list[Event]:
        """Accepted tasks: reopened where the same is said again, closed when the watch has passed."""
        events: list[Event] = []
        for row in await history.board("state = 'accepted'", {}):
            task, accepted_at = row["task"], row["accepted_at"]
            until = min(now, accepted_at + rule.watch)
            where = same_as(task)
            before = await history.count(task.created_at - rule.baseline, task.created_at, where)
            after = await history.count(accepted_at, until, where)
            found = f"{after} after, {before} before"
            personal = task.level is TaskLevel.CUSTOMER and after > 0
            if personal or aggregate.recurs(rule, before, after, until - accepted_at):
                if task.round < _next_round(row):
                    verbatims = [example.verbatim for example in await history.examples(accepted_at, until, where)]
                    events.append(aggregate.reopened(task, _next_round(row), self._rules, rule, verbatims, before, after, now))
                events.append(aggregate.system_event(task, TaskAction.REOPENED, row["accepted_event"], now, found))
            elif now >= accepted_at + rule.watch:
                events.append(aggregate.system_event(task, TaskAction.CLOSED, row["accepted_event"], now, found))
        return events

    async def _withdrawals(self, history: History, now: datetime) -> list[Event]:
        """Tasks of opinions that a deeper look took back, before anybody began: closed, and the OA is told."""
        events: list[Event] = []
        for task in await history.taken_back([rule.id for rule in self._rules.of(Immediate)], now - _RETRACTIONS):
            why = "a deeper look took back what it stands on"
            events += [aggregate.withdrawn(task), aggregate.system_event(task, TaskAction.CLOSED, "taken back", now, why)]
        return events

    async def _escalations(self, history: History, now: datetime) -> list[Event]:
        events: list[Event] = []
        steps = self._rules.routing.escalation
        if not steps:
            return events
        clause = f"{_OPEN} AND due_at < {{now:DateTime64(3)}} AND escalations < {len(steps)}"
        for row in await history.board(clause, {"now": as_text(now)}):
            step = steps[row["escalations"]]
            if now >= row["task"].due_at + step.after:
                task = row["task"]
                if task.round < _next_round(row):
                    events.append(aggregate.escalated(task, _next_round(row), self._frame, step))
                events.append(aggregate.system_event(task, TaskAction.ESCALATED, row["escalations"], now, f"to {step.to}"))
        return events

    async def _digests(self, history: History, now: datetime) -> list[Event]:
        """Yesterday's, once a day."""
        today = (now - _GRACE).astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._done.get("digest") == today.toordinal():
            return []
        yesterday = today - timedelta(days=1)
        muted = await history.muted(yesterday, today)
        self._done["digest"] = today.toordinal()
        muted.sort(key=recipient)  # stable: the most pressing of each stay first
        return [
            aggregate.digest(self._rules, self._frame, yesterday.date(), list(group), today) for _, group in groupby(muted, key=recipient)
        ]


def _next_round(row: Mapping[str, Any]) -> int:
    """The round that comes after the escalations and reopenings on record.

    A task that has it already was published before its event was stored: only the event is published again.
    """
    return int(row["escalations"]) + int(row["reopenings"]) + 1


def _in_common(examples: Sequence[Example]) -> dict[str, Any]:
    """What most of the opinions are, and what coded the first."""
    commonest = {name: Counter(getattr(one, name) for one in examples).most_common(1)[0][0] for name in ("channel", "point", "need_layer")}
    return {**commonest, "versions": examples[0].versions}


@asynccontextmanager
async def watching(settings: Settings, rules: RuleSet, frame: Frame, remember: Remember, names: Mapping[str, str]) -> AsyncIterator[None]:
    """Watch in the background, while this worker is the elected one."""
    task = asyncio.create_task(_watch(settings, rules, frame, remember, names))
    task.add_done_callback(_end_if_failed)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _end_if_failed(task: asyncio.Task[None]) -> None:
    """A defect ends the worker, as one of a step does, rather than leave nobody watching."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, Exception):
        end_process("trigger", error)


async def _watch(settings: Settings, rules: RuleSet, frame: Frame, remember: Remember, names: Mapping[str, str]) -> None:
    while True:
        await asyncio.sleep(min(settings.watch_interval, _LOOK_SECONDS))
        try:
            async with election(settings, "watch") as elected, Outbox(settings) as outbox:
                while True:
                    await asyncio.sleep(min(settings.watch_interval, _LOOK_SECONDS))
                    if elected():
                        await _serve(settings, Watch(rules, frame, await remember(), names), outbox, elected, remember)
        except TingjianError as error:
            logger.warning("rules over history wait: %s", error)


async def _serve(settings: Settings, watch: Watch, outbox: Outbox, elected: Callable[[], bool], remember: Remember) -> None:
    """A term of office."""
    async with open_clickhouse(settings) as clickhouse:
        while elected():
            await remember()
            await outbox.publish(await watch.tick(History(clickhouse), datetime.now(UTC)))
            await asyncio.sleep(settings.watch_interval)
