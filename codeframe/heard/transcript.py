"""From what was heard to an utterance: spelled, corrected by sound, redacted, tagged with its language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol, Self

import numpy as np

from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.heard.correct import Change, Corrector
from codeframe.heard.language import LanguageModel
from codeframe.heard.sounds import HAN
from codeframe.heard.spelling import Speller
from codeframe.text.align import Aligned
from codeframe.text.glance import glance
from codeframe.text.language import language_of
from codeframe.text.marks import fingerprint, is_machine_made
from codeframe.text.normalise import normalise
from codeframe.text.redact import Redactor, redactions_in
from schemas.common import Span, Speaker
from schemas.ids import utterance_id
from schemas.raw_voice import RawVoice
from schemas.utterance import AudioSpan, CallMeasures, Correction, Mark, Utterance


class Heard(Protocol):
    """What an engine gives: words, or syllables to spell, or several texts with their log-probabilities."""

    @property
    def text(self) -> str: ...

    @property
    def syllables(self) -> Sequence[Sequence[tuple[str, float]]]: ...

    @property
    def alternatives(self) -> Sequence[tuple[str, float]]: ...


class Turn(Protocol):
    """A stretch of speech and its words."""

    @property
    def role(self) -> Speaker: ...

    @property
    def seq(self) -> int: ...

    @property
    def start_ms(self) -> int: ...

    @property
    def text(self) -> str: ...


class Writer:
    """Writes utterances in the words of a frame."""

    def __init__(self, frame: Frame) -> None:
        self._speller = Speller(LanguageModel.load())
        self._corrector = Corrector.load(frame)
        self._redactor = Redactor.load(frame.entity_names)
        scales = frame.header.scales
        measured = (*scales.more_is_bad, *scales.more_is_good, *sorted(frame.entity_names))
        self._hot_words = tuple(word for word in measured if HAN.fullmatch(word))

    @classmethod
    @lru_cache(1)
    def of(cls, codeframe: str) -> Self:
        """The one of this frame in this process."""
        return cls(Frame.load(codeframe))

    @property
    def hot_words(self) -> tuple[str, ...]:
        """Words of the trade, for engines that take a hint: models and what things are measured by."""
        return self._hot_words

    def words(self, heard: Heard) -> str:
        """The words of what was heard; empty where there were none."""
        if heard.syllables:
            return self._speller.spell(heard.syllables)
        return self._likeliest(heard.alternatives) if heard.alternatives else heard.text.strip()

    def correct(self, text: str) -> tuple[str, list[Change]]:
        """A text with its misheard words put right, and each change."""
        return self._corrector.correct(text)

    def _likeliest(self, alternatives: Sequence[tuple[str, float]]) -> str:
        """The text that makes most sense for how well it was heard. The same text in two scripts is one."""
        texts: dict[str, str] = {}
        heard: dict[str, float] = {}
        for text, score in alternatives:
            folded = fold(text)
            texts.setdefault(folded, text.strip())
            heard[folded] = float(np.logaddexp(heard.get(folded, -np.inf), score))
        return texts[max(heard, key=lambda one: heard[one] + self._corrector.sense(one))]

    def utterance(self, raw: RawVoice, turn: Turn, measures: CallMeasures | None, audio: AudioSpan, cleaned_at: datetime) -> Utterance:
        """The utterance of a turn. The text that was heard stays beside the corrected one, redacted as well."""
        [heard] = self._redactor.redact([normalise(turn.text)])
        corrected, changes = self.correct(heard.text)
        [text] = self._redactor.redact([Aligned(corrected)])
        if text.text != corrected:  # a correction brought personal data to light: its offsets no longer hold
            changes = []
        [look] = glance([text.text])
        _, pairs = heard.part(0, len(heard.text))
        return Utterance(
            utterance_id=utterance_id(raw.event_id, turn.seq),
            event_id=raw.event_id,
            seq=turn.seq,
            source=raw.source,
            channel=raw.channel,
            conversation_id=raw.conversation_id,
            customer_id=raw.customer_id,
            speaker=turn.role,
            text=text.text,
            language=language_of(text.text),
            source_span=Span(start=0, end=len(turn.text)),
            alignment=pairs,
            fingerprint=fingerprint(look.words or look.folded),
            marks=(Mark.MACHINE_MADE,) if turn.role is Speaker.BOT or is_machine_made(look) else (),
            redactions=redactions_in(text.text),
            heard_text=heard.text if changes else None,
            corrections=tuple(Correction(start=c.start, end=c.end, heard=c.heard, score=c.gain) for c in changes),
            audio=audio,
            call=measures,
            score=raw.score,
            visit_id=raw.visit_id,
            order_id=raw.order_id,
            attributes=raw.attributes,
            occurred_at=raw.occurred_at + timedelta(milliseconds=turn.start_ms),
            ingested_at=raw.ingested_at,
            cleaned_at=cleaned_at,
        )
