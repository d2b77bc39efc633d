"""The linear models beside the fast tier's net, on hashed n-grams weighted by rarity: logistic regressions of reviews, support vectors of
titles (Fan et al., "LIBLINEAR", 2008)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from codeframe.learned.ngrams import extract
from codeframe.learned.seam import Floats, Ints
from codeframe.learned.wide import WIDE, Wide, narrowed
from codeframe.training.data import Example
from codeframe.training.labels import MAPPED, Taxonomy, targets

SUBJECTS, POLARITIES = 10, 3
_PRESENCE, _POLARITY, _CODES = 40.0, 10.0, 1.5
_ODDS = 3.0
"""Log odds a margin of one is worth."""

_SPREAD = 6.0
_FAINT = 0.02
_RARE = -5.0
_NEVER: tuple[Floats, Floats] = (np.zeros((WIDE, 1), np.float32), np.full(1, _RARE, np.float32))


def _features(examples: Sequence[Example]) -> tuple[csr_matrix, Floats]:
    """Counts by root of their sum, and the rarity of each bucket."""
    texts = [example.text for example in examples]
    bags = narrowed(extract(texts), np.arange(len(texts)))
    sizes = np.diff(bags.starts)
    rows = np.repeat(bags.text_of, sizes)
    plain = csr_matrix((np.ones(len(rows), np.float32), (rows, bags.buckets)), (len(texts), WIDE))
    rarity = (np.log((1 + len(texts)) / (1 + np.bincount(plain.indices, minlength=WIDE))) + 1) / _SPREAD
    even = csr_matrix((1 / np.sqrt(np.maximum(sizes, 1)).astype(np.float32)[rows], (rows, bags.buckets)), plain.shape)
    return csr_matrix(even.multiply(rarity)), rarity.astype(np.float32)


def _fitted(x: csr_matrix, y: Ints, strength: float) -> tuple[Floats, Floats]:
    """Weights (features, classes or 1) and biases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, solver="lbfgs" if y.max() > 1 else "liblinear", max_iter=60, random_state=0).fit(x, y)
    return model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


def _rounded(weights: Floats) -> tuple[Floats, Floats]:
    """As int8, with a scale a column."""
    scale = np.maximum(np.abs(weights).max(0), 1e-6) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float16)


def train_wide(examples: Sequence[Example], taxonomy: Taxonomy) -> Wide:
    """Both models, from the reviews and the titles (with the codes' names) among `examples`."""
    reviews = [example for example in examples if example.source == "bdci2018"]
    titles = [example for example in examples if example.source in {"complaints", "taxonomy"}]
    aspects, aspects_bias = _aspects(reviews, taxonomy)
    codes, codes_bias = _codes(titles, taxonomy)
    table, table_scale = _rounded(aspects)
    values, scale = _rounded(codes)
    values[np.abs(codes) < _FAINT * np.abs(codes).max()] = 0
    sparse = csr_matrix(values)
    return Wide(
        {
            "aspects": table,
            "aspects_scale": table_scale,
            "aspects_bias": aspects_bias,
            "starts": sparse.indptr.astype(np.int32),
            "columns": sparse.indices.astype(np.int16),
            "values": sparse.data,
            "codes_scale": scale,
            "codes_bias": codes_bias,
        }
    )


def _aspects(reviews: Sequence[Example], taxonomy: Taxonomy) -> tuple[Floats, Floats]:
    x, rarity = _features(reviews)
    classes = targets(reviews, taxonomy).aspects[:, :SUBJECTS]
    here, felt = [_NEVER] * SUBJECTS, [(np.zeros((WIDE, 3), np.float32), np.zeros(3, np.float32))] * SUBJECTS
    for s, column in enumerate(classes.T):
        rows = np.flatnonzero(column > 0)
        if 0 < len(rows) < len(column):
            here[s] = _fitted(x, (column > 0).astype(np.int64), _PRESENCE)
        if len(np.unique(column[rows])) == POLARITIES:
            felt[s] = _fitted(x[rows], column[rows], _POLARITY)
    weights = np.concatenate([w for w, _ in here + felt], 1) * rarity[:, None]
    return weights, np.concatenate([b for _, b in here + felt])


def _codes(titles: Sequence[Example], taxonomy: Taxonomy) -> tuple[Floats, Floats]:
    x, rarity = _features(titles)
    codes = targets(titles, taxonomy).codes > 0
    weight = np.array([1.0 if example.source == "complaints" else MAPPED for example in titles], np.float32)
    weights, bias = np.zeros((WIDE, codes.shape[1]), np.float32), np.full(codes.shape[1], _RARE, np.float32)
    for c in np.flatnonzero(codes.any(0) & ~codes.all(0)).tolist():
        model = LinearSVC(C=_CODES, random_state=0).fit(x, codes[:, c], weight)
        weights[:, c], bias[c] = _ODDS * model.coef_[0], _ODDS * model.intercept_[0]
    return weights * rarity[:, None], bias
