"""What a step is: a function from the events of one topic to events of others, declared by a decorator.

An agent file holds one step. `@step` takes a function an event, `@batch_step` an async function a batch:

    @step(reads=UTTERANCES, writes=(CODED,))
    def code(settings: Settings) -> Callable[[Utterance], CodedUtterance]:
        coder = Coder.load(settings.codeframe)      # once, when the worker starts
        return coder.code                           # an event, some events, a Refusal, or None

    @batch_step(reads=(CODED, TASKS))
    @asynccontextmanager
    async def store(settings: Settings) -> AsyncIterator[BatchHandler]:
        async with open_sink(settings) as sink:
            yield sink.write                        # a result for each event, in order

The function knows nothing of Kafka or Faust. A record that it cannot use is a `Refusal`, which becomes a dead
letter; an exception is a defect or an outage, ends the worker, and acknowledges nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, NamedTuple, TypeAlias

from schemas.base import Event
from schemas.dead_letter import Reason
from streams.settings import Settings
from streams.topics import Topic


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step cannot use an event. `detail` names the field and the rule, never the value."""

    reason: Reason
    detail: str


class Place(NamedTuple):
    """Where a batch comes from: a partition of a topic, in one assignment of partitions to workers (its generation).

    What a step remembers of a partition holds for one generation: in between, another worker may have had the partition.
    """

    topic: str
    partition: int
    generation: int


Result: TypeAlias = Event | Iterable[Event] | Refusal | None
Handler: TypeAlias = Callable[[Any], Result]
BatchHandler: TypeAlias = Callable[..., Awaitable[Sequence[Result]]]
"""From a batch of events, and of a `placed` step their Place, to a result for each event, in order."""
OpenHandler: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[BatchHandler]]


@dataclass(frozen=True, slots=True)
class Step:
    """A declared step. Its name is its consumer group's, so steps scale and lag one by one.

    `outside` names the system beyond Kafka that it writes to, if any. A step whose events are long work sets
    `batch_records`, the most that it takes at once.
    """

    name: str
    reads: tuple[Topic[Any], ...]
    writes: tuple[Topic[Any], ...]
    open: OpenHandler
    doc: str
    outside: str = ""
    batch_records: int | None = None
    placed: bool = False


def step(*, reads: Topic[Any], writes: tuple[Topic[Any], ...] = ()) -> Callable[[Callable[[Settings], Handler]], Step]:
    """Declare a step whose function takes one event."""

    def declare(build: Callable[[Settings], Handler]) -> Step:
        @asynccontextmanager
        async def opened(settings: Settings) -> AsyncIterator[BatchHandler]:
            handle = build(settings)

            async def handle_batch(events: Sequence[Any]) -> Sequence[Result]:
                return [handle(event) for event in events]

            yield handle_batch

        return Step(build.__name__, (reads,), writes, opened, getdoc(build) or "")

    return declare


def batch_step(
    *,
    reads: tuple[Topic[Any], ...],
    writes: tuple[Topic[Any], ...] = (),
    outside: str = "",
    batch_records: int | None = None,
    placed: bool = False,
) -> Callable[[OpenHandler], Step]:
    """Declare a step whose async function takes a batch, all of one partition, in order; and its Place, if `placed`."""

    def declare(build: OpenHandler) -> Step:
        return Step(build.__name__, reads, writes, build, getdoc(build) or "", outside, batch_records, placed)

    return declare
