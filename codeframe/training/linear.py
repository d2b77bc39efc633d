"""The linear models beside the fast tier's net, on hashed n-grams weighted by rarity: logistic regressions of reviews and of what is talk,
support vectors of titles and of complaints' vehicles beside their texts (Fan et al., "LIBLINEAR", 2008)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from codeframe.learned.heads import ENGLISH
from codeframe.learned.ngrams import extract
from codeframe.learned.seam import Floats, Ints
from codeframe.learned.vehicle import FEATURES, VEHICLES, features
from codeframe.learned.wide import WIDE, Wide, narrowed
from codeframe.training.data import CATEGORIES, Example
from codeframe.training.labels import KIND_OF_SOURCE, MAPPED, Taxonomy, targets

SUBJECTS, POLARITIES = 10, 3
_PRESENCE, _POLARITY, _CODES, _CLASSES, _TALK, _KIND = 40.0, 10.0, 1.5, 0.8, 20.0, 80.0
_ODDS = 3.0
"""Log odds a margin of one is worth."""

_VEHICLE = 0.35
"""What a vehicle counts beside a text whose n-grams make one."""

_UNPOSTED = {"taxonomy", "smalltalk", "said"}
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


def train_wide(examples: Sequence[Example], taxonomy: Taxonomy, talk: Sequence[Example] = ()) -> Wide:
    """All models, from the reviews, the titles (with the codes' names) and the complaints in full among `examples`, and from `talk` against
    all that is posted."""
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
            **_stored("vehicles", _vehicles([example for example in examples if example.source == "complaints2024"])),
            **_stored("kinds", *_kinds([example for example in examples if example.source in KIND_OF_SOURCE])),
            **_stored("talk", *_talk([example for example in examples if example.source not in _UNPOSTED], talk)),
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


def _stored(name: str, weights: Floats, bias: Floats | None = None) -> dict[str, Floats]:
    """Weights in int8, the faint ones left out, with a scale a column and a bias if there is one."""
    rounded, scale = _rounded(np.where(np.abs(weights) < _FAINT * np.abs(weights).max(), 0, weights))
    return {name: rounded, f"{name}_scale": scale} | ({} if bias is None else {f"{name}_bias": bias})


def _vehicles(stories: Sequence[Example]) -> Floats:
    """Weights (buckets of vehicles, classes), learned beside those of the texts, so that they tell what the texts do not."""
    classes = np.array([CATEGORIES.index(story.category or "") for story in stories], np.int64)
    weights = np.zeros((VEHICLES, len(CATEGORIES)), np.float32)
    if len(np.unique(classes)) > 1:
        x, _ = _features(stories)
        buckets = features([story.vehicle for story in stories])
        rows, at = np.repeat(np.arange(len(stories)), FEATURES)[buckets.ravel() >= 0], buckets[buckets >= 0]
        both = hstack([x, csr_matrix((np.full(len(at), _VEHICLE, np.float32), (rows, at)), (len(stories), VEHICLES))]).tocsr()
        for c in np.unique(classes).tolist():
            model = LinearSVC(C=_CLASSES, random_state=0).fit(both, classes == c)
            weights[:, c] = _ODDS * _VEHICLE * model.coef_[0, WIDE:]
    return weights


def _kinds(posts: Sequence[Example]) -> tuple[Floats, Floats]:
    """What tells the Chinese kinds of text apart."""
    kinds = np.array([KIND_OF_SOURCE[post.source] for post in posts], np.int64)
    weights, bias = np.zeros((WIDE, ENGLISH), np.float32), np.full(ENGLISH, _RARE, np.float32)
    known = np.unique(kinds[kinds != ENGLISH])
    if len(known) > 1:
        rows = np.flatnonzero(kinds != ENGLISH)
        x, rarity = _features([posts[row] for row in rows.tolist()])
        for kind in known.tolist():
            own, bias[kind : kind + 1] = _fitted(x, (kinds[rows] == kind).astype(np.int64), _KIND)
            weights[:, kind] = own[:, 0] * rarity
    elif len(known):
        bias[known] = -_RARE
    return weights, bias


def _talk(posts: Sequence[Example], talk: Sequence[Example]) -> tuple[Floats, Floats]:
    """What tells talk from what is posted, in whole or in parts."""
    if not posts or not talk:
        return _NEVER
    x, rarity = _features([*posts, *talk])
    weights, bias = _fitted(x, (np.arange(x.shape[0]) >= len(posts)).astype(np.int64), _TALK)
    return weights * rarity[:, None], bias


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
