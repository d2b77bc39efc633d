"""Net promoter score with its interval, and answers that say something beside those that do not."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from codeframe.analytics.answers import DETRACTOR, PROMOTER, Floats
from codeframe.folding import fold

Z95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""

_PAD_ENDS, _PAD_MIDDLE = 0.75, 1.5
_NOISE = re.compile(r"[\W_\d]+")
_PRAISE = frozenset(
    [
        "好",
        "很好",
        "挺好",
        "非常好",
        "都好",
        "都很好",
        "好的",
        "不错",
        "挺不错",
        "很不错",
        "满意",
        "很满意",
        "非常满意",
        "都满意",
        "十分满意",
        "可以",
        "还可以",
        "还行",
        "棒",
        "很棒",
        "完美",
        "点赞",
        "五星",
        "好评",
        "优秀",
        "周到",
        "热情",
        "good",
        "great",
        "fine",
        "ok",
        "okay",
        "nice",
        "excellent",
        "perfect",
        "satisfied",
        "verygood",
        "allgood",
    ]
)
_NOTHING = frozenset(
    [
        "无",
        "没有",
        "没",
        "暂无",
        "没什么",
        "没意见",
        "无意见",
        "没有意见",
        "无建议",
        "没有建议",
        "没问题",
        "不知道",
        "随便",
        "none",
        "no",
        "nothing",
        "na",
        "nil",
        "null",
    ]
)


class Nps(NamedTuple):
    """A net promoter score, -100 to 100, with its 95 % interval. `value` is NaN where there is no answer."""

    answers: int
    promoters: int
    detractors: int
    value: float
    low: float
    high: float


def nps(scores: Floats) -> Nps:
    """The score of answers from 0 to 10."""
    return from_counts(int(scores.size), int((scores >= PROMOTER).sum()), int((scores <= DETRACTOR).sum()))


def from_counts(answers: int, promoters: int, detractors: int) -> Nps:
    """The score from counts. The interval is an adjusted Wald interval of a trinomial difference (Rocks 2016): with pseudo
    answers spread over the three classes, so that it keeps its coverage for few answers and for shares near 0 and 1."""
    if not answers:
        return Nps(0, 0, 0, math.nan, -100.0, 100.0)
    value = 100 * (promoters - detractors) / answers
    size = answers + 2 * _PAD_ENDS + _PAD_MIDDLE
    up, down = (promoters + _PAD_ENDS) / size, (detractors + _PAD_ENDS) / size
    half = Z95 * 100 * math.sqrt((up + down - (up - down) ** 2) / size)
    centre = 100 * (up - down)
    return Nps(answers, promoters, detractors, value, max(-100.0, centre - half), min(100.0, centre + half))


def is_concrete(comment: str) -> bool:
    """Whether an open answer says something: not empty, not 无, not bare praise like 好."""
    words = bare(comment)
    return bool(words) and words not in _PRAISE and words not in _NOTHING


def is_empty_praise(comment: str) -> bool:
    """Whether it praises without saying what: 好, 非常满意, "very good"."""
    return bare(comment) in _PRAISE


def bare(comment: str) -> str:
    """A comment's letters, folded, without spaces, digits and marks."""
    return _NOISE.sub("", fold(comment))
