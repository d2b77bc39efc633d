"""Comparing groups fairly: nothing below a minimum n, an interval each, and differences that survive many comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from codeframe.analytics.answers import Floats, contribution
from codeframe.analytics.nps import Nps, nps

MIN_ANSWERS = 30
FALSE_DISCOVERIES = 0.05
_MIN_SPREAD = 1e-12


class Compared(NamedTuple):
    """A group beside all others: its score, the difference in NPS points, and whether that is more than chance."""

    group: str
    nps: Nps
    difference: float
    p_value: float
    stands_out: bool


class Comparison(NamedTuple):
    """The groups by falling score, and how many were left out for having too few answers."""

    groups: tuple[Compared, ...]
    too_few: int


def compare(scores: Mapping[str, Floats], min_answers: int = MIN_ANSWERS) -> Comparison:
    """Compare each group's NPS with that of all others together; Welch's test, with the false discovery rate held at 5 %
    (Benjamini and Hochberg 1995)."""
    shown = {group: values for group, values in scores.items() if values.size >= min_answers}
    found = []
    for group, values in shown.items():
        rest = [other for name, other in shown.items() if name != group]
        difference, p_value = difference_of(contribution(values), contribution(np.concatenate(rest))) if rest else (0.0, 1.0)
        found.append(Compared(group, nps(values), difference, p_value, False))
    limit = _limit([one.p_value for one in found])
    marked = (one._replace(stands_out=one.p_value <= limit) for one in found)
    return Comparison(tuple(sorted(marked, key=lambda one: (-one.nps.value, one.group))), len(scores) - len(shown))


def difference_of(one: Floats, other: Floats) -> tuple[float, float]:
    """The difference of means and its two-sided p-value (Welch 1947, normal approximation). Before and after, for instance."""
    spread = math.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size) if min(one.size, other.size) > 1 else 0.0
    difference = float(one.mean() - other.mean())
    if spread < _MIN_SPREAD:
        return difference, 1.0
    return difference, 2 * NormalDist().cdf(-abs(difference) / spread)


def _limit(p_values: list[float]) -> float:
    """The largest p-value that counts, by Benjamini and Hochberg's step-up rule; negative if none does."""
    ordered = sorted(p_values)
    passing = [p for rank, p in enumerate(ordered, 1) if p <= FALSE_DISCOVERIES * rank / len(ordered)]
    return passing[-1] if passing else -1.0
