"""Clean each raw text: normalise, redact personal data, split into utterances, tag the language, mark what is nobody's words.

Reads: voc.raw-text.v1.  Writes: voc.utterances.v1.
Delivery: at least once; ids are deterministic.  Order: per customer.
Bad input: dead letter `decode`, `version` or `invalid` (which includes what occurred in the future); a text that says
nothing is an utterance marked `empty`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from codeframe.frame import Frame
from codeframe.hanlp import HanLP, frame_words
from codeframe.text.cleaner import Cleaner
from schemas.dead_letter import Reason
from schemas.raw_text import RawText
from streams.errors import configured
from streams.settings import Settings
from streams.step import BatchHandler, Refusal, Result, batch_step
from streams.topics import RAW_TEXT, UTTERANCES

_AHEAD = timedelta(days=1)
"""How far a source's clock may be ahead of ours."""

_TOO_EARLY = Refusal(Reason.INVALID, "occurred_at: more than a day in the future")


@batch_step(reads=(RAW_TEXT,), writes=(UTTERANCES,))
@asynccontextmanager
async def clean(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Turn raw texts into utterances that are safe to show."""
    frame = Frame.load(settings.codeframe)
    with configured("VOC_NAMES", extra="hanlp"):
        tagger = None if settings.names == "lac" else HanLP(settings.names, frame_words(frame)).names()
    cleaner = Cleaner.load(frame.entity_names, tagger)

    async def clean_batch(raws: Sequence[RawText]) -> Sequence[Result]:
        now = datetime.now(UTC)
        cleaned = iter(cleaner.clean([raw for raw in raws if raw.occurred_at <= now + _AHEAD], now))
        return [next(cleaned) if raw.occurred_at <= now + _AHEAD else _TOO_EARLY for raw in raws]

    yield clean_batch
