"""Code again, with the deep tier, what the fast one was unsure of.  voc.coded.v1 -> voc.coded.v1

Delivery: at least once; a revision one higher, the same opinion ids.  Order: per customer.  It scales and lags by itself, so the
main path never waits for it. Readers keep the highest revision.
Loops: its own revisions come back, are of the deep tier, and nothing is published.  Left to the fast tier: what the deep model has no
say on.  A frame announced on voc.frames.v1 takes the place of the one in force between two parts of a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import tokenizers  # noqa: F401 - of the extra `deep`, without which this step is left out

from codeframe.live import LiveCoder
from codeframe.recoding import recoded, unsure
from schemas.coded import CodedUtterance, Tier
from schemas.frame import FrameAnnouncement
from streams.announcements import announcements
from streams.metrics import count_recoded
from streams.retry import progressed
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED, FRAMES

RECORDS = 200
"""Records a batch: some seconds of work where all of them are unsure."""

_AT_ONCE = 16


@batch_step(reads=(CODED,), writes=(CODED,), batch_records=RECORDS)
@asynccontextmanager
async def recode(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Code unsure utterances again with the deep tier."""
    live = LiveCoder(settings.codeframe, Tier.DEEP, causes=settings.causes, layers=settings.layers)

    async def take(news: FrameAnnouncement) -> None:
        await asyncio.to_thread(live.take, news)

    async def recode_batch(events: Sequence[CodedUtterance]) -> Sequence[Result]:
        revisions: dict[tuple[object, int], CodedUtterance] = {}
        due = [event for event in unsure(events) if live.coder.judges(event.channel)]
        for start in range(0, len(due), _AT_ONCE):
            part = due[start : start + _AT_ONCE]
            again = await asyncio.to_thread(recoded, live.coder, part, datetime.now(UTC))
            revisions.update({(event.utterance_id, event.revision): one for event, one in zip(part, again, strict=True)})
            count_recoded(part, again)
            progressed("recode")
        return [revisions.pop((event.utterance_id, event.revision), None) for event in events]

    async with announcements(settings, FRAMES, take):
        yield recode_batch
