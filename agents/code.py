"""Code each utterance: tags, feeling, point, need layer, cause, owner.  voc.utterances.v1 -> voc.coded.v1

Delivery: at least once; ids are deterministic.  Order: per customer.  Speech of agents and bots passes uncoded.
A frame announced on voc.frames.v1 takes the place of the one in force between two batches; a broken one is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from codeframe.coder import coded
from codeframe.live import LiveCoder
from schemas.utterance import Utterance
from streams.announcements import following_frames
from streams.metrics import count_coded
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED, UTTERANCES


@batch_step(reads=(UTTERANCES,), writes=(CODED,))
@asynccontextmanager
async def code(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Code utterances by the code frame."""
    live = LiveCoder(settings.codeframe, causes=settings.causes, layers=settings.layers)

    async def code_batch(utterances: Sequence[Utterance]) -> Sequence[Result]:
        now = datetime.now(UTC)
        events = [coded(utterance, coding, now) for utterance, coding in zip(utterances, live.current.code(utterances), strict=True)]
        count_coded(events)
        return events

    async with following_frames(settings, "code", live):
        yield code_batch
