"""Why a score changed: the change as a sum of parts, a part a group, each split into mix and level.

With shares w and levels s of groups before (0) and after (1), and S0 the level of all before and S1 after,

    S1 - S0 = sum over groups of (w1 - w0) ((s0 + s1) / 2 - (S0 + S1) / 2) + (s1 - s0) (w0 + w1) / 2

exactly (the symmetric form of Kitagawa 1955 and Oaxaca 1973). A group that is missing on one side takes its level from the
other. An answer that belongs to several groups, as to its tags, counts for each in equal part, so that the shares add to 1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """What a group adds to the change: by having become larger or smaller (mix) and better or worse (level)."""

    group: str
    share_before: float
    share_after: float
    level_before: float
    level_after: float
    mix: float
    level: float

    @property
    def total(self) -> float:
        return self.mix + self.level


class Change(NamedTuple):
    """The change of a mean, and its parts, largest first. `residual` is what floating point leaves of the sum."""

    before: float
    after: float
    parts: tuple[Part, ...]

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def residual(self) -> float:
        return math.fsum([part.mix for part in self.parts] + [part.level for part in self.parts] + [self.before, -self.after])


NONE = "(none)"
Item = tuple[float, Sequence[str]]
"""A value and the groups that it belongs to; no group is a group of its own."""


def decompose(before: Iterable[Item], after: Iterable[Item]) -> Change:
    """The change of the mean of values from `before` to `after`, by groups. Raises ValueError where a side is empty."""
    (old, old_all), (new, new_all) = _levels(before), _levels(after)
    middle = (old_all + new_all) / 2
    parts = []
    for group in sorted(old.keys() | new.keys()):
        share0, level0 = old.get(group, (0.0, new.get(group, (0.0, 0.0))[1]))
        share1, level1 = new.get(group, (0.0, level0))
        mix = (share1 - share0) * ((level0 + level1) / 2 - middle)
        parts.append(Part(group, share0, share1, level0, level1, mix, (level1 - level0) * (share0 + share1) / 2))
    return Change(old_all, new_all, tuple(sorted(parts, key=lambda part: (-abs(part.total), part.group))))


def _levels(items: Iterable[Item]) -> tuple[dict[str, tuple[float, float]], float]:
    """(share, level) of each group, and the level of all."""
    weights: dict[str, list[float]] = defaultdict(list)
    values: dict[str, list[float]] = defaultdict(list)
    everything = []
    for value, groups in items:
        everything.append(value)
        for group in groups or (NONE,):
            weights[group].append(1 / max(len(groups), 1))
            values[group].append(value / max(len(groups), 1))
    if not everything:
        raise ValueError("there is nothing to compare: a period has no answers")
    size = len(everything)
    levels = {group: (math.fsum(weights[group]) / size, math.fsum(values[group]) / math.fsum(weights[group])) for group in weights}
    return levels, math.fsum(everything) / size
