"""Texts coded without a stream: cleaned, split and coded as the agents do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice, repeat

from codeframe.coder import Coder, coded
from codeframe.text.cleaner import Cleaner
from schemas.coded import CodedUtterance
from schemas.common import Attributes, Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText

_SOURCE = "offline"
_BATCH = 1_000


def code_texts(
    coder: Coder, cleaner: Cleaner, texts: Iterable[str], now: datetime, attributes: Iterable[Attributes] = ()
) -> Iterator[list[CodedUtterance]]:
    """The coded utterances of each text, in order. `now` is aware and becomes every time of the events; attributes that are lacking are
    unknown."""
    source = zip(texts, chain(attributes, repeat(Attributes())), strict=False)
    number = 0
    while batch := list(islice(source, _BATCH)):
        yield from _code_batch(coder, cleaner, batch, number, now)
        number += len(batch)


def _code_batch(
    coder: Coder, cleaner: Cleaner, texts: Sequence[tuple[str, Attributes]], number: int, now: datetime
) -> list[list[CodedUtterance]]:
    cleaned = cleaner.clean([_raw(*text, number + at, now) for at, text in enumerate(texts)], now)
    flat = [utterance for utterances in cleaned for utterance in utterances]
    events = iter([coded(utterance, coding, now) for utterance, coding in zip(flat, coder.code(flat), strict=True)])
    return [list(islice(events, len(utterances))) for utterances in cleaned]


def _raw(text: str, attributes: Attributes, number: int, now: datetime) -> RawText:
    return RawText(
        event_id=raw_event_id(_SOURCE, str(number)),
        source=_SOURCE,
        source_id=str(number),
        channel=Channel.PUBLIC_OPINION,
        text=text,
        conversation_id=str(number),
        attributes=attributes,
        occurred_at=now,
        ingested_at=now,
    )
