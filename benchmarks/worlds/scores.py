"""A simulated world of survey answers: planted penalties, rewards, a drift of a need layer, and an order of priorities.

A score is a binomial of ten with the mean that the planted effects add up to, so that it is whole, bounded and unevenly
spread. Tags come together, some are common and some rare, and customers who complain say more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.analytics.answers import Answers

MONTHS = 18
_TAGS = 24
_PROMISED_SHARE = 0.4
_BASE, _LEAST, _MOST = 6.7, 0.05, 9.95
_MUST_BE, _ATTRACTIVE, _PERFORMANCE = (1.2, 0.15), (0.1, 0.9), (0.7, 0.6)


class Truth(NamedTuple):
    """What was planted. Penalty and reward are per tag and month, in points of the score."""

    penalty: NDArray[np.float64]
    reward: NDArray[np.float64]
    drifting: int
    drift_month: int
    complaint_share: NDArray[np.float64]
    promised: NDArray[np.bool_]
    fixability: NDArray[np.float64]
    growth: NDArray[np.float64]


class World(NamedTuple):
    """Answers, the truth behind them, and each answer's dealer and channel."""

    answers: Answers
    truth: Truth
    dealer: NDArray[np.int64]
    channel: NDArray[np.int64]
    complaints: NDArray[np.bool_]


def tag_name(number: int) -> str:
    """The label of a planted tag."""
    return f"world.tag_{number:02d}"


def make(seed: int, size: int, drift: bool = True) -> World:
    """The world `seed` of `size` answers; without `drift` no layer changes."""
    random = np.random.default_rng([seed, 3])
    truth = _truth(random, drift)
    month = random.integers(MONTHS, size=size)
    dealer, channel = random.integers(80, size=size), random.integers(4, size=size)
    mood = random.normal(0, 0.5, size)
    trend = truth.growth ** (month[:, None] / (MONTHS - 1))
    complains = random.random((size, _TAGS)) < np.clip(truth.complaint_share * trend * np.exp(0.6 * mood)[:, None], 0, 0.5)
    praises = (random.random((size, _TAGS)) < np.clip(0.06 * np.exp(-0.4 * mood)[:, None], 0, 0.5)) & ~complains
    later = truth.penalty[:, month].T, truth.reward[:, month].T
    mean = _BASE - (complains * later[0]).sum(1) + (praises * later[1]).sum(1) + random.normal(0, 0.25, 80)[dealer]
    score = random.binomial(10, np.clip(mean, _LEAST, _MOST) / 10)
    answers = Answers.of(
        (int(points), int(when), [tag_name(at) for at in np.flatnonzero(bad)], [tag_name(at) for at in np.flatnonzero(good)])
        for points, when, bad, good in zip(score, month, complains, praises, strict=True)
    )
    return World(answers, truth, dealer, channel, complains)


def _truth(random: np.random.Generator, drift: bool) -> Truth:
    kinds = [_MUST_BE, _ATTRACTIVE, _PERFORMANCE]
    kind = random.permutation(np.arange(_TAGS) % len(kinds))
    size = random.uniform(0.6, 1.3, _TAGS)
    penalty = np.repeat((np.array([kinds[at][0] for at in kind]) * size)[:, None], MONTHS, axis=1)
    reward = np.repeat((np.array([kinds[at][1] for at in kind]) * size)[:, None], MONTHS, axis=1)
    drifting, month = int(random.choice(np.flatnonzero(kind == 1))), int(random.integers(6, MONTHS - 5))
    if drift:
        penalty[drifting, month:], reward[drifting, month:] = _MUST_BE[0], _MUST_BE[1]
    share = np.exp(random.uniform(np.log(0.03), np.log(0.12), _TAGS))
    return Truth(
        penalty, reward, drifting, month if drift else -1, share, random.random(_TAGS) < _PROMISED_SHARE,
        random.choice([0.4, 0.7, 1.0], _TAGS), np.exp(random.normal(0, 0.25, _TAGS)),
    )  # fmt: skip
