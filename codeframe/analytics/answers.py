"""Survey answers as arrays: a score each, and the tags that each holds as praise or complaint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PROMOTER, DETRACTOR = 9, 6
"""Scores from 9 are promoters', scores to 6 detractors' (Reichheld 2003, "The One Number You Need to Grow")."""


@dataclass(frozen=True)
class Answers:
    """n answers. Mention k says that answer `row[k]` holds tag `tags[tag[k]]` as `sign[k]`: -1 complaint, 1 praise.

    `score` is 0 to 10; `period` numbers the months. An answer holds a tag at most once a sign.
    """

    tags: tuple[str, ...]
    score: Floats
    period: Ints
    row: Ints
    tag: Ints
    sign: Ints

    @classmethod
    def of(cls, answers: Iterable[tuple[int, int, Sequence[str], Sequence[str]]]) -> Answers:
        """From (score, period, tags complained of, tags praised)."""
        numbers: dict[str, int] = {}
        score, period, row, tag, sign = [], [], [], [], []
        for at, (points, when, negative, positive) in enumerate(answers):
            score.append(points)
            period.append(when)
            for value, names in ((-1, negative), (1, positive)):
                for name in sorted(set(names)):
                    row.append(at)
                    tag.append(numbers.setdefault(name, len(numbers)))
                    sign.append(value)
        return cls(tuple(numbers), np.array(score, float), *(np.array(one, np.int64) for one in (period, row, tag, sign)))

    def __len__(self) -> int:
        return self.score.size

    @property
    def contribution(self) -> Floats:
        """What each answer adds to 100 times the NPS: 100, 0 or -100."""
        return contribution(self.score)

    def take(self, which: Bools) -> Answers:
        """The answers where `which` is true."""
        at = np.cumsum(which) - 1
        kept = which[self.row]
        return Answers(self.tags, self.score[which], self.period[which], at[self.row[kept]], self.tag[kept], self.sign[kept])

    def counts(self, sign: int) -> Ints:
        """How many answers hold each tag with this sign."""
        return np.bincount(self.tag[self.sign == sign], minlength=len(self.tags))


def contribution(score: Floats) -> Floats:
    """100 for a promoter's score, -100 for a detractor's, 0 between."""
    return np.where(score >= PROMOTER, 100.0, np.where(score <= DETRACTOR, -100.0, 0.0))
