"""Code each utterance: tags, feeling, point, need layer, cause, owner.  voc.utterances.v1 -> voc.coded.v1

Delivery: at least once; ids are deterministic.  Order: per customer.  Speech of agents and bots passes uncoded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from codeframe.coder import Coder, coded
from schemas.utterance import Utterance
from streams.metrics import count_coded
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED, UTTERANCES


@batch_step(reads=(UTTERANCES,), writes=(CODED,))
@asynccontextmanager
async def code(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Code utterances by the code frame."""
    coder = Coder.load(settings.codeframe)

    async def code_batch(utterances: Sequence[Utterance]) -> Sequence[Result]:
        now = datetime.now(UTC)
        events = [coded(utterance, coding, now) for utterance, coding in zip(utterances, coder.code(utterances), strict=True)]
        count_coded(events)
        return events

    yield code_batch
