"""New tags to consider: what customers say that no tag covers, in groups with their typical words and verbatims.

Spherical k-means (Dhillon and Modha, 2001) over n-grams weighted by rarity. Deterministic.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.folding import fold

Matrix = NDArray[np.floating[Any]]

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_REDACTED = re.compile(r"\[[A-Z_]+\]")
_LATIN = re.compile(r"[a-z]{3,}")
_SAY_NOTHING = frozenset(
    re.findall(
        r"\w+",
        "about after all also and any are because been before being but can could did does don every ever for from get got had "
        "has have her him his how however into its just like made make more most much never not now off once one only other our "
        "out over own put really same she should since some still such than that the their them then there these they thing "
        "this those though through too two until upon very was well went were what when where which while who why will with "
        "would yet you your ",
    )
)
_EDGES = frozenset("的了是在我你他她它也就都还有和跟与把被给让从到对不没很太这那个么吗呢吧啊")
"""Characters that hardly begin or end a word of the trade."""

_LENGTHS = (2, 3, 4)
_FEATURES, _LEAST, _ROUNDS, _MOST_TEXTS = 3_000, 2, 12, 20_000
_WORDS, _VERBATIMS = 6, 5


class Suggestion(NamedTuple):
    """A group of utterances: how many, the words that set it apart, and those nearest to its middle."""

    size: int
    words: tuple[str, ...]
    verbatims: tuple[str, ...]


def suggest(texts: Sequence[str], most: int = 10) -> list[Suggestion]:
    """At most `most` groups of alike texts, the largest first; texts like no other are left out. Of very many texts the first 20,000."""
    known = list(dict.fromkeys(texts))[:_MOST_TEXTS]
    grams = [_grams(text) for text in known]
    counts = Counter(gram for one in grams for gram in one)
    names = [gram for gram, count in counts.most_common(_FEATURES) if count >= _LEAST]
    matrix, kept = _weighted(grams, names, counts)
    if not kept:
        return []
    group = _clusters(matrix, min(most * 2, max(1, len(kept) // 2)))
    found = [_described(np.flatnonzero(group == number), matrix, names, [known[at] for at in kept]) for number in np.unique(group)]
    return sorted((one for one in found if one.size > 1), key=lambda one: -one.size)[:most]


def _grams(text: str) -> set[str]:
    """Chinese character n-grams and Latin words, what was redacted left out."""
    folded = fold(_REDACTED.sub(" ", text))
    found = set(_LATIN.findall(folded)) - _SAY_NOTHING
    for run in _HAN.findall(folded):
        found.update(
            run[at : at + size] for size in _LENGTHS for at in range(len(run) - size + 1) if not {run[at], run[at + size - 1]} & _EDGES
        )
    return found


def _weighted(grams: Sequence[set[str]], names: Sequence[str], counts: Counter[str]) -> tuple[Matrix, list[int]]:
    """A unit row for each text that shares an n-gram with another, and which texts those are."""
    column = {name: at for at, name in enumerate(names)}
    matrix = np.zeros((len(grams), len(names)), np.float32)
    for row, one in enumerate(grams):
        for gram in one & column.keys():
            matrix[row, column[gram]] = np.log(len(grams) / counts[gram]) + 0.1
    norms = np.linalg.norm(matrix, axis=1)
    kept = np.flatnonzero(norms > 0)
    return matrix[kept] / norms[kept, None], kept.tolist()


def _clusters(matrix: Matrix, count: int) -> NDArray[np.int64]:
    """The group of each row. Starts from rows far from one another."""
    chosen = [int(np.argmax(matrix.sum(1)))]
    nearest = matrix @ matrix[chosen[0]]
    while len(chosen) < count:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, matrix @ matrix[chosen[-1]])
    centres = matrix[chosen]
    group = np.zeros(len(matrix), np.int64)
    for _ in range(_ROUNDS):
        group = np.argmax(matrix @ centres.T, axis=1)
        for number in range(count):
            members = matrix[group == number]
            if len(members):
                centres[number] = members.sum(0) / max(float(np.linalg.norm(members.sum(0))), 1e-9)
    return group


def _overlap(one: str, other: str) -> bool:
    """Whether two words are parts of one stretch: 发动机 and 动机舱."""
    pairs = {one[at : at + 2] for at in range(len(one) - 1)}
    return any(other[at : at + 2] in pairs for at in range(len(other) - 1)) if "\u4e00" <= one[0] <= "\u9fff" else one == other


def _described(rows: NDArray[np.int64], matrix: Matrix, names: Sequence[str], texts: Sequence[str]) -> Suggestion:
    inside = (matrix[rows] > 0).mean(0)
    lift = inside - (matrix > 0).mean(0)
    words: list[str] = []
    for at in np.argsort(-lift * np.sqrt([len(name) for name in names]), kind="stable"):
        if len(words) == _WORDS or lift[at] <= 0:
            break
        if not any(_overlap(names[at], word) for word in words):
            words.append(names[at])
    near = rows[np.argsort(-(matrix[rows] @ matrix[rows].mean(0)), kind="stable")]
    return Suggestion(len(rows), tuple(words), tuple(texts[at] for at in near[:_VERBATIMS]))
