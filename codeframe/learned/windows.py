"""The words about an aspect term that tell how it felt."""

from __future__ import annotations

_ENDS = "。！？!?\n"
_BEFORE, _AFTER = 12, 18


def window(text: str, start: int, end: int, *, before: int = _BEFORE, after: int = _AFTER) -> str:
    """The text about [start, end), cut where a sentence ends."""
    left, right = text[max(0, start - before) : start], text[end : end + after]
    left = left[max(left.rfind(stop) for stop in _ENDS) + 1 :]
    stops = [at for at in (right.find(stop) for stop in _ENDS) if at >= 0]
    return left + text[start:end] + right[: min(stops, default=len(right))]
