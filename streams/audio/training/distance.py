"""How far a hypothesis is from what was said."""

from __future__ import annotations

from collections.abc import Sequence


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Edit distance."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]
