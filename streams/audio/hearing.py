"""An engine and the settings around it: hears a recording by reference, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from schemas.common import Speaker
from schemas.raw_voice import RawVoice
from schemas.utterance import AudioSpan, CallMeasures
from streams.audio.call import Spell, Turn, hear_call, measure
from streams.audio.diarise import open_diariser
from streams.audio.engine import Engine, EngineOptions, open_engine
from streams.audio.objects import open_audio
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """A recording that was heard."""

    turns: list[Turn]
    seconds: float
    measures: CallMeasures


class Hearing:
    """Hears with the engine that the settings name."""

    def __init__(self, settings: Settings, hot_words: Sequence[str] = ()) -> None:
        options = EngineOptions(settings.asr_threads, hot_words, settings.asr_key.get_secret_value())
        self.engine: Engine = open_engine(settings.asr, options)
        self._diariser = open_diariser(settings.diariser, settings.asr_threads) if settings.diariser else None
        self._max_seconds = settings.audio_max_minutes * 60
        self._max_bytes = settings.audio_max_bytes

    @classmethod
    @lru_cache(1)
    def of(cls, settings: Settings, hot_words: tuple[str, ...] = ()) -> Hearing:
        """The one of these settings in this process."""
        return cls(settings, hot_words)

    def hear(self, raw: RawVoice, spell: Spell) -> Call:
        """Hear the recording of an event. Raises AudioError and UnavailableError."""
        with open_audio(raw.audio, self._max_bytes) as file:
            return self.hear_file(file, raw.roles, raw.language, spell)

    def hear_file(self, file: BinaryIO, roles: Sequence[Speaker], language: str | None, spell: Spell) -> Call:
        """Hear a file that can seek. Raises AudioError."""
        turns, seconds = hear_call(file, self.engine, roles, self._max_seconds, language, spell, self._diariser)
        return Call(turns, seconds, measure(turns, seconds))

    def span(self, raw: RawVoice, turn: Turn) -> AudioSpan:
        """Where in a recording a turn was spoken."""
        return AudioSpan(
            uri=raw.audio.uri or f"inline:{raw.event_id}",
            sha256=raw.audio.sha256,
            channel=turn.channel,
            voice=turn.voice,
            start_ms=turn.start_ms,
            end_ms=turn.end_ms,
            confidence=turn.confidence,
            engine=self.engine.name,
            model_hash=self.engine.model_hash,
        )
