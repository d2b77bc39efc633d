"""Words by their sound: those that may have been said where others were heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from codeframe.heard.sounds import Sound, distance, sound

_Key = tuple[Sound, ...]


class Candidate(NamedTuple):
    """A word that may be put in, how it is said, and whether it is one of the language, not of the trade."""

    word: str
    said: tuple[str, ...]
    ordinary: bool


class Candidates:
    """Words of which every syllable is near to what was heard, and longer ones of which one may be so by a half: initial or final."""

    def __init__(self) -> None:
        self._near: dict[_Key, list[Candidate]] = {}
        self._half: dict[_Key, list[Candidate]] = {}

    def add(self, candidate: Candidate, half: bool) -> None:
        """Know a word; `half` says whether a half of a syllable is enough."""
        key = tuple(map(sound, candidate.said))
        self._near.setdefault(key, []).append(candidate)
        if half and len(key) > 1:
            for part in _halves(key):
                self._half.setdefault(part, []).append(candidate)

    def like(self, heard: Sequence[str]) -> Iterator[tuple[Candidate, float]]:
        """Words that may have been said as these toned syllables, and what having heard them so costs."""
        key = tuple(map(sound, heard))
        for candidate in self._near.get(key, ()):
            yield candidate, sum(map(distance, candidate.said, heard))
        if len(key) > 1:
            for part in _halves(key):
                for candidate in self._half.get(part, ()):
                    if tuple(map(sound, candidate.said)) != key:
                        yield candidate, sum(map(distance, candidate.said, heard))


def _halves(key: _Key) -> Iterator[_Key]:
    """A key with each of its syllables known by its initial only, and by its final only."""
    for at, (initial, final) in enumerate(key):
        for half in ((initial, "*"), ("*", final)):
            yield (*key[:at], half, *key[at + 1 :])
