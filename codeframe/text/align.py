"""Text that remembers where each of its characters came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple, TypeAlias

Pairs: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs (offset in the text, offset in the original), ascending, each valid up to the next pair."""

Edit: TypeAlias = tuple[int, int, str]
"""Start, end and what to put there."""

IDENTITY: Pairs = ((0, 0),)
_offset = itemgetter(0)


def source_offset(pairs: Pairs, offset: int) -> int:
    """The offset in the original of `offset` in the text.

    Inside a replacement it counts on from where the replaced words began, and never past their end.
    """
    here, there = pairs[-1]
    if offset >= here:
        return there + offset - here
    index = bisect_right(pairs, offset, key=_offset) - 1
    here, there = pairs[index]
    return min(there + offset - here, pairs[index + 1][1])


class Aligned(NamedTuple):
    """A text and its alignment to the original."""

    text: str
    pairs: Pairs = IDENTITY

    def replace(self, edits: Iterable[Edit]) -> Aligned:
        """Apply edits, which are ascending and do not overlap."""
        pieces: list[str] = []
        pairs: list[tuple[int, int]] = []
        size = last = 0

        def anchor(offset: int, source: int) -> None:
            if pairs and pairs[-1][0] == offset:
                pairs.pop()
            if not pairs or source - offset != pairs[-1][1] - pairs[-1][0]:
                pairs.append((offset, source))

        def keep(start: int, end: int) -> None:
            nonlocal size
            anchor(size, source_offset(self.pairs, start))
            first = bisect_right(self.pairs, start, key=_offset)
            for offset, source in self.pairs[first : bisect_right(self.pairs, end - 1, key=_offset)]:
                anchor(size + offset - start, source)
            pieces.append(self.text[start:end])
            size += end - start

        for start, end, new in edits:
            keep(last, start)
            if new:
                anchor(size, source_offset(self.pairs, start))
                pieces.append(new)
                size += len(new)
            last = end
        keep(last, len(self.text))
        return Aligned("".join(pieces), tuple(pairs))

    def part(self, start: int, end: int) -> Aligned:
        """The text from `start` to `end`, still aligned to the whole original."""
        if start == 0 and end == len(self.text):
            return self
        first = bisect_right(self.pairs, start, key=_offset)
        inner = self.pairs[first : bisect_right(self.pairs, end, key=_offset)]
        head = (0, source_offset(self.pairs, start))
        return Aligned(self.text[start:end], (head, *((offset - start, source) for offset, source in inner)))
