"""A step for tests, and a worker that runs it: `python -m tests.streams.copying FOLDER`, with settings in the environment."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from schemas.common import Span
from schemas.dead_letter import Reason
from schemas.ids import utterance_id
from schemas.raw_text import RawText
from schemas.utterance import Language, Utterance
from streams.commands.worker import run_steps
from streams.settings import Settings
from streams.step import Refusal, step
from streams.topics import RAW_TEXT, UTTERANCES

BROKEN = "an error message that quotes the customer"


def utterance_of(raw: RawText) -> Utterance:
    """The raw text as one utterance, unchanged."""
    return Utterance(
        utterance_id=utterance_id(raw.event_id, 0),
        event_id=raw.event_id,
        seq=0,
        source=raw.source,
        channel=raw.channel,
        conversation_id=raw.conversation_id,
        text=raw.text,
        language=Language.ZH,
        source_span=Span(start=0, end=len(raw.text)),
        fingerprint="-",
        occurred_at=raw.occurred_at,
        ingested_at=raw.ingested_at,
        cleaned_at=raw.ingested_at,
    )


@step(reads=RAW_TEXT, writes=(UTTERANCES,))
def copy(_: Settings) -> Callable[[RawText], Utterance | Refusal | None]:
    """Copy a raw text; refuse `refuse`, drop `drop`, break on `break`, outgrow a topic on `grow`, stand still on `hang`."""

    def handle(raw: RawText) -> Utterance | Refusal | None:
        if raw.text == "break":
            raise ValueError(BROKEN)
        if raw.text == "hang":
            time.sleep(3_600)
        if raw.text == "refuse":
            return Refusal(Reason.STEP, "text: refused by the test")
        if raw.text == "drop":
            return None
        made = utterance_of(raw)
        return made.model_copy(update={"text": "长" * 400_000}) if raw.text == "grow" else made

    return handle


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    asyncio.run(run_steps([copy], Settings(data=Path(sys.argv[1]))))
