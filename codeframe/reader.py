"""Texts to clauses with the words found in them: one automaton over the whole batch.

Terms, parts of patterns and cue words are found together by Aho and Corasick's algorithm (1975); of
overlapping ones the longest of a kind stands.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from codeframe.folding import CodePoints, joined, to_text
from codeframe.vocabulary import Cue, Literal, Vocabulary

Hit: TypeAlias = tuple[int, int, Literal]
"""Where a literal stands, [start, end) of the batch's folded text."""

_HARD = "。！？!?\n…"
_SOFT = ",，;；~～"
_FULL_STOP, _COMMA, _SPACE, _COLON = ord("."), ord(","), ord(" "), ord(":")
_SPLIT = int(Cue.BUT | Cue.THOUGH)
_ENDING = re.compile(r"(?:'?s|es|e?d|ing)(?![a-z0-9])")
_SHORTEST_STEM = 4


@dataclass(slots=True, eq=False)
class Clause:
    """A stretch between punctuation or contrast words. `hard` ends a sentence, `asked` ends in a question mark."""

    start: int
    end: int = 0
    hard: bool = False
    asked: bool = False
    contrast: int = 0
    terms: list[Hit] = field(default_factory=list)
    links: list[Hit] = field(default_factory=list)
    signs: list[Hit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """Folded texts as one, where each starts in it, and the clauses of each that hold a known word."""

    folded: str
    starts: list[int]
    clauses: list[list[Clause]]


class Reader:
    """Finds the words of a vocabulary. Immutable; share it between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._automaton = ahocorasick.Automaton()
        for text, literal in vocabulary.literals.items():
            self._automaton.add_word(text, (len(text), literal))
        self._automaton.make_automaton()

    def read(self, texts: Sequence[str]) -> Batch:
        """Fold the texts, cut them into clauses, and find every known word."""
        points, starts = joined(texts)
        folded = to_text(points)
        return Batch(folded, starts, self._clauses(folded, starts, *_breaks(points)))

    def _clauses(self, folded: str, starts: list[int], breaks: list[int], hard: list[bool]) -> list[list[Clause]]:
        found: list[list[Clause]] = [[] for _ in starts]
        clause = Clause(0)
        text_end, text = -1, -1
        clause_end = -1
        mask_start = mask_end = -1
        for last, (size, literal) in self._automaton.iter(folded):
            end = last + 1
            start = end - size
            if last > clause_end:
                at = bisect_left(breaks, last)
                clause_end = breaks[at]
                clause = Clause(breaks[at - 1] + 1 if at else 0, clause_end, hard[at], folded[clause_end] == "?")
                while clause_end > text_end:
                    text += 1
                    text_end = starts[text + 1] - 1 if text + 1 < len(starts) else len(folded)
                found[text].append(clause)
            if start < clause.start or (literal.latin and not _whole_word(folded, start, end)):
                continue
            if literal.mask:
                _hide(clause, start)
                mask_start, mask_end = start, end
            elif end == mask_end and start >= mask_start and _small(literal):
                continue
            if literal.terms:
                _add(clause.terms, start, end, literal)
            if literal.linked:
                clause.links.append((start, end, literal))
            if literal.cues & _SPLIT and start > clause.start:
                clause = _split(clause, start)
                found[text].append(clause)
            if literal.valence or literal.cues:
                if literal.cues & _SPLIT:
                    clause.contrast = literal.cues & _SPLIT
                _add(clause.signs, start, end, literal)
        return found


def _breaks(points: CodePoints) -> tuple[list[int], list[bool]]:
    """Where clauses end: the offset of the character that ends each, and whether it ends a sentence."""
    kind = _KINDS[np.minimum(points, _KINDS.size - 1)]
    after = np.append(points[1:], np.uint32(_SPACE))
    before = np.append(np.uint32(_SPACE), points[:-1])
    digit = (after >= ord("0")) & (after <= ord("9"))
    kind[(points == _FULL_STOP) & (after != _SPACE) & (after < _FIRST_HAN)] = 0
    kind[(points == _COMMA) & digit] = 0
    kind[(points == _SPACE) & (before >= _FIRST_HAN) & (after >= _FIRST_HAN)] = 1
    where = np.flatnonzero(kind)
    return where.tolist(), (kind[where] > 1).tolist()


_FIRST_HAN = 0x2E80


def _kinds() -> NDArray[np.int8]:
    kinds = np.zeros(0x10000, np.int8)
    kinds[[ord(mark) for mark in _SOFT]] = 1
    kinds[[ord(mark) for mark in _HARD]] = 2
    kinds[_FULL_STOP] = 2
    return kinds


_KINDS = _kinds()


def _add(hits: list[Hit], start: int, end: int, literal: Literal) -> None:
    """Keep the longest: hits come by their end, the longest of those with one end first."""
    if hits:
        last_start, last_end, _ = hits[-1]
        if last_end == end and last_start <= start:
            return
        while hits and hits[-1][0] >= start:
            hits.pop()
    hits.append((start, end, literal))


def _small(literal: Literal) -> bool:
    """Whether a phrase around it hides it: a cue or a single character, but not a term of substance."""
    return bool(literal.valence or literal.cues) or len(literal.text) == 1


def _hide(clause: Clause, start: int) -> None:
    clause.signs = [hit for hit in clause.signs if hit[0] < start]
    clause.links = [hit for hit in clause.links if hit[0] < start or not _small(hit[2])]
    clause.terms = [hit for hit in clause.terms if hit[0] < start or not _small(hit[2])]


def _split(clause: Clause, at: int) -> Clause:
    """End the clause where a contrast word starts, and open the one that it opens."""
    rest = Clause(at, clause.end, clause.hard, clause.asked)
    clause.end, clause.hard, clause.asked = at, False, False
    for name in ("terms", "links", "signs"):
        hits: list[Hit] = getattr(clause, name)
        setattr(rest, name, [hit for hit in hits if hit[0] >= at])
        setattr(clause, name, [hit for hit in hits if hit[0] < at])
    return rest


def _whole_word(folded: str, start: int, end: int) -> bool:
    """Whether a Latin word stands alone, but for an English ending."""
    if start and (before := folded[start - 1]).isascii() and before.isalnum() and folded[start].isascii() and folded[start].isalnum():
        return False
    if not (folded[end - 1].isascii() and folded[end - 1].isalnum()):
        return True
    if not (folded[end].isascii() and (folded[end].isalnum() or folded[end] == "'")):
        return True
    return end - start >= _SHORTEST_STEM and _ENDING.match(folded, end) is not None
