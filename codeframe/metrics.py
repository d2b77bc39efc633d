"""Precision, recall and F1 of predicted label sets, by label and over all, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """How one label fared: true positives, how often it was predicted, and how often it was right to."""

    hits: int
    predicted: int
    actual: int

    @property
    def precision(self) -> float:
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.actual if self.actual else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.hits / (self.predicted + self.actual) if self.predicted + self.actual else 0.0


Labels = frozenset[Hashable]


def micro(pairs: Iterable[tuple[Labels, Labels]]) -> Row:
    """Over (actual, predicted) sets, every label counted alike."""
    hits = predicted = actual = 0
    for truth, guess in pairs:
        hits, predicted, actual = hits + len(truth & guess), predicted + len(guess), actual + len(truth)
    return Row(hits, predicted, actual)


def by_label(pairs: Sequence[tuple[Labels, Labels]]) -> dict[str, Row]:
    """For each label, most frequent first."""
    hits: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    actual: Counter[str] = Counter()
    for truth, guess in pairs:
        hits.update(map(str, truth & guess))
        predicted.update(map(str, guess))
        actual.update(map(str, truth))
    order = sorted(actual | predicted, key=lambda label: (-actual[label], label))
    return {label: Row(hits[label], predicted[label], actual[label]) for label in order}


def confusions(pairs: Iterable[tuple[Labels, Labels]], most: int = 20) -> list[tuple[str, str, int]]:
    """Labels missed where another stood wrongly: (missed, given instead, how often), most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for truth, guess in pairs:
        counts.update((str(missed), str(wrong)) for missed in truth - guess for wrong in guess - truth)
    return [(missed, wrong, count) for (missed, wrong), count in counts.most_common(most)]


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa (1960) of two coders' labels of the same things: agreement beyond chance."""
    total = len(first)
    if not total:
        return 0.0
    observed = sum(one == other for one, other in zip(first, second, strict=True)) / total
    ones, others = Counter(first), Counter(second)
    chance = sum(ones[label] * others[label] for label in ones) / total**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)


class Bin(NamedTuple):
    """Guesses of about one confidence: how many, how confident on average, and the share that was right."""

    size: int
    confidence: float
    right: float


def reliability(guesses: Iterable[tuple[float, bool]], bins: int = 10) -> list[Bin]:
    """The reliability curve of (confidence, right) guesses: equally wide bins, empty ones left out."""
    filled: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in guesses:
        filled.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, right))
    return [
        Bin(len(part), sum(confidence for confidence, _ in part) / len(part), sum(right for _, right in part) / len(part))
        for _, part in sorted(filled.items())
    ]


def agreement(texts: Sequence[str], labels: Sequence[Labels]) -> tuple[int, float]:
    """Of texts that stand twice, as when two coders labelled them: how many, and Cohen's kappa of the two label sets."""
    seen: dict[str, list[Labels]] = {}
    for text, known in zip(texts, labels, strict=True):
        seen.setdefault(text, []).append(known)
    twice = [known for known in seen.values() if len(known) > 1]
    return len(twice), kappa([known[0] for known in twice], [known[1] for known in twice])
