"""Whisper by faster-whisper with a model directory of the operator's: `whisper:DIR`."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.engine import EngineOptions, Heard, as_floats, file_hash, require_files
from streams.audio.pauses import Timed, marked, pauses

_BEAM = 16
_NO_SPEECH = 0.6
_LOOPING = 2.4
"""A text that zlib makes so many times shorter repeats itself: Whisper's own limit."""
_WINDOW = 30 * RATE
_PROMPTED_WORDS = 60
_CHINESE = "zh"


class WhisperEngine:
    """Whisper on the CPU in 8 bits, one stretch of speech at a time.

    It gives every text of its beam: the best is often a homophone of what was said, and a language model that knows the trade tells better.
    For Chinese that is better than words of the trade as a prompt, with which Whisper base hears worse. Speech in other languages is heard
    better with it, in whatever language its words are: "brake pedal" came as "break handle" without.
    """

    name = "whisper"

    def __init__(self, folder: Path, options: EngineOptions) -> None:
        [model] = require_files(folder, ["model.bin"])
        self.model_hash = file_hash(model)
        self._model = faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=options.threads)
        self._hot_words = " " + " ".join(options.hot_words[:_PROMPTED_WORDS])
        self._tokenizer = lru_cache(self._tokenizer_of)

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The words in mono samples, at most 30 s; without a hint the language is found by the model."""
        features = self._model.feature_extractor(as_floats(samples[:_WINDOW]))[..., :-1]
        encoded = self._model.encode(pad_or_trim(features))
        tokenizer = self._tokenizer(language or self._language(encoded))
        [result] = self._model.model.generate(
            encoded,
            [[*self._prompt(tokenizer), *tokenizer.sot_sequence, tokenizer.no_timestamps]],
            beam_size=_BEAM,
            num_hypotheses=_BEAM,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
        )
        if result.no_speech_prob >= _NO_SPEECH:
            return Heard("", None)
        rows = zip(result.sequences_ids, result.scores, strict=True)
        found = [(text, score, tokens) for tokens, score in rows if (text := tokenizer.decode(tokens).strip())]
        found = [one for one in found if get_compression_ratio(one[0]) <= _LOOPING]
        if not found:
            return Heard("", None)
        best, likely, tokens = found[0]
        [words] = self._model.find_alignment(tokenizer, [tokens], encoded, features.shape[-1])
        paused = pauses(Timed(word["word"], float(word["end"])) for word in words)
        texts = [(marked(text, best, paused), score * len(tokens)) for text, score, tokens in found]
        return Heard(texts[0][0], min(1.0, math.exp(likely)), (), texts)

    def _language(self, encoded: Any) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        return str(self._model.model.detect_language(encoded)[0][0][0][2:-2])  # <|zh|>

    def _prompt(self, tokenizer: Tokenizer) -> list[int]:
        if tokenizer.language_code == _CHINESE or self._hot_words.isspace():
            return []
        return [tokenizer.sot_prev, *tokenizer.encode(self._hot_words)]

    def _tokenizer_of(self, language: str) -> Any:
        return Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language)


def open_engine(folder: str, options: EngineOptions) -> WhisperEngine:
    """The engine of a model directory."""
    return WhisperEngine(Path(folder), options)
