"""From raw text to utterances that are safe to show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from codeframe.text.align import Aligned, source_offset
from codeframe.text.language import language_of
from codeframe.text.marks import Memory, fingerprint, is_machine_made, is_silent, words_of
from codeframe.text.names import Tagger
from codeframe.text.normalise import normalise
from codeframe.text.redact import Redactor, redactions_in
from codeframe.text.split import split
from schemas.common import Span, Speaker
from schemas.ids import utterance_id
from schemas.raw_text import RawText
from schemas.utterance import Mark, Utterance

REMEMBERED = 100_000
"""Texts that a cleaner remembers to tell duplicates, some 30 MB of them."""


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Normalises, redacts, splits, tags and marks. Its one state is the memory of what was said before."""

    redactor: Redactor
    memory: Memory

    @classmethod
    def load(cls, keep_words: Collection[str] = (), tagger: Tagger | None = None, remembered: int = REMEMBERED) -> Self:
        """A cleaner whose redaction leaves `keep_words` (brands, models, cities, dealers) alone.

        `tagger` replaces LAC for names and addresses; `remembered` bounds the memory of what was said.
        """
        return cls(Redactor.load(keep_words, tagger), Memory(remembered))

    def clean(self, raw: RawText, cleaned_at: datetime) -> list[Utterance]:
        """The utterances of a raw text, at least one: an empty text gives one that is marked so."""
        text, folded = self.redactor.redact(normalise(raw.text))
        return [
            self._utterance(raw, seq, text.part(start, end), folded[start:end], cleaned_at)
            for seq, (start, end) in enumerate(split(text.text))
        ]

    def _utterance(self, raw: RawText, seq: int, part: Aligned, folded: str, cleaned_at: datetime) -> Utterance:
        text, pairs = part
        words = words_of(folded)
        said = fingerprint(words or folded)
        return Utterance(
            utterance_id=utterance_id(raw.event_id, seq),
            event_id=raw.event_id,
            seq=seq,
            source=raw.source,
            channel=raw.channel,
            conversation_id=raw.conversation_id,
            customer_id=raw.customer_id,
            speaker=raw.speaker,
            text=text,
            language=language_of(text),
            source_span=Span(start=pairs[0][1], end=source_offset(pairs, len(text))),
            alignment=pairs,
            fingerprint=said,
            marks=tuple(self._marks(raw, folded, words, said)),
            redactions=redactions_in(text),
            score=raw.score,
            survey_id=raw.survey_id,
            visit_id=raw.visit_id,
            order_id=raw.order_id,
            attributes=raw.attributes,
            occurred_at=raw.occurred_at,
            ingested_at=raw.ingested_at,
            cleaned_at=cleaned_at,
        )

    def _marks(self, raw: RawText, folded: str, words: str, said: str) -> list[Mark]:
        if not words and is_silent(folded):
            return [Mark.EMPTY]
        marks = [Mark.MACHINE_MADE] if raw.speaker is Speaker.BOT or is_machine_made(folded, words) else []
        if self.memory.is_duplicate(raw.customer_id or raw.conversation_id, said, raw.event_id):
            marks.append(Mark.DUPLICATE)
        return marks
