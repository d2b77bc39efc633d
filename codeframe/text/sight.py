"""What one sees of a text at a glance: bits for the characters in it without which a pattern cannot be there."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

UNCLEAN: Final = 1 << 0
"""What normalising may change."""
HAN: Final = 1 << 1
FOREIGN: Final = 1 << 2
LETTERS: Final = 1 << 3
"""Two Latin letters in a row."""
CODE: Final = 1 << 4
"""Six Latin letters, digits, low lines or hyphens in a row, or seventeen with spaces between."""
DIGIT: Final = 1 << 5
"""Five digits, wherever they stand."""
OTHER_DIGIT: Final = 1 << 6
"""A digit that is not ASCII."""
SPELT: Final = 1 << 7
"""Digits spelt out, more than one."""
PLATE: Final = 1 << 8
NAME: Final = 1 << 9
ADDRESS: Final = 1 << 10
TEMPLATE: Final = 1 << 11
PERSONAL: Final = LETTERS | CODE | DIGIT | OTHER_DIGIT | SPELT | PLATE | NAME | ADDRESS
"""Without any of these there is no personal data."""
EVERYTHING: Final = (1 << 12) - 1

Pair: TypeAlias = tuple[str, str]
"""Characters that may stand first, and those that may follow."""


class Look(NamedTuple):
    """A text, folded; its letters and digits alone, folded; and the bits of what is in it."""

    text: str
    folded: str
    words: str
    sight: int


def pairs(words: str) -> tuple[Pair, ...]:
    """Pairs of single characters, written with spaces between."""
    return tuple((word[0], word[1]) for word in words.split())
