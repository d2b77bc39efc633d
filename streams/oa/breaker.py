"""A circuit breaker: an OA that fails again and again is left alone for a while, then asked by one call.

The state is that of one worker. Closed: calls pass. Open: calls wait. After the pause one of them passes as a probe; its
success closes the circuit and lets all pass, its failure doubles the pause.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from streams.errors import PermanentSinkError, RetryableSinkError

T = TypeVar("T")

_FAILURES = 5
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0


class Breaker:
    """Guards calls to one system. `successes` counts those that went through. `pauses_s`: the first and the longest."""

    def __init__(self, pauses_s: tuple[float, float] = (_FIRST_PAUSE_S, _LONGEST_PAUSE_S)) -> None:
        self._failures = 0
        self._first, self._longest = pauses_s
        self._pause, self._until = self._first, 0.0
        self._probing = False
        self._changed = asyncio.Event()
        self.successes = 0

    @property
    def open(self) -> bool:
        """Whether calls wait now."""
        return self._failures >= _FAILURES

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """The result of `function`, once the circuit lets it pass. Raises what it raises."""
        probe = await self._pass()
        try:
            result = await function()
        except RetryableSinkError:
            self._failed(probe)
            raise
        except PermanentSinkError:
            self._passed()
            raise
        finally:
            if probe:
                self._probing = False
                self._tell()
        self._passed()
        return result

    async def _pass(self) -> bool:
        """Wait until a call may go; whether it is the probe."""
        while self.open:
            wait = self._until - time.monotonic()
            if wait <= 0 and not self._probing:
                self._probing = True
                return True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait if wait > 0 else None)
        return False

    def _failed(self, probe: bool) -> None:
        self._failures += 1
        if probe or self._failures == _FAILURES:
            self._until = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, self._longest)

    def _passed(self) -> None:
        self.successes += 1
        was_open = self.open
        self._failures, self._pause = 0, self._first
        if was_open:
            self._tell()

    def _tell(self) -> None:
        """Wake all that wait, to look again."""
        self._changed.set()
        self._changed = asyncio.Event()
