"""Normalising keeps what is said, and every character knows its place in the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeframe.text.align import Aligned, source_offset
from codeframe.text.normalise import normalise

PIECES = [
    "刹车异响",
    "ＡＢＣ１２３",
    "<br>",
    "<b>",
    "</b>",
    "&nbsp;",
    "&amp;",
    "&#20170;",
    "！！！！！",
    "\u200b",
    "😡😡😡😡😡",
    "  ",
    "\r\n\n",
    "。",
    "3.5L",
    "👍🏽",
    "a<b",
]


@pytest.mark.parametrize(
    ("original", "clean"),
    [
        ("", ""),
        ("ＡＢＣ１２３，，，！", "ABC123，，，！"),
        ("<p>第一段</p><p>第二<b>段</b></p>", "\n第一段\n\n第二段\n".replace("\n\n", "\n")),
        ("价格<20万，a<b", "价格<20万，a<b"),
        ("&lt;br&gt;A&amp;amp;B&nbsp;C", "\nA&B C"),
        ("<script>alert('x')</script>好<!-- 注 -->车<style>p{}</style>", "好车"),
        ("太差了！！！！！！。。。。", "太差了！！！。。。"),
        ("👍🏽👍🏽 ❤️", "👍👍 ❤"),
        ("刹\u200b车\ufeff异\x00响", "刹车异响"),
        ("A\t B\u3000\u3000C\r\n\r\n D", "A B C\nD"),
    ],
)
def test_examples(original: str, clean: str) -> None:
    assert normalise(original).text == clean


def test_what_is_clean_stays_as_it_is() -> None:
    text = "朗逸1.5L，油耗 7.8 升。"
    assert normalise(text) == Aligned(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_offsets_map_back(original: str) -> None:
    text, pairs = normalise(original)
    places = [source_offset(pairs, offset) for offset in range(len(text) + 1)]
    assert places == sorted(places)
    assert places[-1] <= len(original)
    for char, place in zip(text, places, strict=False):
        if char.isalnum() and original[place] != "&":
            assert normalise(original[place]).text == char


@given(st.text())
def test_any_text_can_be_normalised(original: str) -> None:
    text, pairs = normalise(original)
    assert all(0 <= source_offset(pairs, offset) <= len(original) for offset in range(len(text) + 1))
    text.encode()


@given(st.text(alphabet=st.characters(codec=None), max_size=40))
def test_lone_surrogates_do_no_harm(original: str) -> None:
    normalise(original).text.encode()
