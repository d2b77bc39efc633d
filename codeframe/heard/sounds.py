"""What Chinese words sound like, and which sounds are heard for one another."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

HAN = re.compile(r"[\u4e00-\u9fff]+")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"), ("r", "n"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))


def syllables(text: str) -> list[str]:
    """The toned syllables of Chinese characters, as "bo1", read in their context."""
    return lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)


@lru_cache(4_096)
def folded(syllable: str) -> str:
    """One form, without tone, for toned syllables that are heard for one another: flat and curled s, n and l, nasals, h and f."""
    syllable = syllable.rstrip("12345")
    for sound, near in _FINALS:
        if syllable.endswith(sound):
            syllable = syllable[: -len(sound)] + near
            break
    for sound, near in _INITIALS:
        if syllable.startswith(sound):
            return near + syllable[len(sound) :]
    return "hu" + syllable[1:].removeprefix("u") if syllable.startswith(("f", "hu")) else syllable
