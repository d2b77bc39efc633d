"""The bundled engine: a net that hears toned syllables; a language model spells them later (codeframe.heard.spelling).

It knows the synthetic voices that it was trained on and the trade's words, nothing more: for trials, tests and the demo. For real
calls an operator points VOC_ASR at SenseVoice, Paraformer or Whisper.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.engine import EngineOptions, Heard, as_floats, file_hash, require_files, session
from streams.audio.small.features import fbank

_FILES = ("acoustic.onnx", "tokens.txt")
Alternatives = list[tuple[str, float]]

_ALTERNATIVES = 6
_LIKELY = -6.0
_PADDING_S = 0.4
_UNSURE, _UNSURE_LONG, _LONG = 0.42, 0.5, 10
"""Confidence below which nobody speaks, in a few syllables and in many: babble, music, tones get 0.2 to 0.5, bad codecs 0.43 and more."""
_SLOWEST = 1.3
"""Syllables a second: who speaks says more."""
_SAME, _MANY = 3, 6
"""How often on average a syllable may come in a stretch of so many: a dialling tone is one syllable for ever."""


class SmallEngine:
    """A net."""

    name = "small"

    def __init__(self, folder: Path, threads: int) -> None:
        net, tokens = require_files(folder, _FILES)
        self.model_hash = file_hash(net)
        self._tokens = [line.rsplit(" ", 1)[0] for line in tokens.read_text("utf-8").splitlines()]
        self._net: Any = session(net, threads)

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The syllables in mono samples; a stretch that is more likely nothing gives none."""
        positions = self.syllables(samples)
        if not positions:
            return Heard("", None)
        confidence = float(np.exp(np.mean([position[0][1] for position in positions])))
        different = len({position[0][0] for position in positions})
        sure = confidence >= (_UNSURE if len(positions) < _LONG else _UNSURE_LONG)
        fast = len(positions) >= _SLOWEST * (len(samples) / RATE - _PADDING_S)
        spoken = sure and fast and len(positions) < max(_MANY, _SAME * different)
        return Heard("", confidence, positions if spoken else ())

    def syllables(self, samples: NDArray[np.int16]) -> list[Alternatives]:
        """What was heard at each position: syllables and their log-probabilities, the best first."""
        frames = fbank(as_floats(samples))[None]
        scores = self._net.run(["log_probs"], {"x": frames, "x_lens": np.array([frames.shape[1]])})[0][0]
        return [self._alternatives(peak) for peak in _peaks(scores)]

    def _alternatives(self, scores: NDArray[np.float32]) -> Alternatives:
        best = scores.argpartition(-_ALTERNATIVES)[-_ALTERNATIVES:]
        ranked = sorted(((float(scores[one]), int(one)) for one in best), reverse=True)
        return [(self._tokens[one], score) for at, (score, one) in enumerate(ranked) if at == 0 or score > _LIKELY]


def _peaks(scores: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The frame in which each syllable is surest, without the blank."""
    best = scores.argmax(-1)
    begins = np.flatnonzero((best != 0) & (best != np.concatenate([[0], best[:-1]])))
    peaks = []
    for begin in begins:
        end = begin + 1
        while end < len(best) and best[end] == best[begin]:
            end += 1
        peak = scores[begin + int(scores[begin:end, best[begin]].argmax())].copy()
        peak[0] = -np.inf
        peaks.append(peak)
    return peaks


def bundled() -> Path:
    """The folder of the bundled model."""
    return Path(str(files("streams.audio.small"))) / "model"


def open_engine(folder: str, options: EngineOptions) -> SmallEngine:
    """The bundled model, or one of the same kind in a folder."""
    return SmallEngine(Path(folder) if folder else bundled(), options.threads)
