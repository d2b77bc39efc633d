"""Penalty-reward contrast analysis: what a complaint costs and what praise earns, and the need layer that follows.

Brandt 1987 and 1988; Matzler and Sauerwein 2002. The overall score is regressed on two dummies a tag, "complained of" and
"praised". Penalty far above reward: a must-be; reward far above penalty: an attractive need; else performance.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from codeframe.analytics.answers import Answers, Floats
from codeframe.analytics.nps import Z95
from codeframe.analytics.regression import Fit, fit
from schemas.coded import NeedLayer

MIN_MENTIONS = 30
"""Fewer complaints, or fewer praises, than these say nothing of a tag."""

FAR = 2.0
"""How many times the smaller of penalty and reward the larger must be for a layer of its own."""


class Contrast(NamedTuple):
    """A tag's penalty and reward in points of the target, both positive when they go the usual way, and their spread."""

    tag: str
    complaints: int
    praises: int
    penalty: float
    reward: float
    penalty_error: float
    reward_error: float
    covariance: float

    def interval(self, of: str) -> tuple[float, float]:
        """The 95 % interval of `penalty` or `reward`."""
        value, error = (self.penalty, self.penalty_error) if of == "penalty" else (self.reward, self.reward_error)
        return value - Z95 * error, value + Z95 * error


def contrasts(answers: Answers, target: Floats | None = None, min_mentions: int = MIN_MENTIONS) -> list[Contrast]:
    """The contrast of every tag with enough of either, by tag. A side with too few mentions is NaN.

    `target` is the score if not given; give `answers.contribution` for NPS points.
    """
    counts = {sign: answers.counts(sign) for sign in (-1, 1)}
    number = np.full((2, len(answers.tags)), -1, np.int64)
    columns = 1
    for side, sign in enumerate((-1, 1)):
        enough = np.flatnonzero(counts[sign] >= min_mentions)
        number[side, enough] = np.arange(columns, columns + enough.size)
        columns += enough.size
    if columns == 1 or len(answers) <= columns:
        return []
    column = number[(answers.sign > 0).astype(np.int64), answers.tag]
    found = fit(answers, answers.score if target is None else target, column, columns)
    return [
        _contrast(name, int(counts[-1][at]), int(counts[1][at]), found, int(number[0, at]), int(number[1, at]))
        for at, name in sorted(enumerate(answers.tags), key=lambda one: one[1])
        if number[:, at].max() >= 0
    ]


def _contrast(tag: str, complaints: int, praises: int, found: Fit, negative: int, positive: int) -> Contrast:
    def at(column: int, sign: float) -> tuple[float, float]:
        if column < 0:
            return math.nan, math.nan
        return sign * float(found.coefficients[column]), math.sqrt(max(float(found.covariance[column, column]), 0.0))

    (penalty, penalty_error), (reward, reward_error) = at(negative, -1), at(positive, 1)
    covariance = -float(found.covariance[negative, positive]) if min(negative, positive) >= 0 else 0.0
    return Contrast(tag, complaints, praises, penalty, reward, penalty_error, reward_error, covariance)


def layer(contrast: Contrast, default: NeedLayer) -> NeedLayer:
    """The need layer that a contrast shows, or the expert's default where it shows none."""
    if math.isnan(contrast.penalty) or math.isnan(contrast.reward):
        return default
    if contrast.interval("penalty")[0] <= 0 and contrast.interval("reward")[0] <= 0:
        return default
    penalty, reward = max(contrast.penalty, 0.0), max(contrast.reward, 0.0)
    spread = math.sqrt(max(contrast.penalty_error**2 + contrast.reward_error**2 - 2 * contrast.covariance, 0.0))
    apart = abs(contrast.penalty - contrast.reward) > Z95 * spread
    if apart and penalty > FAR * reward:
        return NeedLayer.MUST_BE
    if apart and reward > FAR * penalty:
        return NeedLayer.ATTRACTIVE
    return NeedLayer.PERFORMANCE
