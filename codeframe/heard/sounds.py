"""What Chinese words sound like, and which sounds are heard for one another."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations

from pypinyin import Style, lazy_pinyin

HAN = re.compile(r"[\u4e00-\u9fff]+")
_NUMBER = re.compile(r"(?<![0-9.])(?:[0-9]|1[1-9]|[1-9]0)(?![0-9.])")
_NUMERALS = "零一二三四五六七八九"

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
_SHORTENED = {"iu": "iou", "ui": "uei", "un": "uen"}
_NEAR_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "l": "n", "r": "n", "f": "h"}
_NEAR_FINALS = {"ang": "an", "eng": "en", "ing": "in", "iang": "ian", "uang": "uan"}

_TONE, _NEAR, _ALIKE, _HALF = -0.4, -2.7, -2.0, -7.0
"""What another tone costs, a near sound, a half that is alike, and any other half."""
_ALIKE_INITIALS = ("n m", "b p", "d t", "g k h", "j q x", "z c s")
_ALIKE_FINALS = ("i in", "i v", "i e", "ie ian", "ian in van", "v van ve", "a an ai ua", "an ao", "ao ou", "e en u", "u uo ong ou")
_ALIKE_ROUNDED = ("uen uei", "iou iong", "uan uai")

Sound = tuple[str, str]
"""Initial and final of a syllable; those that are near to one another are one."""


def syllables(text: str) -> list[str]:
    """The toned syllables of Chinese characters, as "bo1", read in their context."""
    return lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)


def spoken(text: str) -> str:
    """A text with its numbers of one syllable a digit as they are said: 14 is 十四."""
    return _NUMBER.sub(lambda match: _numerals(match[0]), text)


@lru_cache(4_096)
def sound(syllable: str) -> Sound:
    """What a toned syllable sounds like, without its tone: flat and curled s, n and l, nasals, h and f are not told apart."""
    plain = syllable.rstrip("12345")
    initial = next((one for one in _INITIALS if plain.startswith(one)), "")
    final = plain.removeprefix(initial)
    if not initial:
        final = final.replace("yu", "v", 1).replace("yi", "i", 1).replace("wu", "u", 1).replace("y", "i", 1).replace("w", "u", 1)
    elif initial in "jqx" and final.startswith("u"):
        final = "v" + final[1:]
    if initial == "f" and not final.startswith("u"):
        final = "u" + final
    final = _SHORTENED.get(final, final)
    return _NEAR_INITIALS.get(initial, initial), _NEAR_FINALS.get(final, final)


@lru_cache(65_536)
def distance(one: str, other: str) -> float:
    """What hearing a toned syllable as another costs, a log-probability. Of the two at least a half is near."""
    if one == other:
        return 0.0
    if one[:-1] == other[:-1]:
        return _TONE
    here, there = sound(one), sound(other)
    if here == there:
        return _NEAR
    alike = _LIKE_INITIALS if here[1] == there[1] else _LIKE_FINALS
    differing = frozenset((here[0], there[0]) if here[1] == there[1] else (here[1], there[1]))
    return _ALIKE if differing in alike else _HALF


def _numerals(number: str) -> str:
    if len(number) == 1:
        return _NUMERALS[int(number)]
    return "十" + _NUMERALS[int(number[1])] if number[1] != "0" else _NUMERALS[int(number[0])] + "十"


def _pairs(groups: tuple[str, ...]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(pair) for group in groups for pair in combinations(group.split(), 2))


_LIKE_INITIALS, _LIKE_FINALS = _pairs(_ALIKE_INITIALS), _pairs(_ALIKE_FINALS + _ALIKE_ROUNDED)
