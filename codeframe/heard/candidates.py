"""Words by their sound: those that may have been said where others were heard."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from codeframe.heard.sounds import distance, sound

LONGEST = 6
"""Syllables that a word has at most."""

_BITS = 6
_HALF, _BOTH = (1 << _BITS) - 1, 2 * _BITS


class Candidate(NamedTuple):
    """A word that may be put in, how it is said, and whether it is one of the language, not of the trade."""

    word: str
    said: tuple[str, ...]
    ordinary: bool


class Candidates:
    """Words of which every syllable is near to what was heard, and longer ones of which one may be so by a half: initial or final.

    The sounds of a word are one number: twelve bits a syllable, six each for its initial and its final, 0 for a half that may be any.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._near: dict[int, list[Candidate]] = {}
        self._half: dict[int, list[tuple[int, Candidate]]] = {}

    def add(self, candidate: Candidate, half: bool) -> None:
        """Know a word of at most six syllables; `half` says whether a half of a syllable is enough."""
        key = 0
        for syllable in candidate.said:
            for one in sound(syllable):
                self._numbers.setdefault(one, len(self._numbers) + 1)
            key = key << _BOTH | self._number(syllable)
        self._near.setdefault(key, []).append(candidate)
        if half and len(candidate.said) > 1:
            for part in _halves(key):
                self._half.setdefault(part, []).append((key, candidate))

    def like(self, heard: Sequence[str], within: Collection[int]) -> Iterator[tuple[int, Candidate, float]]:
        """Words that may have been said as these toned syllables: where, which, and what having heard them so costs.

        Only those that take one of the places `within`.
        """
        numbers = [self._number(syllable) for syllable in heard]
        for at in range(len(heard)):
            key, wanted = 0, False
            for end in range(at + 1, min(at + LONGEST, len(heard)) + 1):
                key = key << _BOTH | numbers[end - 1]
                wanted = wanted or end - 1 in within
                if wanted:
                    for candidate in self._near.get(key, ()):
                        yield at, candidate, sum(map(distance, candidate.said, heard[at:end]))
                    if end - at > 1:
                        for part in _halves(key):
                            for own, candidate in self._half.get(part, ()):
                                if own != key:
                                    yield at, candidate, sum(map(distance, candidate.said, heard[at:end]))

    def _number(self, syllable: str) -> int:
        initial, final = sound(syllable)
        return self._numbers.get(initial, 0) << _BITS | self._numbers.get(final, 0)


def _halves(key: int) -> Iterator[int]:
    """A key with each of its syllables known by its initial only, and by its final only."""
    at = 0
    while key >> at:
        yield key & ~(_HALF << at)
        at += _BITS
