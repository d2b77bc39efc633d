"""Code again, with the deep tier, what the fast one was unsure of.  voc.coded.v1 -> voc.coded.v1

Delivery: at least once; a revision one higher, the same opinion ids.  Order: per customer.  It scales and lags by itself, so the
main path never waits for it. Readers keep the highest revision.
Loops: its own revisions come back, are of a deeper tier, and nothing is published.
Tiers: the deep model codes every channel, of a frame whose codes it knows. What is unsure after that goes to the endpoint of
VOC_CODER_ENDPOINT, if there is one; where that has no answer, or none that can be believed, the tier before it has the last word.
The engine of VOC_DEEP_ENGINE, if there is one, adds opinion words and aspects to what the deep model codes.
A frame announced on voc.frames.v1 takes the place of the one in force between two parts of a batch; the engine keeps its words whole
from the next batch on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import tokenizers  # noqa: F401 - of the extra `deep`, without which this step is left out

from codeframe.coder import Coding
from codeframe.consulting import Consultant
from codeframe.hanlp import HanLP, frame_words, worded
from codeframe.live import LiveCoder
from codeframe.recoding import recoded, revised, unsure
from schemas.coded import CodedUtterance, Tier
from streams.announcements import following_frames
from streams.chat import open_chat
from streams.errors import configured
from streams.metrics import count_consulted, count_recoded
from streams.retry import progressed
from streams.settings import Settings
from streams.step import BatchHandler, Result, batch_step
from streams.topics import CODED

RECORDS = 200
"""Records a batch: some seconds of work where all of them are unsure."""

_AT_ONCE = 16
_ASKED_AT_ONCE = 32

Revisions = dict[UUID, CodedUtterance]


@batch_step(reads=(CODED,), writes=(CODED,), batch_records=RECORDS)
@asynccontextmanager
async def recode(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Code unsure utterances again with the deep tier."""
    live = LiveCoder(settings.codeframe, Tier.DEEP, causes=settings.causes, layers=settings.layers)
    with configured("VOC_DEEP_ENGINE", extra="hanlp"):
        engine = HanLP(settings.deep_engine) if settings.deep_engine else None

    async with following_frames(settings, "recode", live), open_chat(settings, "recode") as chat:
        consultant = Consultant(chat.model, chat.complete) if chat else None

        async def recode_batch(events: Sequence[CodedUtterance]) -> Sequence[Result]:
            due = unsure(events)
            if engine:
                engine.keep_whole(frame_words(live.current.frame))
            revisions = await _deeper(live, engine, [event for event in due if live.current.judges(event.channel)])
            if consultant:
                revisions |= await _asked(live, consultant, [one for one in due if revisions.get(one.utterance_id, one).unsure])
            count_recoded(due, revisions)
            coded_again = {(event.utterance_id, event.revision) for event in due}
            return [revisions.pop(one.utterance_id, None) if (one.utterance_id, one.revision) in coded_again else None for one in events]

        yield recode_batch


async def _deeper(live: LiveCoder, engine: HanLP | None, events: Sequence[CodedUtterance]) -> Revisions:
    """The revisions of the deep model, by utterance, with the words that the engine sees."""
    revisions: Revisions = {}
    for start in range(0, len(events), _AT_ONCE):
        again = await asyncio.to_thread(recoded, live.current, events[start : start + _AT_ONCE], datetime.now(UTC))
        if engine:
            again = await asyncio.to_thread(worded, engine, again)
        revisions |= {one.utterance_id: one for one in again}
        progressed("recode")
    return revisions


async def _asked(live: LiveCoder, consultant: Consultant, events: Sequence[CodedUtterance]) -> Revisions:
    """The revisions of the endpoint, by utterance, where it has a believable answer."""
    revisions: Revisions = {}
    for start in range(0, len(events), _ASKED_AT_ONCE):
        part = events[start : start + _ASKED_AT_ONCE]
        codings = await consultant.code(live.current, part)
        count_consulted(codings)
        pairs = zip(part, codings, strict=True)
        revisions |= {one.utterance_id: revised(one, coding, datetime.now(UTC)) for one, coding in pairs if isinstance(coding, Coding)}
        progressed("recode")
    return revisions
