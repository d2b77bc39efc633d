"""Texts to hashed n-grams, a whole batch in a few numpy calls.

Every run of one to four characters inside a clause is a feature, and so is every ASCII word and pair of words; a feature is one of
2^17 buckets (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009). Characters are folded first: NFKC, lower
case, Simplified, digits as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.folding import table

BITS = 17
BUCKETS = 1 << BITS
_LONGEST = 4
_PLANE = 0x10000
_TEXT_END, _SPACE, _ASCII = 10, 32, 128
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FFF
_STOPS = " ，。！？；,.!?;~…\n、:"
_MIX, _MIX_NEXT, _MIX_CHARACTER = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
_FIRST, _FIRST_ADD = np.uint32(2654435761), np.uint32(12345)
_WORD, _PAIR = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)


class Bags(NamedTuple):
    """Buckets in order of clause. Clause c has `buckets[starts[c] : starts[c + 1]]`, belongs to text `text_of[c]`, and stands at
    `spans[c]`, [start, end) of its text. `chinese` is the share of Chinese characters in each text."""

    buckets: NDArray[np.int32]
    starts: NDArray[np.int64]
    text_of: NDArray[np.int64]
    spans: NDArray[np.int64]
    chinese: NDArray[np.float64]


@cache
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each code point of the basic plane: its folded code point, whether it ends a clause, whether it is part of a word."""
    fold = np.minimum(table()[:_PLANE], _PLANE - 1)
    fold[np.isin(fold, np.arange(ord("0"), ord("9") + 1))] = ord("0")
    fold[_TEXT_END] = _TEXT_END
    stop = np.zeros(_PLANE, bool)
    stop[[ord(c) for c in _STOPS]] = True
    word = np.zeros(_PLANE, bool)
    word[[ord(c) for c in "abcdefghijklmnopqrstuvwxyz0'-"]] = True
    return fold, stop, word


def _bucket(hashes: NDArray[np.uint32]) -> NDArray[np.int32]:
    mixed = (hashes ^ (hashes >> np.uint32(13))) * _MIX
    return (mixed >> np.uint32(32 - BITS)).astype(np.int32)


def _words(
    points: NDArray[np.uint32], word: NDArray[np.bool_], sentence: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hashes of words and of pairs of neighbours within a text, and the position where each starts."""
    inside = word[points]
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))
    if not len(starts):
        return np.empty(0, np.uint32), np.empty(0, np.int64)
    at = np.flatnonzero(inside)
    which = np.searchsorted(starts, at, side="right") - 1
    place = (at - starts[which]).astype(np.uint32)
    hashes = np.zeros(len(starts), np.uint32)
    np.add.at(hashes, which, (points[at] * _FIRST) ^ ((place + np.uint32(1)) * _MIX_CHARACTER) * (points[at] + _FIRST_ADD))
    hashes *= _WORD
    near = sentence[starts[:-1]] == sentence[starts[1:]]
    pairs = (hashes[:-1] * _PAIR + hashes[1:])[near]
    return np.concatenate([hashes, pairs]), np.concatenate([starts, starts[:-1][near]])


def extract(texts: Sequence[str]) -> Bags:
    """The n-grams of every clause of every text; each text has at least one clause, perhaps empty."""
    fold, stop, word = _tables()
    raw = "\n".join(text.replace("\n", " ") for text in texts) + "\n"
    points = fold[np.minimum(np.frombuffer(raw.encode("utf-32-le", "surrogatepass"), np.uint32), _PLANE - 1)]
    n, stops, ends = len(points), stop[points], points == _TEXT_END
    plain = (points < _ASCII) & (points != _TEXT_END)
    stops[1:-1] &= ~((points[1:-1] == _SPACE) & plain[:-2] & plain[2:])  # a space parts Chinese clauses but English words
    clause: NDArray[np.int64] = np.cumsum(stops) - stops
    text: NDArray[np.int64] = np.cumsum(ends) - ends
    hashes, places = [], []
    rolling, whole = np.empty(0, np.uint32), np.ones(n, bool)
    for k in range(_LONGEST):
        last = points[k:]
        if k == 0:
            rolling = points * _FIRST + _FIRST_ADD
        else:
            rolling = (rolling[:-1] ^ (rolling[:-1] >> np.uint32(15))) * _MIX_NEXT + last * _MIX_CHARACTER
            whole = whole[:-1] & ~stops[k - 1 : n - 1]
        found = np.flatnonzero(whole & (last != _TEXT_END) & (last != _SPACE))
        hashes.append(rolling[found])
        places.append(found)
    by_word, word_places = _words(points, word, text)
    owners: NDArray[np.int64] = clause[np.concatenate([*places, word_places])]
    order = np.argsort(owners, kind="stable")
    text_of = np.zeros(int(clause[-1]) + 1, np.int64)
    text_of[clause] = text
    sizes = np.bincount(owners, minlength=len(text_of))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    # A text that ends in a stop leaves an empty clause; only a text's only clause is kept empty.
    kept = (sizes > 0) | (np.bincount(text_of, sizes, len(texts))[text_of] == 0)
    han = (points >= _FIRST_HAN) & (points <= _LAST_HAN)
    chinese = np.bincount(text, han, len(texts)) / np.bincount(text, minlength=len(texts))
    begins, text_begins = (np.flatnonzero(np.diff(of, prepend=-1)) for of in (clause, text))
    spans = np.stack([begins, np.append(begins[1:], n) - 1], 1) - text_begins[text_of][:, None]
    return Bags(
        _bucket(np.concatenate([*hashes, by_word]))[order], np.append(starts[:-1][kept], starts[-1]), text_of[kept], spans[kept], chinese
    )


def pool(table: NDArray[np.float32], bags: Bags, block: int = 1024) -> NDArray[np.float32]:
    """The sum of the table's rows over each clause's buckets: (clauses, width), a block that fits the cache at a time."""
    out = np.zeros((len(bags.text_of), table.shape[1]), np.float32)
    sizes = np.diff(bags.starts)
    full = np.flatnonzero(sizes)
    starts = bags.starts[full]
    first = 0
    while first < len(full):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + block)))
        end = starts[last] if last < len(full) else bags.starts[-1]
        rows = table.take(bags.buckets[starts[first] : end], 0)
        out[full[first:last]] = np.add.reduceat(rows, starts[first:last] - starts[first], axis=0)
        first = last
    return out
