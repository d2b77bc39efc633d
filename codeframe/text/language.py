"""The language of an utterance, by script and stop words."""

from __future__ import annotations

import re

from codeframe.text.kinds import PLACEHOLDER
from schemas.utterance import Language

HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
FOREIGN = "[\u0370-\u1cff\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af\uff66-\uff9f]"
_HAN, _FOREIGN_SCRIPT = re.compile(f"{HAN}+"), re.compile(FOREIGN)
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?(?![A-Za-z0-9])")

_ENGLISH_WORDS = """
    a after all an and are as at be been but can can't did didn't do does doesn't don't for from get got had has have he
    how i i'm if in is it it's its just like me more my no not of on or our really she so than that the there these they
    this those to too very was we were what when why will with would you your
"""
_FOREIGN_WORDS = """
    att auf avec che com con của da dan das der des det di die do een ein eine el em es est et für het ich ik il ini inte
    ist je jest không la las le les lo los là met mit muito muy na nicht nie niet no non não o och os para pas per por
    pour que qui se sehr się som sono tidak très uma un una und une untuk van von và w y yang z zu è
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN = frozenset(_FOREIGN_WORDS.split())
_LATIN = re.compile("[A-Za-z]{2}")
_MIXED_SHARE = 0.25
_MIXED_WORDS = 4


def language_of(text: str) -> Language:
    """Chinese, English, both, or other.

    A model's or brand's name in Latin letters does not make a Chinese sentence mixed: that takes four English words, with a stop
    word among them, that weigh a quarter of it (a word weighs as much as two characters). Kana, Hangul, Cyrillic and other
    scripts are other, and so is Latin with more foreign than English stop words, and a text without words.
    """
    if "[" in text:
        text = PLACEHOLDER.sub(" ", text)
    chinese = not text.isascii() and bool(_HAN.search(text))
    if chinese and not _LATIN.search(text) and not _FOREIGN_SCRIPT.search(text):
        return Language.ZH
    han = sum(map(len, _HAN.findall(text)))
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(_FOREIGN_SCRIPT.findall(text)) * 4 > han + len(words):
        return Language.OTHER
    if not chinese:
        return _latin(words)
    english = len(words) >= _MIXED_WORDS and not _ENGLISH.isdisjoint(words)
    return Language.MIXED if english and len(words) * 2 >= _MIXED_SHARE * (han + len(words) * 2) else Language.ZH


def _latin(words: list[str]) -> Language:
    foreign = sum(word in _FOREIGN or not word.isascii() for word in words)
    return Language.EN if words and foreign <= sum(word in _ENGLISH for word in words) else Language.OTHER
