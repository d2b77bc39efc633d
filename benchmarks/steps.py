"""A step that does next to nothing, to measure what is around it."""

from __future__ import annotations

from collections.abc import Callable

from codeframe.trusted import trusted
from schemas.raw_text import RawText
from streams.settings import Settings
from streams.step import step
from streams.topics import RAW_TEXT


@step(reads=RAW_TEXT, writes=(RAW_TEXT,))
def change(_: Settings) -> Callable[[RawText], RawText]:
    """Change two fields of a raw text. Runs with an outbox of another prefix, or it would read what it writes."""
    return lambda raw: trusted(RawText, {**raw.__dict__, "score": len(raw.text) % 11, "survey_id": "changed"})
