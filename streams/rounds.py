"""Reads batches ahead of a step, and hands out all that wait as one round.

A step that has fallen behind, or whose calls are slow whatever their size, thereby takes more records at once and catches
up, and no partition waits behind busier ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Generic, Self, TypeVar

from streams.transport import Batch

T = TypeVar("T")


class Rounds(Generic[T]):
    """What `prepare` makes of each batch, as soon as it comes: `async with Rounds(...) as rounds: ... await rounds.take()`.

    A round is of `most` records at most, unless its first batch is larger; `alone`, of one batch. Reading stops while
    twice as many records wait.
    """

    def __init__(self, batches: AsyncIterator[Batch], prepare: Callable[[Batch], T], most: int, *, alone: bool = False) -> None:
        self._batches, self._prepare, self._most, self._alone = batches, prepare, most, alone
        self._waiting: deque[tuple[int, T]] = deque()
        self._records = 0
        self._some, self._room = asyncio.Event(), asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def take(self) -> list[T]:
        """What waits, oldest first; waits for a batch if none does. Empty at the end of the batches.

        Raises what `prepare` or the batches raised, and what `fail` was told.
        """
        if not self._waiting:
            self._some.clear()
            if not self._ended:
                await self._some.wait()
        if self._error is not None:
            raise self._error
        taken: list[T] = []
        size = 0
        while self._waiting and (not taken or (not self._alone and size + self._waiting[0][0] <= self._most)):
            records, one = self._waiting.popleft()
            taken.append(one)
            size += records
        self._records -= size
        self._room.set()
        return taken

    def fail(self, error: BaseException) -> None:
        """Make `take` raise: what goes on beside it has failed."""
        self._error, self._ended = error, True
        self._some.set()

    async def _read(self) -> None:
        try:
            async for batch in self._batches:
                self._waiting.append((len(batch.records), self._prepare(batch)))
                self._records += len(batch.records)
                self._some.set()
                while self._records >= 2 * self._most:
                    self._room.clear()
                    await self._room.wait()
            self._ended = True
            self._some.set()
        except Exception as error:
            self.fail(error)
