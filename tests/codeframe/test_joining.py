"""Words and the trained model joined, with the model that comes with the package."""

from __future__ import annotations

import pytest

from codeframe.coder import Coder
from codeframe.crosswalk import load_mapping
from codeframe.learned.fast import FastModel
from schemas.coded import Tier

TEXTS = [
    "动力不错，就是油耗高",
    "变速箱顿挫发动机抖动",
    "订金一直不退，客服电话打不通",
    "Fuel consumption is too high",
    "嗯",
    "",
    "今天星期三",
]


@pytest.fixture(scope="module")
def bundled() -> Coder:
    return Coder.load("auto")


@pytest.fixture(scope="module")
def homeless(bundled: Coder) -> set[str]:
    """Tags at home in no code that the model speaks."""
    homes = set[str]().union(*(load_mapping(bundled.frame, kind.crosswalk).home for kind in FastModel.load().decider.kinds))
    return {tag.id for tag in bundled.frame.tags} - homes


def tags(coder: Coder, text: str) -> list[str]:
    return [coder.frame.tags[one.tag].id for one in coder.find([text])[0]]


def test_the_bundled_coder_is_words_and_the_fast_model(bundled: Coder, words: Coder) -> None:
    assert bundled.versions.tier is Tier.FAST
    assert bundled.versions.model == FastModel.load().version != words.versions.model


def test_tags_that_the_model_knows_nothing_of_are_left_to_words(bundled: Coder, words: Coder, homeless: set[str]) -> None:
    texts = [tag.example_in for tag in bundled.frame.tags if tag.id in homeless]
    left = [(set(tags(words, text)) & homeless, set(tags(bundled, text)) & homeless) for text in texts]
    assert any(before for before, _ in left)
    assert all(before == after for before, after in left)


@pytest.mark.parametrize("text", TEXTS)
def test_a_tag_stands_once_with_a_probability(bundled: Coder, text: str) -> None:
    [found] = bundled.find([text])
    assert len({one.tag for one in found}) == len(found)
    assert all(0 <= one.confidence <= 1 and -1 <= one.value <= 1 and 0 <= one.start <= one.end <= len(text) for one in found)


def test_what_both_see_stands_in_the_words_evidence(bundled: Coder, words: Coder) -> None:
    text = "变速箱低速顿挫"
    by_words = {one.tag: (one.start, one.end) for one in words.find([text])[0]}
    joined = {one.tag: (one.start, one.end) for one in bundled.find([text])[0]}
    assert set(by_words) & set(joined)
    assert all(joined[tag] == by_words[tag] for tag in set(by_words) & set(joined))


def test_a_danger_that_words_tell_of_is_never_lost(bundled: Coder) -> None:
    assert "quality.electrics.airbag_not_deployed" in tags(bundled, "撞得那么狠气囊一个都没弹出来，这安全性怎么宣传的？")


def test_nothing_gives_nothing(bundled: Coder) -> None:
    assert bundled.find([]) == []
