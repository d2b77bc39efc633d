"""The language of an utterance, by script and stop words."""

from __future__ import annotations

import re

from codeframe.text.kinds import PLACEHOLDER
from schemas.utterance import Language

_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_FOREIGN_SCRIPT = re.compile("[\u0370-\u1cff\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af\uff66-\uff9f]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")

_ENGLISH = frozenset(
    "the a an and or but is are was were be been it its it's this that these those i i'm my me you your we our they he she to of in on for "
    "with not no very so too have has had do does did don't doesn't didn't can can't will would at from as if when after all just like "
    "really more than get got there what why how".split()
)
_FOREIGN = frozenset(
    "der die das und ist nicht ein eine ich sehr mit auf für von zu le la les des et est une un je pas très avec pour que qui el los las y "
    "es muy con por para una no se lo il di che è non per sono o os uma não muito com do da em ik het een niet van met och att det som inte "
    "jest nie się na z w yang dan di tidak ini untuk của và là không".split()
)
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
    han = 0 if text.isascii() else len(_HAN.findall(text))
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if not text.isascii() and len(_FOREIGN_SCRIPT.findall(text)) * 4 > han + len(words):
        return Language.OTHER
    if not han:
        return _latin(words)
    english = len(words) >= _MIXED_WORDS and not _ENGLISH.isdisjoint(words)
    return Language.MIXED if english and len(words) * 2 >= _MIXED_SHARE * (han + len(words) * 2) else Language.ZH


def _latin(words: list[str]) -> Language:
    foreign = sum(word in _FOREIGN or not word.isascii() for word in words)
    return Language.EN if words and foreign <= sum(word in _ENGLISH for word in words) else Language.OTHER
