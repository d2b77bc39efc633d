"""What is said of each tag as weighed n-grams: what two sentences share word for word, beside what they mean.

Nearest centroid by tf-idf (Rocchio, 1971; Sparck Jones, 1972). It is made from the frame's sentences when they are read, so it needs no
training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codeframe.learned.ngrams import BUCKETS, extract
from codeframe.learned.seam import Floats, Ints
from codeframe.meanings import Line

_DESCRIBED = 0.7
"""What a line of the frame counts against a customer's sentence."""

_COMMON = 0.05
"""What more lines hold tells nothing."""


class _Grams(NamedTuple):
    """N-grams of texts, each once a text: whose, which, how often."""

    row: Ints
    bucket: Ints
    times: Floats


class Letters:
    """The n-grams of what is said of each of a frame's tags."""

    def __init__(self, lines: Sequence[Line], tags: int) -> None:
        grams = _grams([line.text for line in lines])
        seen = np.bincount(grams.bucket, minlength=BUCKETS)
        rare = seen[grams.bucket] <= _COMMON * len(lines)
        grams = _Grams(grams.row[rare], grams.bucket[rare], grams.times[rare])
        self._rarity: Floats = np.log((1 + len(lines)) / (1 + seen)).astype(np.float32)
        share = np.array([1.0 if line.said else _DESCRIBED for line in lines], np.float32)
        weight = self._weighed(grams, len(lines)) * share[grams.row]
        tag = np.array([line.tag for line in lines], np.int64)[grams.row]
        places, at = np.unique(grams.bucket * tags + tag, return_inverse=True)
        sums: Floats = np.bincount(at, weight).astype(np.float32)
        bucket, self._tag, self._tags = places // tags, places % tags, tags
        self._weight = (sums / _length(self._tag, sums, tags)).astype(np.float32)
        self._starts = np.searchsorted(bucket, np.arange(BUCKETS + 1))

    def likeness(self, texts: Sequence[str]) -> Floats:
        """Cosines (n, tags) of n texts with what is said of each tag."""
        grams = _grams(texts)
        first = self._starts[grams.bucket]
        sizes = self._starts[grams.bucket + 1] - first
        ends = np.cumsum(sizes)
        at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first - ends + sizes, sizes)
        weight = np.repeat(self._weighed(grams, len(texts)), sizes) * self._weight[at]
        sums = np.bincount(np.repeat(grams.row, sizes) * self._tags + self._tag[at], weight, len(texts) * self._tags)
        return sums.reshape(len(texts), self._tags).astype(np.float32)

    def _weighed(self, grams: _Grams, rows: int) -> Floats:
        weight = (1 + np.log(grams.times)) * self._rarity[grams.bucket]
        even: Floats = weight / _length(grams.row, weight, rows)
        return even


def _length(owner: Ints, weight: Floats, owners: int) -> Floats:
    """Of each weight, the length of the vector that it is part of."""
    length: Floats = np.sqrt(np.bincount(owner, weight * weight, owners)).clip(1e-6)[owner]
    return length


def _grams(texts: Sequence[str]) -> _Grams:
    bags = extract(texts)
    row = np.repeat(bags.text_of, np.diff(bags.starts))
    places, counts = np.unique(row * BUCKETS + bags.buckets, return_counts=True)
    return _Grams(places // BUCKETS, places % BUCKETS, counts.astype(np.float32))
