"""Look at a batch of texts at once, so that patterns are asked only about texts that can have them.

A text costs some thirty searches by regular expressions, and nearly all find nothing. What each cannot do without, some class of
character or two characters in a row, is seen here for the whole batch by tables over code points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.folding import table, to_text
from codeframe.text import language, marks, names, normalise, patterns
from codeframe.text import sight as see
from codeframe.text.sight import Look, Pair

Bits = NDArray[np.int16]

_LAST = 0x40000
_BEYOND = "\U000e0001"
"""Stands for all code points from there on: none is a letter, and normalising takes most of them out."""

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_WORD = 1 << 12
_CODED = 1 << 13
_SAME, _CODE, _SPACED, _DIGITS = 4, 6, 17, 5

_AS_TYPED = {see.UNCLEAN: normalise.UNCLEAN, see.HAN: language.HAN, see.FOREIGN: language.FOREIGN}
_FOLDED = {see.DIGIT: r"\d", see.OTHER_DIGIT: patterns.OTHER_DIGIT, see.NAME: names.SURNAME_CUE, _WORD: r"[^\W_]", _CODED: r"[a-z0-9_\-]"}
_PAIRS: dict[int, tuple[Pair, ...]] = {
    see.UNCLEAN: ((" ", " "),),
    see.LETTERS: ((_LATIN, _LATIN),),
    see.SPELT: patterns.SPELT_PAIRS,
    see.PLATE: patterns.PLATE_PAIRS,
    see.NAME: names.NAME_PAIRS,
    see.ADDRESS: names.ADDRESS_PAIRS,
    see.TEMPLATE: marks.TEMPLATE_PAIRS,
}


class _Tables(NamedTuple):
    """Bits of each code point as typed and folded; its place in the rows and in the columns of the bits of pairs."""

    typed: Bits
    folded: Bits
    row: Bits
    column: Bits
    pair: Bits


@cache
def _tables() -> _Tables:
    every = "".join(map(chr, range(_LAST))) + _BEYOND
    firsts, seconds = (sorted({char for some in _PAIRS.values() for pair in some for char in pair[side]}) for side in (0, 1))
    row, column = np.zeros(_LAST + 1, np.int16), np.zeros(_LAST + 1, np.int16)
    row[[ord(char) for char in firsts]] = np.arange(1, len(firsts) + 1)
    column[[ord(char) for char in seconds]] = np.arange(1, len(seconds) + 1)
    pair = np.zeros((len(firsts) + 1, len(seconds) + 1), np.int16)
    for bit, some in _PAIRS.items():
        for first, second in some:
            pair[np.ix_(row[[ord(char) for char in first]], column[[ord(char) for char in second]])] |= bit
    return _Tables(_classes(_AS_TYPED, every), _classes(_FOLDED, every), row, column, pair)


def _classes(patterns_of: dict[int, str], every: str) -> Bits:
    bits = np.zeros(len(every), np.int16)
    for bit, pattern in patterns_of.items():
        bits[[match.start() for match in re.finditer(pattern, every)]] |= bit
    return bits


def glance(texts: Sequence[str]) -> list[Look]:
    """A look at each text, in order."""
    if not texts:
        return []
    tables, size = _tables(), np.array([len(text) + 1 for text in texts])
    end = np.cumsum(size)
    start = end - size
    points = np.frombuffer((" ".join(texts) + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    folded = table()[points]
    known = np.minimum(folded, _LAST)
    of_folded = tables.folded[known]
    bits = tables.typed[np.minimum(points, _LAST)] | of_folded
    bits[:-1] |= tables.pair[tables.row[known[:-1]], tables.column[known[1:]]]
    bits[_runs(points[1:] == points[:-1], _SAME - 1)] |= see.UNCLEAN
    coded = of_folded & _CODED > 0
    bits[_runs(coded, _CODE)] |= see.CODE
    coded[1:-1] |= coded[:-2] & coded[2:] & (folded[1:-1] == ord(" "))
    bits[_runs(coded, _SPACED)] |= see.CODE
    is_word = of_folded & _WORD > 0
    few = np.add.reduceat(of_folded & see.DIGIT > 0, start, dtype=np.int64) < _DIGITS
    word_end = np.cumsum(np.add.reduceat(is_word, start, dtype=np.int64)).tolist()
    words, whole = to_text(folded[is_word]), to_text(folded)
    sights = np.bitwise_or.reduceat(bits, start) & see.EVERYTHING
    sights[few] &= ~see.DIGIT
    stops = (end - 1).tolist()
    rows = zip(texts, start.tolist(), stops, [0, *word_end], word_end, sights.tolist(), strict=False)
    return [Look(text, whole[first:last], words[begin:finish], seen) for text, first, last, begin, finish, seen in rows]


def look_again(texts: Sequence[str], before: Sequence[Look]) -> list[Look]:
    """A look at each text, where `before` is one at what it was: most have not changed since."""
    new = iter(glance([text for text, look in zip(texts, before, strict=True) if text != look.text]))
    return [look if text == look.text else next(new) for text, look in zip(texts, before, strict=True)]


def _runs(held: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """Where `length` in a row hold."""
    size = max(held.size - length + 1, 0)
    run = held[:size]
    for at in range(1, length):
        run = run & held[at : at + size]
    return np.flatnonzero(run)
