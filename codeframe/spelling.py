"""Other ways to write an industry's words: 挂档 for 挂挡, and what ears and keyboards make of a word, 杀车 for 刹车.

A frame lists them in spellings.yaml. A variant is as long as the word that it stands for, so places in a text stay what they are.
"""

from __future__ import annotations

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from codeframe.definition import Spellings
from codeframe.folding import CodePoints, fold, fold_points, to_text

_FIRST_HAN = 0x2E80


class Spelling:
    """Writes known variants as the word that they stand for. Immutable."""

    def __init__(self, spellings: Spellings) -> None:
        tables = (spellings.heard, spellings.written)
        words = {fold(variant): fold(word) for table in tables for word, variants in table.items() for variant in variants}
        self._variants = AhoCorasick(words)
        self._words = [fold_points(word) for word in words.values()]

    def correct(self, folded: str, points: CodePoints) -> str:
        """Correct `points` in place; the corrected text."""
        found = self._variants.find_matches_as_indexes(folded, overlapping=True)
        for number, start, end in found:
            points[start:end] = self._words[number]
        return to_text(points) if found else folded

    def word(self, folded: str) -> str:
        """A word as texts have it after correction."""
        return self.correct(folded, fold_points(folded))


def unrepeated(points: CodePoints) -> NDArray[np.int64] | None:
    """Where the characters stand that stay, where a Chinese character said three times or more is said once; None where none is."""
    same = np.zeros(points.size, bool)
    same[1:] = points[1:] == points[:-1]
    same &= points >= _FIRST_HAN
    run = same[1:] & same[:-1]
    if not run.any():
        return None
    inside = np.zeros(points.size, bool)
    inside[1:] |= run
    inside[:-1] |= run
    return np.flatnonzero(~(inside & same))
