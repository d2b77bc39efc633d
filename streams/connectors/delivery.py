"""Delivery to Kafka for a process that outlives Kafka's absence: it connects on demand, and anew after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from schemas.base import Event
from streams.admin import create_topics
from streams.errors import DeliveryError, UnavailableError
from streams.outbox import Outbox
from streams.settings import Settings

_TIMEOUT_S = 5.0


class Delivery:
    """Publishes for many callers at once: what arrives while a send is on its way goes together in the next."""

    def __init__(self, settings: Settings, timeout_s: float = _TIMEOUT_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s
        self._outbox: Outbox | None = None
        self._connecting = asyncio.Lock()
        self._waiting: list[tuple[Sequence[Event], asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when the broker acknowledged every event. Raises UnavailableError: then send them all again."""
        acknowledged = asyncio.get_running_loop().create_future()
        self._waiting.append((events, acknowledged))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_waiting())
        await acknowledged

    async def check(self) -> None:
        """Raises UnavailableError if Kafka does not answer."""
        outbox = await self._connect()
        try:
            await asyncio.wait_for(outbox.check(), self._timeout_s)
        except (UnavailableError, TimeoutError) as error:
            await self._disconnect(outbox)
            raise UnavailableError("Kafka does not answer") from error

    async def close(self) -> None:
        """Finish what is on its way, then disconnect."""
        if self._sending is not None:
            await self._sending
        if self._outbox is not None:
            await self._disconnect(self._outbox)

    async def _send_waiting(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            error = await self._send([event for events, _ in taken for event in events])
            for _, acknowledged in taken:
                if acknowledged.done():
                    continue
                if error is None:
                    acknowledged.set_result(None)
                else:
                    acknowledged.set_exception(error)

    async def _send(self, events: Sequence[Event]) -> Exception | None:
        try:
            outbox = await self._connect()
        except UnavailableError as error:
            return error
        try:
            await outbox.publish(events)
        except DeliveryError as error:
            await self._disconnect(outbox)
            return UnavailableError(str(error))
        except Exception as error:  # a defect is the callers' to raise, and must not leave them waiting
            return error
        return None

    async def _connect(self) -> Outbox:
        async with self._connecting:
            if self._outbox is None:
                outbox = await Outbox(self._settings, self._timeout_s).__aenter__()
                await create_topics(self._settings)
                self._outbox = outbox
            return self._outbox

    async def _disconnect(self, outbox: Outbox) -> None:
        if self._outbox is outbox:
            self._outbox = None
        await outbox.__aexit__(None, None, None)
