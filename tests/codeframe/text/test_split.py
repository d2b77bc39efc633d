"""Long texts are cut where sentences end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codeframe.text.split import LONGEST, split

CLAUSES = [
    "虽然动力不错",
    "但是油耗太高",
    "因为等了三个月",
    "所以我退了订金",
    "空间很大",
    "the brakes squeal",
    "however nobody cares",
    "1.5L",
    "[PHONE]",
    "价格12,800元",
]
MARKS = ["，", "。", "！", "？", "\n", " ", ", ", ". ", "……", ""]
texts = st.lists(st.tuples(st.sampled_from(CLAUSES), st.sampled_from(MARKS)), max_size=150).map(lambda pairs: "".join(map("".join, pairs)))


def _parts(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


def test_a_short_text_is_one_utterance() -> None:
    assert _parts(" 动力不错。就是油耗高！ ") == ["动力不错。就是油耗高！"]
    assert split("") == [(0, 0)]


def test_a_long_text_is_cut_at_sentence_ends() -> None:
    sentence = "今天去店里提车，等了三个小时，没有人接待，最后还少送了一套脚垫。"
    parts = _parts(sentence * 20)
    assert all(part.endswith("。") and len(part) <= LONGEST for part in parts)
    assert "".join(parts) == sentence * 20


def test_a_long_sentence_is_cut_at_clause_ends() -> None:
    parts = _parts("刹车异响，" * 100)
    assert len(parts) > 1
    assert all(part.endswith("，") and len(part) <= LONGEST for part in parts)


def test_english_says_in_three_characters_what_chinese_says_in_one() -> None:
    sentence = "The brakes have squealed since the first service and nobody at the dealer will look at them. "
    assert len(_parts(sentence * 12)) == 1
    assert len(_parts(sentence * 12 + "刹车异响。")) > 1
    parts = _parts(sentence * 30)
    assert len(parts) > 1
    assert max(map(len, parts)) <= 3 * LONGEST


def test_although_and_but_stay_together() -> None:
    pair = "虽然这台车的动力确实很不错，开起来也挺舒服，但是油耗实在太高了，"
    for filler in range(30):
        for part in _parts("一" * filler + "，" + pair * 20):
            assert part.count("虽然") == part.count("但是")


def test_no_mark_at_all() -> None:
    parts = _parts("啊" * 5_000 + "[PHONE]" * 400)
    assert "".join(parts).count("[PHONE]") == 400
    assert max(map(len, parts)) <= 2_000


@given(texts)
def test_nothing_is_lost_and_nothing_is_torn(text: str) -> None:
    parts = _parts(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(parts) or not text.strip()
    assert "".join(parts).count("[PHONE]") == text.count("[PHONE]") == sum(part.count("[PHONE]") for part in parts)
    assert sum(part.count("12,800") for part in parts) == text.count("12,800")


@given(st.text(max_size=600))
def test_any_text(text: str) -> None:
    spans = split(text)
    assert spans == sorted(spans)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
