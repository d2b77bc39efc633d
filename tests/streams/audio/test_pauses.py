"""Commas where the speaker pauses."""

from __future__ import annotations

import pytest

from streams.audio.pauses import Timed, marked, pauses

WORDS = [Timed("刹", 0.4), Timed("车", 0.6), Timed("软", 0.8), Timed("还", 1.5), Timed("异响", 1.9)]


def test_a_pause_is_found_before_the_word_that_ends_late() -> None:
    assert pauses(WORDS) == {3}
    assert pauses([*WORDS[:3], Timed(" ", 1.3), *WORDS[3:]]) == {3}  # a mark that takes the pause's time
    assert pauses([]) == set()


def test_the_first_word_has_no_pause_before_it() -> None:
    assert pauses([Timed("喂", 3.0)]) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("刹车软还异响", "刹车软，还异响"),
        ("刹车软，还异响。", "刹车软，还异响。"),
        ("杀车软还意想", "杀车软，还意想"),  # others that may have been said
        ("刹车有点软还异响", "刹车有点软，还异响"),
        ("brakes soft", "brakes soft"),
        ("软 还", "软 还"),  # a space between Chinese characters is a mark
    ],
)
def test_a_comma_comes_where_no_mark_stands(text: str, expected: str) -> None:
    assert marked(text, "刹车软还异响", {3}) == expected


def test_without_pauses_a_text_stays() -> None:
    assert marked("刹车软还异响", "刹车软还异响", set()) == "刹车软还异响"
