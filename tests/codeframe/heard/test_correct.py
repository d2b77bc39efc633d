"""Correction by sound: words of the trade come back, good text stays, every change can be traced."""

from __future__ import annotations

import pytest

from codeframe.frame import Frame
from codeframe.heard.correct import Corrector

MISHEARD = {
    "低速的时候剥香有异响": "低速的时候波箱有异响",
    "踩下去杀车没反应": "踩下去刹车没反应",
    "便塑香换挡顿挫": "变速箱换挡顿挫",
    "最近老是烧鸡油": "最近老是烧机油",
    "轮骨刮花了也不给换": "轮毂刮花了也不给换",
    "格音太差了": "隔音太差了",
    "我在看图观和丝巴鲁": "我在看途观和斯巴鲁",
    "后被相关不上": "后备箱关不上",
    "不过由后没这么明显的变化": "不过油耗没这么明显的变化",  # a half of a sound
    "他说是全14区的车": "他说是全时四驱的车",  # numbers are spoken too
    "踩下去殺車沒反應": "踩下去刹车没反应",  # Traditional
}


@pytest.fixture(scope="module")
def frame() -> Frame:
    return Frame.load("auto")


@pytest.fixture(scope="module")
def corrector(frame: Frame) -> Corrector:
    return Corrector.load(frame)


@pytest.mark.parametrize("heard", MISHEARD)
def test_what_recognition_misheard_comes_back(corrector: Corrector, heard: str) -> None:
    text, changes = corrector.correct(heard)
    assert text == MISHEARD[heard]
    for change in changes:
        assert (heard[change.start : change.end], text[change.start : change.end]) == (change.heard, change.word)
        assert change.gain > 0


def test_at_least_99_of_100_good_sentences_stay_as_they_are(corrector: Corrector, frame: Frame) -> None:
    good = [text for tag in frame.tags for text in (tag.example_in, tag.example_out)]
    changed = [text for text in good if corrector.correct(text)[1]]
    assert len(changed) <= len(good) / 100, changed


def test_what_is_no_chinese_or_is_right_in_another_script_stays(corrector: Corrector) -> None:
    for text in ("", "The brakes failed.", "刹車沒反應", "[PHONE]", "😡！！", "OTA 2.0 [NAME]"):
        assert corrector.correct(text) == (text, [])


def test_offsets_count_from_the_beginning_of_a_mixed_text(corrector: Corrector) -> None:
    text, changes = corrector.correct("OTA以后，杀车失灵，call [PHONE]，轮骨变形")
    assert text == "OTA以后，刹车失灵，call [PHONE]，轮毂变形"
    assert [text[change.start : change.end] for change in changes] == [change.word for change in changes]
    assert len(changes) == 2
