"""A circuit breaker: an OA that fails again and again is left alone for a while, then asked by one call.

The state is that of one worker. Closed: calls pass. Open: calls fail at once, without reaching the OA. After the pause
one call passes as a probe; its success closes the circuit, its failure doubles the pause.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from streams.errors import PermanentSinkError, RetryableSinkError

T = TypeVar("T")

_FAILURES = 5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class Breaker:
    """Guards calls to one system. `successes` counts those that went through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = _FIRST_PAUSE_S
        self._closed_until_probe = 0.0
        self.successes = 0

    @property
    def open(self) -> bool:
        """Whether calls fail at once now."""
        return self._failures >= _FAILURES and self._clock() < self._closed_until_probe

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """The result of `function`. Raises RetryableSinkError while the circuit is open."""
        if self.open:
            raise RetryableSinkError("the OA fails again and again: it is left alone for a while")
        if self._failures >= _FAILURES:
            self._closed_until_probe = self._clock() + self._pause  # this call is the probe; the others wait for it
        try:
            result = await function()
        except RetryableSinkError:
            self._failed()
            raise
        except PermanentSinkError:
            self._passed()
            raise
        self._passed()
        return result

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES:
            self._closed_until_probe = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    def _passed(self) -> None:
        self._failures, self._pause = 0, _FIRST_PAUSE_S
        self.successes += 1
