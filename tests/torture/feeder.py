"""Sends what a scenario's source makes, at a rate, until told to stop; what the broker did not acknowledge is sent again."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType
from typing import Self

from streams.errors import DeliveryError, UnavailableError
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.topics import RAW_TEXT
from tests.torture.events import Source

_PERIOD_S = 0.1
_AGAIN_S = 0.5


class Feeder:
    """A client of the pipeline in a thread of its own: `with Feeder(settings, source, 300):`. Leaving it waits for acknowledgement."""

    def __init__(self, settings: Settings, source: Source, rate: int) -> None:
        self._settings, self._source = settings, source
        self._part = int(rate * _PERIOD_S)
        self._topic = RAW_TEXT.in_pipeline(settings.topic_prefix)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._feed()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    async def _feed(self) -> None:
        unsent: list[Outgoing] = []
        due = time.monotonic()
        while unsent or not self._stop.is_set():
            try:
                async with Outbox(self._settings, timeout_s=10.0) as outbox:
                    while unsent or not self._stop.is_set():
                        if not self._stop.is_set():
                            unsent += [Outgoing(self._topic, key, value) for key, value in self._source.records(self._part)]  # type: ignore[arg-type]
                        await outbox.send(unsent)
                        unsent = []
                        due = max(due + _PERIOD_S, time.monotonic() - 1.0)
                        await asyncio.sleep(max(0.0, due - time.monotonic()))
            except (DeliveryError, UnavailableError):
                await asyncio.sleep(_AGAIN_S)
