"""Scores that look asked for: dealers whose top scores come with empty praise, in bursts, in the same words.

No signal proves anything alone; a dealer is flagged when two or more of four stand out from all other dealers.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

from codeframe.analytics.nps import bare, is_empty_praise

TOP = 10
MIN_ANSWERS = 30
BURST_MINUTES = 10
SIGNIFICANT = 0.001
MIN_SIGNALS = 2


class Answer(NamedTuple):
    """A survey answer at a dealer. `minute` counts from any fixed moment."""

    dealer: str
    score: int
    comment: str
    minute: int


class Flag(NamedTuple):
    """A dealer's signals: shares of its answers, the p-values of exceeding all other dealers', and whether it is flagged."""

    dealer: str
    answers: int
    shares: dict[str, float]
    p_values: dict[str, float]
    signals: tuple[str, ...]
    flagged: bool


def flags(answers: Iterable[Answer]) -> list[Flag]:
    """The dealers with enough answers, the most suspicious first."""
    by_dealer: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_dealer[answer.dealer].append(answer)
    counts = {dealer: _signals(some) for dealer, some in by_dealer.items()}
    total = sum((Counter(one) for one in counts.values()), Counter[str]())
    size = sum(map(len, by_dealer.values()))
    tested = [dealer for dealer, some in by_dealer.items() if len(some) >= MIN_ANSWERS]
    found = []
    for dealer in tested:
        mine = len(by_dealer[dealer])
        p_values = {
            name: min(1.0, len(tested) * _exceeds(count, mine, total[name] - count, size - mine)) for name, count in counts[dealer].items()
        }
        signals = tuple(name for name, p in p_values.items() if p < SIGNIFICANT)
        shares = {name: count / mine for name, count in counts[dealer].items()}
        found.append(Flag(dealer, mine, shares, p_values, signals, len(signals) >= MIN_SIGNALS))
    return sorted(found, key=lambda one: (-len(one.signals), sum(one.p_values.values()), one.dealer))


def _signals(answers: list[Answer]) -> dict[str, int]:
    """How many answers show each signal: a top score, empty praise with it, a burst of top scores, words said before."""
    top = sorted(answer.minute for answer in answers if answer.score == TOP)
    said = Counter(bare(answer.comment) for answer in answers if bare(answer.comment) and not is_empty_praise(answer.comment))
    near = [later - earlier <= BURST_MINUTES for earlier, later in pairwise(top)]
    return {
        "top_scores": len(top),
        "empty_praise": sum(answer.score == TOP and is_empty_praise(answer.comment) for answer in answers),
        "bursts": sum(near),
        "same_words": sum(count - 1 for count in said.values()),
    }


def _exceeds(count: int, size: int, rest: int, others: int) -> float:
    """One-sided p-value that a share exceeds the others' (two proportions, pooled; half an answer added to each side)."""
    if not others:
        return 1.0
    pooled = (count + rest + 0.5) / (size + others + 1)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / size + 1 / others))
    return NormalDist().cdf(-(count / size - rest / others) / spread) if spread else 1.0
