"""Make a task of every opinion that calls for one.  voc.coded.v1 -> voc.tasks.v1

Delivery: at least once; ids and times come from the event, so a replay makes the same task.  Order: per customer.
One elected worker also watches what is stored, for rules that one opinion cannot trigger (agents/watch.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agents.watch import watching
from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.rules.immediate import ImmediateRules
from codeframe.rules.load import RuleSet, load_rules
from schemas.coded import CodedUtterance
from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED, TASK_EVENTS, TASKS


@batch_step(reads=(CODED,), writes=(TASKS, TASK_EVENTS))
@asynccontextmanager
async def trigger(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Make tasks by the rules."""
    rules, frame = load(settings)
    immediate = ImmediateRules(rules, frame)

    async def make_tasks(coded: Sequence[CodedUtterance]) -> Sequence[Result]:
        return [immediate.tasks(one) for one in coded]

    async with watching(settings, rules, frame):
        yield make_tasks


def load(settings: Settings) -> tuple[RuleSet, Frame]:
    """The rules and the code frame. Raises ConfigurationError with file, line and field."""
    try:
        return load_rules(settings.rules), Frame.load(settings.codeframe)
    except FrameError as error:
        raise ConfigurationError(str(error)) from error
