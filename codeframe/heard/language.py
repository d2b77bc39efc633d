"""A word language model of Mandarin: words, how they are read, how frequent they are, and which follows which."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

BUNDLED = Path(__file__).parent / "language.npz"
START = 0
_BACK_OFF = -1.2
_UNKNOWN = -14.0
_RARE_CHARACTER = -12.5


class LanguageModel:
    """Log-probabilities. Words are numbered from 1; 0 stands for the beginning of a text. A word has a number for each reading."""

    def __init__(self, words: list[str], readings: list[str], unigrams: list[float], bigrams: dict[tuple[int, int], float]) -> None:
        self.words = ["", *words]
        self.readings = ["", *readings]
        self.unigrams = [0.0, *unigrams]
        self._bigrams = bigrams

    @classmethod
    @lru_cache(2)
    def load(cls, path: Path = BUNDLED) -> LanguageModel:
        """Read a model as `python -m streams.audio.training.words` writes it."""
        with np.load(path) as model:
            rows = [line.split("\t") for line in model["text"].tobytes().decode().split("\n")]
            pairs = zip(model["left"].tolist(), model["right"].tolist(), strict=True)
            bigrams = dict(zip(pairs, model["bigrams"].astype(np.float32).tolist(), strict=True))
            return cls([row[0] for row in rows], [row[1] for row in rows], model["unigrams"].astype(np.float32).tolist(), bigrams)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word in its most frequent reading."""
        found: dict[str, int] = {}
        for number, word in enumerate(self.words):
            if word not in found or self.unigrams[number] > self.unigrams[found[word]]:
                found[word] = number
        return found

    def score(self, before: int, word: int) -> float:
        """The log-probability of a word after another."""
        together = self._bigrams.get((before, word))
        return together if together is not None else self.unigrams[word] + _BACK_OFF

    def add(self, words: Iterable[str]) -> None:
        """Know these words too, as rare ones."""
        for word in words:
            if word not in self.numbers:
                self.numbers[word] = len(self.words)
                self.words.append(word)
                self.readings.append("")
                self.unigrams.append(_RARE_CHARACTER if len(word) == 1 else _UNKNOWN)
