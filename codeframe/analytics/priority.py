"""What to improve first: frequency x impact x trend x brand promise x fixability, each shown.

Frequency times impact is the opportunity: the NPS points that would be won if nobody had to complain of it any more
(importance-performance thinking after Martilla and James 1977, in the units of the score). The other factors weigh it;
the priority grows in each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

PROMISED = 1.5
"""Weight of what the brand promises."""

LEAST_TREND, MOST_TREND = 0.5, 2.0


class Subject(NamedTuple):
    """What is known of a tag in a cut: the share of answers that complain of it now and before, the NPS points that a
    complaint costs its answer, whether the brand promises it, and how well it can be fixed, 0 to 1."""

    tag: str
    share: float
    share_before: float
    penalty: float
    brand_promise: bool
    fixability: float


class Priority(NamedTuple):
    """A rank's factors. `opportunity` is in NPS points; the others are weights; `score` is their product."""

    tag: str
    frequency: float
    impact: float
    opportunity: float
    trend: float
    promise: float
    fixability: float
    score: float


def prioritise(subjects: Iterable[Subject]) -> list[Priority]:
    """The subjects by falling priority; ties by tag. A complaint that costs nothing has priority 0."""
    return sorted(map(_priority, subjects), key=lambda one: (-one.score, one.tag))


def _priority(subject: Subject) -> Priority:
    impact = max(subject.penalty, 0.0)
    opportunity = subject.share * impact
    trend = min(MOST_TREND, max(LEAST_TREND, subject.share / subject.share_before)) if subject.share_before > 0 else MOST_TREND
    promise = PROMISED if subject.brand_promise else 1.0
    score = opportunity * trend * promise * subject.fixability
    return Priority(subject.tag, subject.share, impact, opportunity, trend, promise, subject.fixability, score)
