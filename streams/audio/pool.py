"""Recordings are heard in processes of their own: a few at once, each with a time limit, and a crash costs one recording.

A call takes seconds to minutes of a core. The event loop stays free meanwhile, so Kafka sees a live consumer, and no more recordings
are in memory than there are processes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import pebble

from streams.errors import AudioError, UnavailableError
from streams.retry import waiting

T = TypeVar("T")

_TRIES = 2
_BREAKS = 5


class HearingPool:
    """Runs picklable functions in worker processes that are kept, so that each loads its models once."""

    def __init__(self, processes: int, timeout_s: float) -> None:
        self._processes, self._timeout_s = processes, timeout_s
        self._pool = self._start()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function returns or raises.

        Raises AudioError where it takes too long or its process ends, twice, and UnavailableError where processes end before they begin.
        """
        ended = broken = 0
        while True:
            try:
                return await asyncio.wrap_future(self._schedule(function, arguments))
            except TimeoutError:
                raise AudioError(f"audio: hearing it took longer than {self._timeout_s:.0f} s") from None
            except pebble.ProcessExpired as error:
                ended += 1
                if ended == _TRIES:
                    raise AudioError(f"audio: the speech engine ended its process over it, exit code {error.exitcode}") from None
            except BrokenProcessPool:  # a process ended that had nothing to do
                broken += 1
                if broken == _BREAKS:
                    raise UnavailableError("hearing: its processes end before they begin; is there memory for VOC_ASR_PROCESSES?") from None
            except CancelledError:
                raise asyncio.CancelledError from None

    def _start(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(max_workers=self._processes, context=multiprocessing.get_context("spawn"))

    def _schedule(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> Future[T]:
        if not self._pool.active:  # broken by the end of an idle process
            self.close()
            self._pool = self._start()
        scheduled: Future[T] = self._pool.schedule(function, args=list(arguments), timeout=self._timeout_s)
        return scheduled

    def close(self) -> None:
        """End the processes, what they do included."""
        self._pool.stop()
        self._pool.join()


@contextmanager
def long_work(step: str) -> Iterator[None]:
    """Tells the watchdog that a step is at work although its position stands still; each piece of the work has its own time limit."""
    waiting.add(step)
    try:
        yield
    finally:
        waiting.discard(step)
