"""A glance never says that nothing is there where something is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeframe.folding import fold
from codeframe.text import english, language, marks, names, normalise, patterns
from codeframe.text import sight as see
from codeframe.text.glance import glance

GUARDED = {
    "unclean": (see.UNCLEAN, normalise._UNCLEAN),
    "repeated": (see.UNCLEAN, normalise._REPEATED),
    "spaces": (see.UNCLEAN, re.compile("  ")),
    "han": (see.HAN, language._HAN),
    "foreign": (see.FOREIGN, language._FOREIGN_SCRIPT),
    "latin": (see.LETTERS, language._LATIN),
    "english": (see.LETTERS, english._HEAD),
    "said": (see.LETTERS, patterns._SAID_HEAD),
    "e-mail": (see.PERSONAL, patterns._EMAIL),
    "vin": (see.CODE | see.OTHER_DIGIT, patterns._VIN),
    "vin cue": (see.CODE | see.OTHER_DIGIT, patterns._VIN_CUE),
    "wechat": (see.CODE | see.OTHER_DIGIT, patterns._WECHAT),
    "wxid": (see.CODE | see.OTHER_DIGIT, patterns._WXID),
    "digits": (see.DIGIT, patterns._SOME_DIGITS),
    "other digit": (see.OTHER_DIGIT, patterns._OTHER_DIGIT),
    "spelt": (see.SPELT, patterns._SPELT_HEAD),
    "plate": (see.PLATE, patterns._PLATE),
    "name": (see.NAME, names._NAME_CUE),
    "address": (see.ADDRESS, names._ADDRESS_CUE),
    "template": (see.TEMPLATE | see.LETTERS, marks._PART),
}


@pytest.mark.parametrize("guarded", GUARDED)
def test_what_a_pattern_finds_is_seen(guarded: str) -> None:
    bits, pattern = GUARDED[guarded]

    @settings(max_examples=150, deadline=None, database=None)
    @given(
        st.from_regex(pattern, alphabet=st.characters(max_codepoint=0xFFFF)),
        st.lists(st.sampled_from(["刹车异响", "", "a b", "  "]), max_size=2),
    )
    def check(text: str, beside: list[str]) -> None:
        if pattern.search(fold(text)) or bits & (see.UNCLEAN | see.HAN | see.FOREIGN):
            assert glance([*beside, text, *beside])[len(beside)].sight & bits

    check()


@given(st.lists(st.text(max_size=12), max_size=5))
def test_looks_are_of_each_text(texts: list[str]) -> None:
    looks = glance(texts)
    assert [look.text for look in looks] == texts
    assert [look.folded for look in looks] == [fold(text) for text in texts]
    assert [look.words for look in looks] == [re.sub(r"[\W_]+", "", fold(text)) for text in texts]
    for text, look in zip(texts, looks, strict=True):
        [alone] = glance([text])
        assert alone.sight & ~look.sight == 0
        assert (alone.sight ^ look.sight) & (see.HAN | see.FOREIGN) == 0


def test_plain_words_ask_for_nothing() -> None:
    assert glance(["变速箱顿挫很明显，特别难受"])[0].sight == see.HAN
