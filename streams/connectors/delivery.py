"""Delivery to Kafka for a process that outlives Kafka's absence: it connects on demand, and anew after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

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
            await self._disconnect()
            raise UnavailableError("Kafka does not answer") from error

    async def close(self) -> None:
        """Finish what is on its way, then disconnect."""
        if self._sending is not None:
            await self._sending
        await self._disconnect()

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
            await (await self._connect()).publish(events)
        except DeliveryError as error:
            await self._disconnect()
            return UnavailableError(str(error))
        except Exception as error:  # the callers', who must not be left waiting
            return error
        return None

    async def _connect(self) -> Outbox:
        async with self._connecting:
            if self._outbox is None:
                async with AsyncExitStack() as opened:
                    outbox = await opened.enter_async_context(Outbox(self._settings, self._timeout_s))
                    await create_topics(self._settings)
                    opened.pop_all()
                self._outbox = outbox
            return self._outbox

    async def _disconnect(self) -> None:
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            await outbox.__aexit__(None, None, None)
