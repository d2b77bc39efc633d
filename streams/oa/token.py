"""An application's access token: fetched on demand, kept until shortly before it expires, fetched anew when refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

_EARLY_S = 300.0


class Granted(NamedTuple):
    """A token and the seconds that it is good for."""

    token: str
    lifetime_s: float


class Token:
    """A cached token. Several callers share one fetch."""

    def __init__(self, fetch: Callable[[], Awaitable[Granted]]) -> None:
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._token, self._until = "", 0.0

    async def get(self) -> str:
        """The token. Raises what fetching it raises."""
        async with self._lock:
            if time.monotonic() >= self._until:
                granted = await self._fetch()
                self._token = granted.token
                self._until = time.monotonic() + max(granted.lifetime_s - _EARLY_S, granted.lifetime_s / 2)
            return self._token

    def refused(self) -> None:
        """The suite refused it: the next use fetches a new one."""
        self._until = 0.0
