"""The three tests behind the rules: a surge against a baseline, a trend, and a rate before against a rate after.

Counts of opinions scatter more than Poisson counts: days of the week, campaigns, one customer who says it twice. Every
test therefore estimates the dispersion from the counts themselves and divides by it (quasi-Poisson; McCullagh and
Nelder, Generalized Linear Models, 1989, section 6.2.4). All are one-sided: is it more?
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import erfc, exp, lgamma, log, log1p, sqrt

_PRIOR = 0.5
"""Jeffreys' prior of a Poisson rate, so that a tag that was never said has a baseline too."""
_TINY = 1e-300
_STEPS = 300
_ENOUGH = 1e-12


def surge_probability(count: float, exposure: float, before: Sequence[float], exposures: Sequence[float]) -> float:
    """The probability of `count` or more in a window, by chance, given the windows before it.

    `exposure` is what the count is out of: 1 a window for plain counts, all opinions for a share. The predictive
    distribution of a Poisson count under a gamma posterior is negative binomial, whose tail is an incomplete beta
    function.
    """
    total, out_of = sum(before), sum(exposures)
    if count <= 0 or exposure <= 0 or out_of <= 0:
        return 1.0
    dispersion = pearson_dispersion(before, exposures)
    return incomplete_beta(count / dispersion, total / dispersion + _PRIOR, exposure / (exposure + out_of))


def pearson_dispersion(counts: Sequence[float], exposures: Sequence[float]) -> float:
    """Pearson's chi-square over its degrees of freedom, about a constant rate; at least 1."""
    rate = sum(counts) / sum(exposures)
    terms = [(count - rate * out_of) ** 2 / (rate * out_of) for count, out_of in zip(counts, exposures, strict=True) if rate * out_of > 0]
    return max(1.0, sum(terms) / (len(terms) - 1)) if len(terms) > 1 else 1.0


def trend_probability(counts: Sequence[float], exposures: Sequence[float]) -> float:
    """The probability of so steep a growth of the rate by chance.

    The score test of Cox and Lewis for a log-linear trend, given the total. The dispersion comes from successive
    differences, which a trend hardly moves (von Neumann, 1941).
    """
    total, out_of = sum(counts), sum(exposures)
    if total <= 0 or out_of <= 0:
        return 1.0
    centre = sum(at * share for at, share in enumerate(exposures)) / out_of
    spread = sum((at - centre) ** 2 * share for at, share in enumerate(exposures)) / out_of
    pairs = [(b - a) ** 2 / (a + b) for a, b in pairwise(counts) if a + b > 0]
    dispersion = max(1.0, sum(pairs) / len(pairs)) if pairs else 1.0
    score = sum((at - centre) * count for at, count in enumerate(counts))
    return 0.5 * erfc(score / sqrt(2 * dispersion * total * spread)) if spread else 1.0


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return front * result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
