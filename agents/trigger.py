"""Make a task of every opinion that calls for one.  voc.coded.v1 -> voc.tasks.v1

Delivery: at least once; ids and times come from the event, so a replay makes the same task.  Order: per customer.
"""

from __future__ import annotations

from collections.abc import Callable

from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.rules.immediate import ImmediateRules
from codeframe.rules.load import load_rules
from schemas.coded import CodedUtterance
from schemas.task import TaskTrigger
from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.step import step
from streams.topics import CODED, TASKS


@step(reads=CODED, writes=(TASKS,))
def trigger(settings: Settings) -> Callable[[CodedUtterance], list[TaskTrigger]]:
    """Make tasks by the immediate rules."""
    try:
        return ImmediateRules(load_rules(settings.rules), Frame.load(settings.codeframe)).tasks
    except FrameError as error:
        raise ConfigurationError(str(error)) from error
