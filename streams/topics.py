"""Every topic: its name, the schema of its values, its key, and how the broker keeps it.

A topic's name ends in the major version of its schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.context import ContextEvent
from schemas.dead_letter import DeadLetter
from schemas.frame import FrameAnnouncement
from schemas.raw_text import RawText
from schemas.raw_voice import RawVoice
from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from schemas.utterance import Utterance

E = TypeVar("E", bound=Event)

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic(Generic[E]):
    """A topic of `schema` values. `key` gives the record key; records with one key stay in order."""

    name: str
    schema: type[E]
    key: Callable[[E], bytes | None]
    retention_days: int
    config: dict[str, str] = field(default_factory=dict, compare=False)

    def in_pipeline(self, prefix: str) -> str:
        """The topic's name on the broker, behind the pipeline's prefix."""
        return prefix + self.name

    def broker_config(self) -> dict[str, str]:
        """Topic-level configuration to create it with."""
        return {"retention.ms": str(self.retention_days * _DAY_MS), **self.config}


def _customer(event: RawText | Utterance | CodedUtterance) -> bytes:
    return (event.customer_id or event.conversation_id).encode()


RAW_VOICE = Topic("voc.raw-voice.v1", RawVoice, lambda e: e.conversation_id.encode(), 7)
RAW_TEXT = Topic("voc.raw-text.v1", RawText, _customer, 7)
CONTEXT = Topic("voc.context.v1", ContextEvent, lambda e: e.customer_id.encode(), 90)
UTTERANCES = Topic("voc.utterances.v1", Utterance, _customer, 30)
CODED = Topic("voc.coded.v1", CodedUtterance, _customer, 90)
TASKS = Topic("voc.tasks.v1", TaskTrigger, lambda e: str(e.task_id).encode(), 365)
TASK_EVENTS = Topic("voc.task-events.v1", TaskEvent, lambda e: str(e.task_id).encode(), 365)
FRAMES = Topic("voc.frames.v1", FrameAnnouncement, lambda e: e.frame.encode(), 365, {"cleanup.policy": "compact"})
DEAD_LETTERS = Topic("voc.dead-letters.v1", DeadLetter, lambda e: e.key, 90, {"max.message.bytes": "16777216"})

TOPICS: tuple[Topic[Event], ...] = (RAW_VOICE, RAW_TEXT, CONTEXT, UTTERANCES, CODED, TASKS, TASK_EVENTS, FRAMES, DEAD_LETTERS)  # type: ignore[assignment]

TOPIC_OF: dict[type[Event], Topic[Event]] = {topic.schema: topic for topic in TOPICS}
"""The one topic that carries events of a schema."""
