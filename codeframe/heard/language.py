"""A word language model of Mandarin: words, how they are read, and how likely each is after the two before it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

BUNDLED = Path(__file__).parent / "language.npz"

State: TypeAlias = int
"""A history, the last two words, as one number; where the model knows nothing of the two together, the last alone."""
START: State = 0
_BITS = 20
_LAST = (1 << _BITS) - 1
_ALONE = _LAST << _BITS


class LanguageModel:
    """Log-probabilities of an interpolated trigram with back-off. Words are numbered from 1; 0 begins a text."""

    def __init__(
        self,
        words: list[str],
        readings: list[tuple[int, str, float]],
        alone: list[float],
        after_one: list[float],
        pairs: dict[int, tuple[float, float]],
        triples: dict[int, float],
    ) -> None:
        self.words = ["", *words]
        self.numbers = {word: number for number, word in enumerate(self.words)}
        self.readings = readings
        self.alone, self._after_one = [0.0, *alone], after_one
        self._pairs, self._triples = pairs, triples

    @classmethod
    @lru_cache(2)
    def load(cls, path: Path = BUNDLED) -> LanguageModel:
        """Read a model as `python -m streams.audio.training.words` writes it."""
        with np.load(path) as model:
            rows = [line.split("\t") for line in model["readings"].tobytes().decode().split("\n")]
            left, right = model["left"].astype(np.int64), model["right"].astype(np.int64)
            pairs = (left << _BITS) + right
            values = zip(_floats(model["pairs"]), _floats(model["after_two"]), strict=True)
            return cls(
                model["words"].tobytes().decode().split("\n"),
                [(int(number), reading, float(odds)) for number, reading, odds in rows],
                _floats(model["alone"]),
                _floats(model["after_one"]),
                dict(zip(pairs.tolist(), values, strict=True)),
                dict(zip(((pairs[model["history"]] << _BITS) + model["next"]).tolist(), _floats(model["triples"]), strict=True)),
            )

    def score(self, state: State, word: int) -> float:
        """The log-probability of a word after a history."""
        if (together := self._triples.get((state << _BITS) + word)) is not None:
            return together
        history, before = self._pairs.get(state), state & _LAST
        left = history[1] if history else 0.0
        if pair := self._pairs.get((before << _BITS) + word):
            return left + pair[0]
        return left + self._after_one[before] + self.alone[word]

    def after(self, state: State, word: int) -> State:
        """The history that a word makes of another."""
        both = ((state & _LAST) << _BITS) + word
        return both if both in self._pairs else _ALONE + word


def _floats(values: NDArray[np.float16]) -> list[float]:
    return values.astype(np.float32).tolist()  # type: ignore[no-any-return]
