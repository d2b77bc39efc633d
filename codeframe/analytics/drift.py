"""When a tag's penalty and reward changed: a scan for one change point over months.

For every split the weighted means of (penalty, reward) before and after are compared by a Wald statistic, chi-square with
two degrees of freedom where nothing changed; the largest decides, its p-value multiplied by the number of splits and tags
(Bonferroni), after Andrews 1993, "Tests for Parameter Instability and Structural Change With Unknown Change Point".
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from codeframe.analytics.answers import Answers, Bools, Floats
from codeframe.analytics.contrast import MIN_MENTIONS, Contrast, contrasts, layer
from schemas.coded import NeedLayer

MIN_MONTHS = 3
ALARM = 0.01
"""Probability that a set of tags of which none changed raises any alarm."""


class Drift(NamedTuple):
    """A change of a tag: the first month that is different, its adjusted p-value, and the contrasts and layers around it."""

    tag: str
    month: int
    p_value: float
    before: Contrast
    after: Contrast
    layer_before: NeedLayer
    layer_after: NeedLayer

    @property
    def migrates(self) -> bool:
        """Whether the need layer is another one, and not only its strength."""
        return self.layer_before is not self.layer_after


class _Month(NamedTuple):
    month: int
    value: Floats
    precision: Floats


def drifts(answers: Answers, defaults: dict[str, NeedLayer], min_mentions: int = MIN_MENTIONS) -> list[Drift]:
    """The tags that changed, by tag. Needs three months or more with enough mentions on either side."""
    monthly: dict[str, list[_Month]] = defaultdict(list)
    for month in np.unique(answers.period).tolist():
        for one in contrasts(answers.take(answers.period == month), min_mentions=min_mentions):
            if (precision := _precision(one)) is not None:
                monthly[one.tag].append(_Month(month, np.array([one.penalty, one.reward]), precision))
    tested = {tag: months for tag, months in monthly.items() if len(months) >= 2 * MIN_MONTHS}
    found = []
    for tag in sorted(tested):
        statistic, month = max(_splits(tested[tag]))
        p_value = min(1.0, math.exp(-statistic / 2) * (len(tested[tag]) - 2 * MIN_MONTHS + 1) * len(tested))
        if p_value < ALARM:
            found.append(_drift(answers, tag, month, p_value, defaults.get(tag, NeedLayer.PERFORMANCE), min_mentions))
    return found


def _precision(one: Contrast) -> Floats | None:
    """The inverse covariance of (penalty, reward), or None where a side is missing."""
    covariance = np.array([[one.penalty_error**2, one.covariance], [one.covariance, one.reward_error**2]])
    if not np.isfinite(covariance).all() or np.linalg.det(covariance) <= 0:
        return None
    inverse: Floats = np.linalg.inv(covariance)
    return inverse


def _splits(months: list[_Month]) -> Iterator[tuple[float, int]]:
    """(statistic, first month after) of every split."""
    for at in range(MIN_MONTHS, len(months) - MIN_MONTHS + 1):
        (mean, spread), (later, later_spread) = _mean(months[:at]), _mean(months[at:])
        apart = later - mean
        yield float(apart @ np.linalg.solve(spread + later_spread, apart)), months[at].month


def _mean(months: list[_Month]) -> tuple[Floats, Floats]:
    """The precision-weighted mean and its covariance."""
    spread: Floats = np.linalg.inv(np.sum([one.precision for one in months], axis=0))
    return spread @ np.sum([one.precision @ one.value for one in months], axis=0), spread


def _drift(answers: Answers, tag: str, month: int, p_value: float, default: NeedLayer, min_mentions: int) -> Drift:
    def one(which: Bools) -> Contrast:
        return next(found for found in contrasts(answers.take(which), min_mentions=min_mentions) if found.tag == tag)

    before, after = one(answers.period < month), one(answers.period >= month)
    return Drift(tag, month, p_value, before, after, layer(before, default), layer(after, default))
