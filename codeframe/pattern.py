"""The notation of opinion patterns: ordered parts within a clause.

(订金|定金)..(不退|拖着)     two parts with a gap of at most 8 characters between (40 in Latin script)
(plenty|lots) of..(power)   text outside brackets is a part with one alternative
"""

from __future__ import annotations

import re
from typing import NamedTuple

GAP_HAN = 8
GAP_LATIN = 40

_TOKEN = re.compile(r"\(([^()]*)\)|(\.\.)|([^().]+|\.)")


class Part(NamedTuple):
    """Alternatives, and the most characters that may lie between the part before and this one."""

    alternatives: tuple[str, ...]
    gap: int


class PatternError(ValueError):
    """The notation is wrong."""


def parse(notation: str) -> tuple[Part, ...]:
    """The parts of a pattern.

    Raises:
        PatternError: a bracket stays open, an alternative is empty, or a gap has nothing on one side.
    """
    if re.sub(r"\([^()]*\)", "", notation).strip("()") != re.sub(r"\([^()]*\)", "", notation):
        raise PatternError("a bracket is not closed")
    latin = notation.isascii()
    parts: list[Part] = []
    gap, open_gap = 0, False
    for group, dots, bare in _TOKEN.findall(notation):
        if dots:
            if not parts or open_gap:
                raise PatternError("a gap (..) needs a part on both sides")
            gap, open_gap = (GAP_LATIN if latin else GAP_HAN), True
            continue
        alternatives = tuple(word.strip() for word in (group or bare).split("|"))
        if not (group or bare).strip() and bare:
            continue
        if not all(alternatives):
            raise PatternError("an alternative is empty")
        parts.append(Part(alternatives, gap if open_gap or not latin else 1))
        gap, open_gap = 0, False
    if open_gap or not parts:
        raise PatternError("a gap (..) needs a part on both sides" if parts else "it holds no part")
    return tuple(parts)
