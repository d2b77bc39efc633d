"""Clean each raw text: normalise, redact personal data, split into utterances, tag the language, mark what is nobody's words.

Reads: voc.raw-text.v1.  Writes: voc.utterances.v1.
Delivery: at least once; ids are deterministic.  Order: per customer.
Bad input: dead letter `decode`, `invalid` or `version`; a text that says nothing is an utterance marked `empty`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from codeframe.frame import Frame
from codeframe.text.cleaner import Cleaner
from schemas.raw_text import RawText
from schemas.utterance import Utterance
from streams.settings import Settings
from streams.step import step
from streams.topics import RAW_TEXT, UTTERANCES


@step(reads=RAW_TEXT, writes=(UTTERANCES,))
def clean(settings: Settings) -> Callable[[RawText], list[Utterance]]:
    """Turn raw texts into utterances that are safe to show."""
    cleaner = Cleaner.load(Frame.load(settings.codeframe).entity_names)
    return lambda raw: cleaner.clean(raw, datetime.now(UTC))
