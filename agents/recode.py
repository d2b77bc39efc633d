"""Code again, with the deep tier, what the fast one was unsure of.  voc.coded.v1 -> voc.coded.v1

Delivery: at least once; a revision one higher, the same opinion ids.  Order: per customer.  It scales and lags by itself, so the
main path never waits for it. Readers keep the highest revision.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from codeframe.coder import Coder
from codeframe.recoding import recoded
from schemas.coded import CodedUtterance, Tier
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED


@batch_step(reads=(CODED,), writes=(CODED,))
@asynccontextmanager
async def recode(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Code unsure utterances again with the deep tier."""
    coder = Coder.load(settings.codeframe, Tier.DEEP, causes=settings.causes, layers=settings.layers)

    async def recode_batch(events: Sequence[CodedUtterance]) -> Sequence[Result]:
        now = datetime.now(UTC)
        due = [event.unsure and event.versions.tier is Tier.FAST for event in events]
        again = iter(recoded(coder, [event for event, wanted in zip(events, due, strict=True) if wanted], now))
        return [next(again) if wanted else None for wanted in due]

    yield recode_batch
