"""Texts to the known words in them, a batch at a time: one automaton, then arrays.

Terms, parts of patterns and cue words are found together by Aho and Corasick's algorithm (1975); of
overlapping ones the longest of a kind stands. Everything after the automaton is done for the whole batch
at once, so that a text costs microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from codeframe.folding import CodePoints, joined, to_text
from codeframe.spelling import unrepeated
from codeframe.vocabulary import Cue, Vocabulary

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_HARD = "。！？!?\n…"
_SOFT = ",，;；~～"
_FULL_STOP, _COMMA, _SPACE, _ASKED = ord("."), ord(","), ord(" "), ord("?")
_FIRST_HAN = 0x2E80
_SPLIT = int(Cue.BUT | Cue.THOUGH)
_ENDING = re.compile(r"(?:'?s|es|e?d|ing)(?![a-z0-9])")
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Hits:
    """Words found, by where they start: offsets in the batch, literal ids, and the clause of each."""

    start: Ints
    end: Ints
    id: Ints
    clause: Ints

    def take(self, which: Bools) -> Hits:
        return Hits(self.start[which], self.end[which], self.id[which], self.clause[which])

    def longest(self) -> Hits:
        """Without those that stand inside another."""
        if not self.end.size:
            return self
        reach = np.maximum.accumulate(self.end)
        inside = np.zeros(self.end.size, bool)
        inside[1:] = reach[:-1] >= self.end[1:]
        return self.take(~inside)


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts folded as one. A clause is a stretch between punctuation or contrast words; clause arrays have
    an entry a clause: where it starts and ends, whether it ends a sentence, and in a question mark."""

    folded: str
    starts: list[int]
    clause_start: Ints
    clause_end: Ints
    hard: Bools
    asked: Bools
    terms: Hits
    links: Hits
    signs: Hits


class Reader:
    """Finds the words of a vocabulary. Immutable; share it between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._spelling = vocabulary.spelling
        literals = list(vocabulary.literals.values())
        self._automaton = AhoCorasick([literal.text for literal in literals])
        self._longest = 1 + max(len(one.text) for one in literals)
        self._latin = np.array([one.latin for one in literals])
        self._mask = np.array([one.mask for one in literals])
        self._screen = np.array([one.screen for one in literals])
        self._small = np.array([one.sign or len(one.text) == 1 for one in literals])
        self._term = np.array([bool(one.terms) for one in literals])
        self._link = np.array([one.linked for one in literals])
        self._sign = np.array([one.sign for one in literals])
        self._split = np.array([bool(one.cues & _SPLIT) for one in literals])

    def read(self, texts: Sequence[str]) -> Batch:
        """Fold the texts, find every known word, and cut the texts into clauses."""
        points, starts = joined(texts)
        folded = to_text(points)
        start, end, ids = self._find(folded, points)
        small, mask, screen = self._small[ids], self._mask[ids], self._screen[ids]
        shown = ~(_hidden(start, end, mask, points.size) & small | _hidden(start, end, screen, points.size))
        kinds = _breaks(points)
        opens = np.ones(points.size, bool)
        opens[1:] = kinds[:-1] > 0
        every = Hits(start, end, ids, np.zeros_like(ids))
        signs = every.take(shown & self._sign[ids]).longest()
        opens[signs.start[self._split[signs.id]]] = True
        clause_at = np.cumsum(opens) - 1
        clause_start = np.flatnonzero(opens)
        clause_end = np.append(clause_start[1:], points.size)
        last = clause_end - 1

        def placed(hits: Hits) -> Hits:
            clause = clause_at[hits.start]
            return Hits(hits.start, hits.end, hits.id, clause).take(clause == clause_at[hits.end - 1])

        return Batch(
            folded,
            starts,
            clause_start,
            clause_end,
            kinds[last] > 1,
            points[last] == _ASKED,
            placed(every.take(shown & self._term[ids])).longest(),
            placed(every.take(shown & self._link[ids])),
            placed(signs),
        )

    def _find(self, folded: str, points: CodePoints) -> tuple[Ints, Ints, Ints]:
        """Every literal in the batch: start, end and id, by where they start, longest first."""
        stays = unrepeated(points)
        if stays is not None:
            points = points[stays]
            folded = to_text(points)
        folded = self._spelling.correct(folded, points)
        found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        ids, start, end = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3).T
        whole = self._whole(folded, points, start, end, ids)
        start, end, ids = start[whole], end[whole], ids[whole]
        if stays is not None:
            start, end = stays[start], stays[end - 1] + 1
        order = np.argsort(start * self._longest - end, kind="stable")
        return start[order], end[order], ids[order]

    def _whole(self, folded: str, points: CodePoints, start: Ints, end: Ints, ids: Ints) -> Bools:
        """Which are whole words, where the script has words; an English ending may follow."""
        whole = np.ones(ids.size, bool)
        latin = np.flatnonzero(self._latin[ids])
        if not latin.size:
            return whole
        letter = _letters(points)
        begins, ends = start[latin], end[latin]
        cut = (begins > 0) & letter[begins - 1] & letter[begins]
        runs_on = letter[ends - 1] & (letter[ends] | (points[ends] == ord("'")))
        whole[latin[cut]] = False
        for at in latin[runs_on & ~cut].tolist():
            whole[at] = end[at] - start[at] >= _SHORTEST_STEM and _ENDING.match(folded, int(end[at])) is not None
        return whole


def _letters(points: CodePoints) -> Bools:
    """Which are ASCII letters (folded, so lower case) or digits."""
    return ((points >= ord("a")) & (points <= ord("z"))) | ((points >= ord("0")) & (points <= ord("9")))


def _hidden(start: Ints, end: Ints, mask: Bools, size: int) -> Bools:
    """Which stand inside a longer phrase that hides what is in it."""
    reach = np.zeros(size, np.int64)
    np.maximum.at(reach, start[mask], end[mask])
    np.maximum.accumulate(reach, out=reach)
    hidden = reach[start] >= end
    if mask.any():
        own = np.flatnonzero(mask)
        top = np.maximum.accumulate(end[own])
        hidden[own[0]] = False
        hidden[own[1:]] = top[:-1] >= end[own[1:]]
    return hidden


def _breaks(points: CodePoints) -> NDArray[np.int8]:
    """For each character 0, or 1 where it ends a clause, or 2 where it ends a sentence."""
    kind = _KINDS[np.minimum(points, _KINDS.size - 1)]
    after = np.append(points[1:], np.uint32(_SPACE))
    before = np.append(np.uint32(_SPACE), points[:-1])
    kind[(points == _FULL_STOP) & (after != _SPACE) & (after != ord("\n")) & (after < _FIRST_HAN)] = 0
    kind[(points == _COMMA) & (after >= ord("0")) & (after <= ord("9"))] = 0
    kind[(points == _SPACE) & (before >= _FIRST_HAN) & (after >= _FIRST_HAN)] = 1
    return kind


def _kinds() -> NDArray[np.int8]:
    kinds = np.zeros(0x10000, np.int8)
    kinds[[ord(mark) for mark in _SOFT]] = 1
    kinds[[ord(mark) for mark in _HARD]] = 2
    kinds[_FULL_STOP] = 2
    return kinds


_KINDS = _kinds()
