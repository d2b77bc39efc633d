"""Linear models on the n-grams of a whole text, beside the net that shares its features between outputs.

A rare n-gram keeps a weight of its own here: it adds what a narrow table cannot hold. Each kind of text has its own, so a text pays for
one: reviews (presence and polarity of the subjects) and complaint titles (codes, nearly all weights zero). What tells the kinds of text
apart, and talk from posts, is asked of every text, and of a vehicle what it usually fails in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from codeframe.learned.heads import REVIEW, TITLE, Heads
from codeframe.learned.ngrams import BUCKETS, Bags, pool
from codeframe.learned.rules import logit, sigmoid, softmax
from codeframe.learned.seam import Floats, Ints
from codeframe.learned.vehicle import Vehicle, features

WIDE_BITS = 15
WIDE = 1 << WIDE_BITS
_FOLD = BUCKETS // WIDE
PREFIX = "wide."
_SHARE, _SHARE_OF_KIND = 0.5, 0.7


def narrowed(bags: Bags, texts: Ints) -> Bags:
    """The n-grams of `texts` (ascending) alone, a bag a text, in fewer buckets."""
    place = np.full(len(bags.chinese), -1)
    place[texts] = np.arange(len(texts))
    owner = np.repeat(place[bags.text_of], np.diff(bags.starts))
    kept = owner >= 0
    sizes = np.bincount(owner[kept], minlength=len(texts))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    order = np.arange(len(texts))
    return Bags(bags.buckets[kept] // _FOLD, starts, order, np.zeros((len(texts), 2), np.int64), bags.chinese[texts])


class Wide:
    """Weights by name: `aspects` (buckets, 4 x subjects), `kinds` (buckets, kinds but the last, which is English), `talk` (buckets, 1) and
    `vehicles` (buckets of vehicles, classes) in int8; of the codes `starts`, `columns` and `values` of the rows of a sparse matrix
    (buckets, codes); of each a scale and a bias a column, but vehicles have no bias."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        self.weights = dict(weights)
        real = {name: np.asarray(array, np.float32) for name, array in weights.items() if name.endswith(("_scale", "_bias"))}
        self._aspects, kinds, talk, self._vehicles = (
            weights[name].astype(np.float32) * real[f"{name}_scale"] for name in ("aspects", "kinds", "talk", "vehicles")
        )
        self._way, self._way_bias = np.concatenate([kinds, talk], 1), np.concatenate([real["kinds_bias"], real["talk_bias"]])
        self._starts, self._columns = weights["starts"].astype(np.int64), weights["columns"].astype(np.int64)
        self._values = weights["values"].astype(np.float32) * real["codes_scale"][self._columns]
        self._aspects_bias, self._codes_bias = real["aspects_bias"], real["codes_bias"]

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """From the arrays of a model's file."""
        return cls({name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)})

    def join(self, heads: Heads, bags: Bags) -> Heads:
        """The net's probabilities with the linear models': averaged on reviews, theirs alone for the codes of titles, of which there are
        too many for a narrow net."""
        kind = heads.kind.argmax(1)
        reviews, titles = np.flatnonzero(kind == REVIEW), np.flatnonzero(kind == TITLE)
        if len(reviews):
            heads = heads._replace(aspects=self._with_aspects(heads.aspects, narrowed(bags, reviews), reviews))
        if len(titles):
            codes = heads.codes.copy()
            codes[titles] = sigmoid(self.codes(narrowed(bags, titles)))
            heads = heads._replace(codes=codes)
        return heads

    def way(self, kind: Floats, bags: Bags) -> tuple[Floats, Floats]:
        """The kind of each of n texts, the net's (n, kinds) averaged with the linear model's, and how likely each is spoken or written to
        somebody, not posted (n,)."""
        whole = narrowed(bags, np.arange(len(bags.chinese)))
        logits = pool(self._way, whole) / _length(whole) + self._way_bias
        own = kind.copy()
        own[:, :-1] = softmax(_SHARE_OF_KIND * logits[:, :-1] + (1 - _SHARE_OF_KIND) * np.log(kind[:, :-1].clip(1e-6)))
        return own, sigmoid(logits[:, -1])

    def vehicles(self, vehicles: Sequence[Vehicle]) -> Floats:
        """What n vehicles speak for: logits (n, classes), zero for one that is unknown."""
        buckets = features(vehicles)
        known: Floats = (self._vehicles[buckets] * (buckets >= 0)[..., None]).sum(1)
        return known

    def _with_aspects(self, aspects: Floats, bags: Bags, reviews: Ints) -> Floats:
        presence, polarity = self.aspects(bags)
        known, n, share = aspects[reviews], presence.shape[1], _SHARE
        here = sigmoid((1 - share) * logit(1 - known[:, :n, 0]) + share * presence)[..., None]
        felt = softmax((1 - share) * np.log(known[:, :n, 1:].clip(1e-6)) + share * polarity)
        known[:, :n] = np.concatenate([1 - here, here * felt], -1)
        joined = aspects.copy()
        joined[reviews] = known
        return joined

    def aspects(self, bags: Bags) -> tuple[Floats, Floats]:
        """Logits of presence (n, s) and of polarity (n, s, 3), for one bag a text."""
        logits = pool(self._aspects, bags) / _length(bags) + self._aspects_bias
        subjects = logits.shape[1] // 4
        return logits[:, :subjects], logits[:, subjects:].reshape(len(logits), subjects, 3)

    def codes(self, bags: Bags) -> Floats:
        """Logits of the codes (n, c), for one bag a text."""
        n, codes = len(bags.text_of), len(self._codes_bias)
        first = self._starts[bags.buckets]
        sizes = self._starts[bags.buckets + 1] - first
        ends = np.cumsum(sizes)
        at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first - ends + sizes, sizes)
        owner = np.repeat(np.repeat(bags.text_of, np.diff(bags.starts)), sizes)
        sums = np.bincount(owner * codes + self._columns[at], self._values[at], n * codes).reshape(n, codes)
        return sums.astype(np.float32) / _length(bags) + self._codes_bias


def _length(bags: Bags) -> Floats:
    length: Floats = np.sqrt(np.maximum(np.diff(bags.starts), 1)).astype(np.float32)[:, None]
    return length
