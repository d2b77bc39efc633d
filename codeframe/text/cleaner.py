"""From raw text to utterances that are safe to show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from codeframe.text.align import Aligned, Pairs, source_offset
from codeframe.text.glance import glance, look_again
from codeframe.text.language import language_of
from codeframe.text.marks import Memory, fingerprint, is_machine_made, is_silent
from codeframe.text.names import Tagger
from codeframe.text.normalise import normalise
from codeframe.text.redact import Redactor, redactions_in
from codeframe.text.sight import FOREIGN, HAN, LETTERS, UNCLEAN, Look
from codeframe.text.split import split
from codeframe.trusted import collector_paused, defaults, span, trusted
from schemas.common import Speaker
from schemas.ids import utterance_id
from schemas.raw_text import RawText
from schemas.utterance import Language, Mark, Utterance

_SCRIPTS = HAN | LETTERS | FOREIGN

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

    def clean(self, raws: Sequence[RawText], cleaned_at: datetime) -> list[list[Utterance]]:
        """The utterances of each raw text, at least one: an empty text gives one that is marked so. `cleaned_at` is in UTC."""
        with collector_paused():
            typed = glance([raw.text for raw in raws])
            texts = [normalise(look.text) if look.sight & UNCLEAN else Aligned(look.text) for look in typed]
            safe = self.redactor.redacted(texts, look_again([text.text for text in texts], typed))
            parts = [[text.part(start, end) for start, end in split(text.text)] for text, _ in safe]
            before = [look for (_, look), some in zip(safe, parts, strict=True) for _ in some]
            looks = iter(look_again([part.text for some in parts for part in some], before))
            return [
                [self._utterance(raw, seq, part.pairs, next(looks), cleaned_at) for seq, part in enumerate(some)]
                for raw, some in zip(raws, parts, strict=True)
            ]

    def _utterance(self, raw: RawText, seq: int, pairs: Pairs, look: Look, cleaned_at: datetime) -> Utterance:
        text = look.text
        said = fingerprint(look.words or look.folded)
        return trusted(
            Utterance,
            {
                **defaults(Utterance),
                "utterance_id": utterance_id(raw.event_id, seq),
                "event_id": raw.event_id,
                "seq": seq,
                "source": raw.source,
                "channel": raw.channel,
                "conversation_id": raw.conversation_id,
                "customer_id": raw.customer_id,
                "speaker": raw.speaker,
                "text": text,
                "language": Language.ZH if look.sight & _SCRIPTS == HAN else language_of(text),
                "source_span": span(pairs[0][1], source_offset(pairs, len(text))),
                "alignment": pairs,
                "fingerprint": said,
                "marks": tuple(self._marks(raw, look, said)),
                "redactions": redactions_in(text),
                "score": raw.score,
                "survey_id": raw.survey_id,
                "visit_id": raw.visit_id,
                "order_id": raw.order_id,
                "attributes": raw.attributes,
                "occurred_at": raw.occurred_at,
                "ingested_at": raw.ingested_at,
                "cleaned_at": cleaned_at,
            },
        )

    def _marks(self, raw: RawText, look: Look, said: str) -> list[Mark]:
        if not look.words and is_silent(look.folded):
            return [Mark.EMPTY]
        marks = [Mark.MACHINE_MADE] if raw.speaker is Speaker.BOT or is_machine_made(look) else []
        if self.memory.is_duplicate(raw.customer_id or raw.conversation_id, said, raw.event_id):
            marks.append(Mark.DUPLICATE)
        return marks
