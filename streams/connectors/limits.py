"""Bounded memory of the gateway: what each source has left to send, and which ids came lately."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TokenBucket:
    """Admits `rate` events a second, with a second's worth in a burst.

    A batch is admitted while the bucket is not in debt, and may take it into debt, so that one larger than the
    bucket is not refused for ever.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate, self._tokens, self._at = rate, rate, now

    def take(self, events: int, now: float) -> int:
        """0 if admitted, else the whole seconds to wait."""
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens <= 0:
            return max(1, math.ceil(-self._tokens / self._rate))
        self._tokens -= events
        return 0


class Recent(OrderedDict[K, V]):
    """The last `size` things that were put in, by key."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._size:
            self.popitem(last=False)
