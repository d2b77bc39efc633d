"""One of several workers is chosen, and another when it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

from streams.admin import create_topics
from streams.election import election
from streams.local.broker import EmbeddedBroker
from tests.streams.running import settings_for


async def chosen(candidates: list[Callable[[], bool]]) -> int:
    """Which one is chosen, once exactly one is."""
    async with asyncio.timeout(40):
        while sum(candidate() for candidate in candidates) != 1:  # noqa: ASYNC110 - group membership has no event
            await asyncio.sleep(0.1)
    return next(at for at, candidate in enumerate(candidates) if candidate())


async def test_one_is_chosen_and_another_when_it_leaves(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, f"e{uuid4().hex[:8]}.", tmp_path, partitions=4)
    await create_topics(settings)
    stacks = [AsyncExitStack() for _ in range(3)]
    candidates = [await stack.enter_async_context(election(settings, "test")) for stack in stacks]
    try:
        first = await chosen(candidates)
        await stacks.pop(first).aclose()
        candidates.pop(first)
        await chosen(candidates)
    finally:
        for stack in stacks:
            await stack.aclose()
