"""A closer look at texts in which no word was found: letters set apart, and words that only sound like the trade's.

刹~车~失~灵 and 油 耗 高 are closed up. A word of three or more characters may be written with others of the same sound, 变速相
for 变速箱, as long as more than half of it is right and each wrong character stands in a pair that is not usual: 任何 is never
人何. The two-character words that matter stand in a frame's spellings, chosen by eye. Texts that say something already are left
alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from codeframe.finding import Found
from codeframe.folding import CodePoints, fold, fold_points, to_text

SOUNDS = Path(__file__).parent / "lexicon" / "sounds.txt"
PAIRS = Path(__file__).parent / "models" / "pairs.npz"
"""Pairs of neighbouring characters that people write, from `voc train pairs`."""

_HAN = "\u4e00-\u9fff"
_SET_APART = re.compile(rf"(?<![{_HAN}])[{_HAN}](?:[ ~～·.*_\-—、/|]{{1,2}}[{_HAN}](?![{_HAN}])){{2,}}")
_ALL_HAN = re.compile(rf"[{_HAN}]+")
_PRIVATE, _BASIC, _SHORTEST = 0xE000, 0x10000, 3
_DOUBT = 0.8
_FIRST, _COUNT, _USUAL = 0x4E00, 0x5200, 2


class Closer(NamedTuple):
    """A text as it was meant, and where each of its characters stands in the text as it was written."""

    text: str
    places: NDArray[np.int64]

    def place(self, found: Found) -> Found:
        """What was found in `text`, by the places of the text as it was written; a little less sure."""
        start, end = self._written((found.start, found.end))
        aspect = self._written(found.aspect) if found.aspect else None
        words = tuple(self._written(word) for word in found.words)
        return found._replace(start=start, end=end, aspect=aspect, words=words, confidence=_DOUBT * found.confidence)

    def _written(self, stretch: tuple[int, int]) -> tuple[int, int]:
        start, end = stretch
        return int(self.places[start]), int(self.places[end - 1]) + 1


class CloserLook:
    """Reads texts closely by the words of a vocabulary. Immutable."""

    def __init__(self, words: Iterable[str]) -> None:
        by_sound: dict[str, list[CodePoints]] = {}
        for word in words:
            if len(word) >= _SHORTEST and _ALL_HAN.fullmatch(word):
                points = fold_points(word)
                by_sound.setdefault(to_text(_sounds()[points]), []).append(points)
        self._automaton = AhoCorasick(list(by_sound), matchkind=MatchKind.LeftmostLongest)
        self._words = list(by_sound.values())
        self._right = [{to_text(word) for word in words} for words in self._words]

    def look(self, texts: Sequence[str]) -> Iterator[tuple[int, Closer]]:
        """The texts that hold something to mend, by number, as they were meant."""
        for number in sorted(self._suspects(texts)):
            if closer := self._look(texts[number]):
                yield number, closer

    def _suspects(self, texts: Sequence[str]) -> set[int]:
        """Texts with characters set apart or with a word that only sounds right: one pass over all of them."""
        joined = "\n".join(texts)
        points = fold_points(joined)
        folded, heard = to_text(points), to_text(_sounds()[np.minimum(points, _BASIC - 1)])
        places = [found.start() for found in _SET_APART.finditer(joined)]
        for number, start, end in self._automaton.find_matches_as_indexes(heard):
            if folded[start:end] not in self._right[number]:
                places.append(start)
        ends = list(accumulate(len(text) + 1 for text in texts))
        return {bisect_right(ends, place) for place in places}

    def _look(self, text: str) -> Closer | None:
        places = _closed_up(text)
        points = fold_points(text)[places]
        mended = self._mend(points)
        if not mended and places.size == len(text):
            return None
        return Closer(to_text(points), places)

    def _mend(self, points: CodePoints) -> bool:
        """Write words that only sound right as they are, in place; whether there were any."""
        heard = _sounds()[np.minimum(points, _BASIC - 1)]
        mended = False
        for number, start, end in self._automaton.find_matches_as_indexes(to_text(heard)):
            wrong, _, word = min((int((word != points[start:end]).sum()), at, word) for at, word in enumerate(self._words[number]))
            if 0 < wrong <= (end - start - 1) // 2 and _unusual(points[start:end], word):
                points[start:end] = word
                mended = True
        return mended


def _unusual(written: CodePoints, word: CodePoints) -> bool:
    """Whether each wrong character makes a pair, within the word, that is hardly ever written."""
    pairs, usual = _numbers(written), _usual_pairs()
    odd = usual[np.minimum(np.searchsorted(usual, pairs), usual.size - 1)] != pairs
    near = np.append(odd, False) | np.insert(odd, 0, False)
    return bool(near[written != word].all())


def _numbers(points: CodePoints) -> NDArray[np.uint32]:
    """A number for each pair of neighbouring characters; beyond all numbers where one of them is no Chinese character."""
    han = points.astype(np.int64) - _FIRST
    inside = (han >= 0) & (han < _COUNT)
    pairs = han[:-1] * _COUNT + han[1:]
    return np.where(inside[:-1] & inside[1:], pairs, _COUNT * _COUNT).astype(np.uint32)


def usual_pairs(texts: Iterable[str]) -> NDArray[np.uint32]:
    """The pairs that occur at least twice in texts, as sorted numbers."""
    numbers, counts = np.unique(_numbers(fold_points("\n".join(texts))), return_counts=True)
    return numbers[(counts >= _USUAL) & (numbers < _COUNT * _COUNT)]


def save_pairs(pairs: NDArray[np.uint32], file: Path) -> None:
    """Write what `usual_pairs` found, as small as it gets."""
    np.savez_compressed(file, steps=np.diff(pairs, prepend=np.uint32(0)))


@lru_cache(1)
def _usual_pairs() -> NDArray[np.uint32]:
    with np.load(PAIRS) as kept:
        return np.cumsum(kept["steps"], dtype=np.uint32)


def _closed_up(text: str) -> NDArray[np.int64]:
    """Where the characters stand that stay when what sets single characters apart is left out."""
    stays = np.ones(len(text), bool)
    for found in _SET_APART.finditer(text):
        stays[found.start() : found.end()] = [bool(_ALL_HAN.match(one)) for one in found.group()]
    return np.flatnonzero(stays)


@lru_cache(1)
def _sounds() -> CodePoints:
    """For every code point of the basic plane one that stands for its sound; those without one stay what they are."""
    table = np.arange(_BASIC, dtype=np.uint32)
    lines = [line for line in SOUNDS.read_text("utf-8").splitlines() if not line.startswith("#")]
    for number, line in enumerate(lines):
        table[[ord(one) for one in fold(line.split(" ", 1)[1])]] = _PRIVATE + number
    return table
