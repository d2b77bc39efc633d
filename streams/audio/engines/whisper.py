"""faster-whisper with a model directory of the operator's: `whisper:DIR`."""

from __future__ import annotations

import math
from pathlib import Path

import faster_whisper
import numpy as np
from numpy.typing import NDArray

from streams.audio.engine import EngineOptions, Heard, as_floats, file_hash, require_files

_BEAM = 5
_NO_SPEECH = 0.6
_PROMPTED_WORDS = 60


class WhisperEngine:
    """Whisper on the CPU in 8 bits, one stretch of speech at a time."""

    name = "whisper"

    def __init__(self, folder: Path, options: EngineOptions) -> None:
        [model] = require_files(folder, ["model.bin"])
        self.model_hash = file_hash(model)
        self._model = faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=options.threads)
        self._hot_words = " ".join(options.hot_words[:_PROMPTED_WORDS]) or None

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The words in mono samples; without a hint the language is found by the model."""
        segments, _ = self._model.transcribe(
            as_floats(samples),
            language=language,
            beam_size=_BEAM,
            condition_on_previous_text=False,
            no_speech_threshold=_NO_SPEECH,
            hotwords=self._hot_words,
        )
        heard = [segment for segment in segments if segment.no_speech_prob < _NO_SPEECH]
        if not heard:
            return Heard("", None)
        score = sum(segment.avg_logprob for segment in heard) / len(heard)
        return Heard("".join(segment.text for segment in heard).strip(), min(1.0, math.exp(score)))


def open_engine(folder: str, options: EngineOptions) -> WhisperEngine:
    """The engine of a model directory."""
    return WhisperEngine(Path(folder), options)
