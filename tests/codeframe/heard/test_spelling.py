"""Spelling: from syllables to the words of the trade."""

from __future__ import annotations

import pytest
from pypinyin import Style, lazy_pinyin

from codeframe.heard.language import LanguageModel
from codeframe.heard.spelling import Speller

SENTENCES = ["变速箱顿挫很明显", "定金一直不退给我", "空调不制冷夏天受不了", "销售一直推脱也不给我回电话", "刹车失灵差点出事故"]


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(LanguageModel.load())


def heard(text: str) -> list[list[tuple[str, float]]]:
    return [[(one, 0.0)] for one in lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_perfect_syllables_are_spelled(speller: Speller, sentence: str) -> None:
    assert speller.spell(heard(sentence)) == sentence


def test_an_alternative_that_makes_sense_wins_over_a_likelier_sound_that_makes_none(speller: Speller) -> None:
    positions = heard("刹车失灵")
    positions[0] = [("sa1", -0.4), ("sha1", -1.2)]
    assert speller.spell(positions) == "刹车失灵"


def test_nothing_heard_is_nothing_said(speller: Speller) -> None:
    assert speller.spell([]) == ""


def test_a_syllable_that_is_none_does_not_stop_the_rest(speller: Speller) -> None:
    assert speller.spell([*heard("空调"), [("xyz1", 0.0)], *heard("不制冷")]) == "空调不制冷"
